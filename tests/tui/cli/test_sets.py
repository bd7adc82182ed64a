"""`neurontui sets`: what is saved, listed, compared, combined, imported and exported, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import torch

from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.queries import open_results
from neurontui.store.errors import QueryError, UsageError
from neurontui.tui.common import atomic_write
from neurontui.tui.common.neuron_sets import neurons_of
from tests.tui.cli.command_line import Said, is_one_sentence, neurontui

LAPE = ("--query", "lape-neurons")


@pytest.fixture
def results(measured: Path, tmp_path: Path) -> Path:
    """A results file of its own, without sets."""
    return Path(shutil.copy(measured, tmp_path / "results.duckdb"))


def _rows(said: Said) -> list[dict[str, Any]]:
    assert said.code == 0, said.err
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


def _neurons(results: Path, name: str) -> set[tuple[int, int, str | None]]:
    sql = f"SELECT layer, neuron, language FROM neuron_sets WHERE name = '{name}'"
    return {tuple(row.values()) for row in _rows(neurontui("sql", results, sql, "--format", "json"))}


def _refused(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said.err
    assert is_one_sentence(said), said.err
    assert all(word in said.err for word in words), said.err


def test_the_neurons_of_a_query_are_saved_with_their_languages(results: Path) -> None:
    before = results.read_bytes()
    said = neurontui("sets", "save", results, "lape", *LAPE, "-p", "share=2")
    with open_results(results) as opened:
        rows = opened.query("lape-neurons", share=2).to_pylist()
    expected = {(row["layer"], row["neuron"], code) for row in rows for code in row["languages"]}

    assert said.code == 0, said.err
    assert f"set lape: {len(rows)} neurons of" in said.err
    assert _neurons(results, "lape") == expected
    assert results.read_bytes() == before
    [listed] = _rows(neurontui("sets", "list", results, "--format", "json"))
    assert (listed["name"], listed["neurons"]) == ("lape", len(rows))
    assert listed["source"] == "query lape-neurons -p share=2, run 1 (bloom · fact)"
    shown = _rows(neurontui("sets", "show", results, "lape", "--format", "json"))
    assert {(row["language"], row["layer"]): row["neurons"] for row in shown} == {
        (code, layer): len({n for n in expected if n[0] == layer and n[2] == code}) for layer, _, code in expected
    }


def test_sql_selects_a_set_and_reads_sets(results: Path) -> None:
    sql = "SELECT layer, neuron, NULL AS language, 0.5 AS score FROM range(3) t(layer), range(2) s(neuron)"
    assert neurontui("sets", "save", results, "some", "--sql", sql).code == 0
    assert _neurons(results, "some") == {(layer, neuron, None) for layer in range(3) for neuron in range(2)}
    again = "SELECT layer, neuron, 'EN' AS language FROM neuron_sets WHERE layer > 0"
    assert neurontui("sets", "save", results, "later", "--sql", again).code == 0
    assert _neurons(results, "later") == {(layer, neuron, "en") for layer in (1, 2) for neuron in range(2)}


def test_a_set_is_ablated_by_its_name_as_from_its_file(results: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(results, tmp_path / "other.duckdb"))
    neurontui("sets", "save", results, "lape", *LAPE)
    line = (
        "run", "--model", DEMO_MODEL, "--task", demo_task("fact"), "--limit", 1, "--measures", "ablation",
        "--ablation-types", "none", "--ablation-fractions", "", "--ablation-doses", "", "--quiet",
    )  # fmt: skip
    by_name = neurontui(*line, "--out", results, "--ablate", "lape")
    by_file = neurontui(*line, "--out", other, "--ablate", f"{results}.sets/lape.csv")
    assert (by_name.code, by_file.code) == (0, 0), (by_name.err, by_file.err)

    def table(path: Path) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute("SELECT * FROM ablation_examples WHERE run = 2 ORDER BY ALL").fetchall()

    def keys(path: Path) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute("SELECT key FROM runs ORDER BY run").fetchall()

    assert table(results) == table(other)
    assert len(table(results)) > 0
    assert keys(results) == keys(other)


def test_a_name_that_no_set_has(results: Path) -> None:
    line = ("run", "--model", DEMO_MODEL, "--task", demo_task("fact"), "--out", results, "--measures", "ablation")
    line = (*line, "--quiet")
    _refused(neurontui(*line, "--ablate", "lape"), 2, "no file or set 'lape'", "has no sets")
    neurontui("sets", "save", results, "lape", *LAPE)
    neurontui("sets", "save", results, "other", *LAPE, "-p", "share=2")
    _refused(neurontui(*line, "--ablate", "lap"), 2, "no file or set 'lap'", "did you mean lape?", ": lape, other.")
    for command in (("show",), ("remove",), ("overlap",)):
        _refused(neurontui("sets", command[0], results, "lap"), 2, "did you mean lape?")
    Path("lape").write_text("layer,neuron\n0,1\n")  # the working folder is the test's own
    _refused(neurontui(*line, "--ablate", "lape"), 2, "both a file and a set")


def test_sets_are_compared_and_combined(results: Path) -> None:
    neurontui("sets", "save", results, "small", *LAPE)
    neurontui("sets", "save", results, "large", *LAPE, "-p", "share=3")
    small, large = _neurons(results, "small"), _neurons(results, "large")
    rows = _rows(neurontui("sets", "overlap", results, "large", "small", "--format", "json"))

    places = [{triple[:2] for triple in triples} for triples in (large, small)]
    assert rows[0]["language"] is None
    assert rows[0]["jaccard"] == pytest.approx(100 * len(places[0] & places[1]) / len(places[0] | places[1]))
    assert 0 < rows[0]["chance"] < rows[0]["chance_in_layers"] < rows[0]["jaccard"]
    assert [row["language"] for row in rows[1:]] == sorted({n[2] for n in small} & {n[2] for n in large})

    for operation, expected in (("union", small | large), ("intersect", small & large), ("subtract", large - small)):
        said = neurontui("sets", operation, results, "large", "small", "--as", operation)
        assert said.code == 0, said.err
        assert _neurons(results, operation) == expected
    _refused(neurontui("sets", "subtract", results, "small", "large", "--as", "none"), 2, "has no neurons")
    assert neurontui("sets", "remove", results, "union").code == 0
    assert "union" not in neurontui("sets", "list", results).out
    assert sorted(file.name for file in Path(f"{results}.sets").glob("union*")) == []


@pytest.mark.parametrize("suffix", ["csv", "json", "pth"])
def test_a_set_is_exported_and_imported(results: Path, tmp_path: Path, suffix: str) -> None:
    neurontui("sets", "save", results, "lape", *LAPE)
    file = tmp_path / f"lape.{suffix}"
    exported = neurontui("sets", "export", results, "lape", file)
    assert exported.code == 0, exported.err
    codes: tuple[object, ...] = ()
    if suffix == "pth":
        codes = ("--languages", exported.err.splitlines()[-2].rpartition(" ")[2])
        lists = torch.load(file, weights_only=True)
        read = {(m, i, p) for p, of in enumerate(lists) for m, t in enumerate(of) for i in t.tolist()}
        assert len(read) == len(_neurons(results, "lape"))
        assert [len(of) for of in lists] == [6] * len(lists)
    imported = neurontui("sets", "import", results, file, "--as", "again", *codes)

    assert imported.code == 0, imported.err
    assert _neurons(results, "again") == _neurons(results, "lape")
    [_, again] = [f"{results}.sets/{name}.csv" for name in ("lape", "again")]
    assert Path(again).read_bytes() == Path(f"{results}.sets/lape.csv").read_bytes()


def test_languages_of_a_file_of_torch(results: Path, tmp_path: Path) -> None:
    file = tmp_path / "published.neuron.pth"
    torch.save([[torch.tensor([7 * language + layer]) for layer in range(6)] for language in range(2)], file)
    line = ("sets", "import", results, file, "--as", "published")
    _refused(neurontui(*line), 2, "does not name its languages", "--languages")
    _refused(neurontui(*line, "--languages", "en"), 3, "a list of 2 where 1 languages")
    _refused(neurontui(*line, "--languages", "en,eng_Latn"), 2, "en twice")
    said = neurontui(*line, "--languages", "ENG,zho_Hans")
    assert said.code == 0, said.err
    assert _neurons(results, "published") == {
        (layer, 7 * position + layer, code) for layer in range(6) for position, code in enumerate(("en", "zh"))
    }
    torch.save([[torch.tensor([900])] * 6], file)
    _refused(neurontui(*line, "--languages", "en", "--force"), 3, "neuron 900 of layer 0, which has neurons 0 to 767")
    assert (0, 0, "en") in _neurons(results, "published")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("save", "a/b", *LAPE), 2, "cannot be the name of a set"),
        (("save", "..", *LAPE), 2, "cannot be the name of a set"),
        (("save", "lape", *LAPE), 2, "already a set 'lape'"),
        (("save", "a"), 2, "either --query or --sql"),
        (("save", "a", *LAPE, "--sql", "select 1"), 2, "either --query or --sql"),
        (("save", "a", "--sql", "select 1 layer, 1 neuron", "-p", "share=2"), 2, "write the value into the SQL"),
        (("save", "a", "--query", "type-ratio"), 8, "has no column 'layer'"),
        (("save", "a", "--sql", "select 1 layer, 1.5 neuron"), 8, "whole numbers as neuron, not '1.5'"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron, 'en' languages"), 8, "a list of text as languages"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron, NULL::text[] languages"), 8, "a list of text as languages"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron, 3 language"), 8, "text or NULL as language"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron, 'en' language, ['en'] languages"), 8, "both"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron, 3 neuron"), 8, "'neuron' twice"),
        (("save", "a", "--sql", "select 1 layer, 2 neuron where false"), 3, "no neurons"),
        (("save", "a", "--sql", "select 6 layer, 2 neuron"), 3, "layer 6, but this model has layers 0 to 5"),
        (("save", "a", "--sql", "select 1 layer, -2 neuron"), 3, "neuron -2 of layer 1"),
        (("export", "lape", "lape.xlsx"), 2, "use the suffix .csv, .json or .pth"),
        (("export", "lape", "lape.csv", "--languages", "en"), 2, "the order of languages in a .pth file"),
        (("export", "lape", "lape.pth", "--languages", "en"), 2, "has the languages"),
        (("import", "gone.csv", "--as", "a"), 3, "gone.csv cannot be read"),
        (("import", "gone.csv", "--as", "a", "--languages", "en"), 2, "names its own"),
        (("overlap", "lape"), 2, "requires two sets"),
    ],
)  # fmt: skip
def test_what_is_refused(results: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    neurontui("sets", "save", results, "lape", *LAPE)
    command, *rest = arguments
    _refused(neurontui("sets", command, results, *rest), code, words)
    assert sorted(file.name for file in Path(f"{results}.sets").iterdir()) == ["lape.csv", "lape.json"]


def test_only_in_own_sql_no_language_means_all_languages() -> None:
    rows = pa.table({"layer": [0, 0], "neuron": [1, 2], "language": ["de", None]})
    assert neurons_of(rows, "--sql") == [(0, 1, "de"), (0, 2, None)]
    with pytest.raises(QueryError, match="--query q has rows without a language"):
        neurons_of(rows, "--query q", own_sql=False)
    assert len(neurons_of(rows.drop(["language"]), "--query q", own_sql=False)) == 2


def test_a_set_is_written_as_a_whole(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the second file cannot be written, the old rows stay, and the new description is not taken for theirs."""
    neurontui("sets", "save", results, "lape", *LAPE)
    rows, replace = _neurons(results, "lape"), atomic_write._replace

    def full(out: Path, pieces: Any) -> None:
        if out.suffix == ".csv":
            raise OSError(28, "No space left on device")
        replace(out, pieces)

    monkeypatch.setattr(atomic_write, "_replace", full)
    _refused(neurontui("sets", "save", results, "lape", *LAPE, "-p", "share=2", "--force"), 3, "the disk is full")
    _refused(neurontui("sets", "save", results, "new", *LAPE), 3, "the disk is full")

    assert _neurons(results, "lape") == rows
    [listed] = _rows(neurontui("sets", "list", results, "--format", "json"))
    assert (listed["name"], listed["model"]) == ("lape", None)
    assert "changed by hand" in listed["source"]


