"""Files of neurons: both formats keep every row, and a fault is named with its file and line."""

import csv
import json
from pathlib import Path

import pytest

from neurontui.store.errors import InputError
from neurontui.store.neuron_sets.folder import read_neurons
from neurontui.store.neuron_sets.neuron_set import Neuron
from neurontui.store.neuron_sets.set_files import csv_text, json_text, read_rows
from tests.store.neuron_sets.sets import NEURONS


def test_both_formats_are_read_as_they_were_written(tmp_path: Path) -> None:
    for name, text in (("a.csv", csv_text(NEURONS)), ("a.json", json_text(NEURONS))):
        (tmp_path / name).write_text(text, "utf-8")
        assert read_neurons(tmp_path / name) == NEURONS
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[2] == {"layer": "1", "neuron": "4", "language": ""}
    assert json.loads((tmp_path / "a.json").read_text())[0] == {"layer": 0, "neuron": 3, "language": "en"}


def test_files_of_other_programs(tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, spaces, repeated rows, long codes, and a row that includes another."""
    path = tmp_path / "windows.csv"
    path.write_bytes(
        b"\xef\xbb\xbfLayer, neuron ,language\r\n2,11,zho_Hans\r\n0,3,EN\r\n0,3,en\r\n\r\n1,4,\r\n1,4,en\r\n"
    )
    assert read_neurons(path) == (Neuron(0, 3, "en"), Neuron(1, 4), Neuron(2, 11, "zh"))
    path = tmp_path / "windows.JSON"
    path.write_bytes(b'\xef\xbb\xbf[{"neuron": 3, "layer": 0},\r\n{"layer": 0, "neuron": 3, "language": null}]\r\n')
    assert read_neurons(path) == (Neuron(0, 3),)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "layer,neuron\n1,٣\n", "line 2: neuron is '٣'"),
        ("a.csv", "layer,neuron\n", "names no neurons"),
        ("a.json", "[]", "names no neurons"),
        ("a.json", '{"layer": 0}', "not a JSON array of objects"),
        ("a.json", "[[0, 1]]", "not a JSON array of objects"),
        ("a.json", "[" * 100_000, "not a JSON file"),
        ("a.json", "layer,neuron\n0,1\n", "not a JSON file"),
        ("a.json", '[{"layer": 0, "neuron": 1}, {"layer": 0}]', "object 2 has no column 'neuron'"),
        ("a.json", '[{"layer": 0, "neuron": 1, "score": 2}]', "object 1 has an unknown column 'score'"),
        ("a.json", '[{"layer": true, "neuron": 1}]', "object 1: layer is 'True'"),
        ("a.json", '[{"layer": 0, "neuron": 1.5}]', "object 1: neuron is '1.5'"),
        ("a.json", '[{"layer": 0, "neuron": 1, "language": 3}]', "object 1: language is neither"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(InputError, match=words) as caught:
        list(read_neurons(tmp_path / name))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_knows_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("layer,neuron\n0,1\n\n0,2\n")
    assert [row.place.rpartition(", ")[2] for row in read_rows(tmp_path / "a.csv")] == ["line 2", "line 4"]
