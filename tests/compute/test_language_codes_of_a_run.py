"""Codes of any form, from a user's file to the results file: the same numbers, names and families as short ones."""

import json
from pathlib import Path

import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries.results import open_results
from tests.compute.tiny import PROMPTS, save_tiny
from tests.queries.comparing import same

SHORT = ("en", "de", "th", "zh", "xx")
FLORES = ("eng_Latn", "DEU", "tha_Thai", "zho_Hans", "XX")


def _measure(folder: Path, codes: tuple[str, ...]) -> Path:
    lines = [
        {
            "id": i,
            "prompts": {code: f"{short} {PROMPTS['en'][i]}" for code, short in _pairs(codes)},
            "answers": dict.fromkeys(codes, "Lissabon"),
        }
        for i in range(2)
    ]
    task = folder / f"{codes[0]}.jsonl"
    task.write_text("".join(json.dumps(each) + "\n" for each in lines))
    model = save_tiny("bloom", folder / "bloom")
    out = folder / f"{codes[0]}.duckdb"
    measures = ("types", "attribution")
    run(RunConfig(str(model), str(task), out, device="cpu", measures=measures), NullProgress())
    return out


def _pairs(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(codes, SHORT, strict=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("codes")
    return _measure(folder, SHORT), _measure(folder, FLORES)


@pytest.mark.parametrize("query", ["type-ratio", "sharing-matrix", "effective-score-by-type"])
def test_the_numbers_are_those_of_short_codes(files: tuple[Path, Path], query: str) -> None:
    with open_results(files[0]) as short, open_results(files[1]) as flores:
        expected = short.query(query)
        assert expected.num_rows
        same(flores.query(query), expected)


def test_every_language_has_its_words_and_unknown_ones_a_note(files: tuple[Path, Path]) -> None:
    with open_results(files[1]) as results:
        rows = results.query("run-languages").to_pylist()
        notes = [row["text"] for row in results.query("notes").to_pylist()]
        families = results.query("sharing-by-family").to_pylist()
    assert [(row["language"], row["family"], row["script"]) for row in rows] == [
        ("en", "Indo-European", "Latn"),
        ("de", "Indo-European", "Latn"),
        ("th", "Kra-Dai", "Thai"),
        ("zh", "Sino-Tibetan", "Hans"),
        ("xx", "unknown", "Zzzz"),
    ]
    assert any(note.startswith("'xx' is not a known language code") for note in notes)
    assert families[0]["relation"] == "family"
    assert (families[0]["n_related"], families[0]["n_other"]) == (1, 5)
    assert families[0]["n_unknown"] == 1