def test_files_that_were_put_into_the_folder(results: Path) -> None:
    neurontui("sets", "save", results, "lape", *LAPE)
    folder = Path(f"{results}.sets")
    (folder / "mine.csv").write_text("layer,neuron\n0,1\n0,2\n")
    (folder / "broken.csv").write_text("layer,neuron\n0\n")
    (folder / "lape.json").write_text('{"source": 1}')
    listed = {row["name"]: row for row in _rows(neurontui("sets", "list", results, "--format", "json"))}
    assert (listed["mine"]["neurons"], listed["mine"]["languages"]) == (2, "all")
    assert "broken.csv, line 2" in listed["broken"]["source"]
    assert "changed by hand" in listed["lape"]["source"]
    _refused(neurontui("sql", results, "SELECT * FROM neuron_sets"), 3, "broken.csv, line 2")
    [row] = _rows(neurontui("sets", "overlap", results, "lape", "mine", "--format", "json"))
    assert row["chance"] > 0, "the only model of the file"
    (folder / "mine.csv").write_text("layer,neuron\n0,1\n9,2\n")
    _refused(neurontui("sets", "overlap", results, "lape", "mine"), 3, "'mine' names layer 9")


def test_the_model_of_a_set_is_not_guessed(results: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("layer,neuron\n0,1\n")
    with duckdb.connect(str(results)) as connection:
        connection.execute("INSERT INTO runs SELECT * REPLACE (2 AS run, 'k' AS key, 'other' AS model) FROM runs")
        connection.execute("INSERT INTO layers SELECT * REPLACE (2 AS run, 1 AS n_neurons) FROM layers")
    line = ("sets", "import", results, tmp_path / "mine.csv", "--as", "mine")
    _refused(neurontui(*line), 2, "has runs of", "with --run")
    _refused(neurontui(*line, "--run", 2), 3, "neuron 1 of layer 0, which has neurons 0 to 0")
    assert neurontui(*line, "--run", 1).code == 0


def test_results_files_with_sets_are_files_like_others(results: Path, tmp_path: Path) -> None:
    neurontui("sets", "save", results, "lape", *LAPE)
    merged = tmp_path / "merged.duckdb"
    for line in (
        ("merge", results, "--out", merged),
        ("export", results, "--out", tmp_path / "all"),
        ("info", results),
    ):
        said = neurontui(*line)
        assert said.code == 0, said.err
    link = tmp_path / "link.duckdb"
    link.symlink_to(results)
    assert _neurons(link, "lape") == _neurons(results, "lape")
    neurontui("sets", "save", merged, "lape", *LAPE)
    with open_results(results, merged) as both, pytest.raises(UsageError, match="both have a set 'lape'"):
        both.sql("SELECT * FROM neuron_sets")
    assert neurontui("remove", results, 1).code == 0
    assert _neurons(results, "lape") == _neurons(merged, "lape")
    assert neurontui("sets", "import", results, f"{merged}.sets/lape.csv", "--as", "unknown").code == 0
