"""The tables of docs/findings.md: numbers of the queries, in every run, and a page that is the same a second time."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.demo import MODELS_DIR, demo_task
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries.results import open_results
from tests.compute.test_command_line import parsed
from tests.findings import page, tables
from tests.findings.runs import RUNS, Run, shell_lines
from tests.findings.texts import write_texts

pytestmark = pytest.mark.xdist_group("findings")  # the runs of `folder` are measured once
OPTIONS = {"task": "fact"}
TINY = (
    Run("base", "gemma", 1, OPTIONS),
    Run("ablation", "gemma", 1, OPTIONS),
    Run("variant", "gemma", 1, OPTIONS, compared_with="base", tests="the activation"),
    Run("unmeasured", "smollm2", 1, OPTIONS),
)
TINY_INTERVENTIONS = (Run("steered", "demo", 1, OPTIONS, part="interventions"),)

TINY_CORPUS = (Run("corpus", "demo", 1, OPTIONS, part="corpus"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("findings")
    base = RunConfig(
        model=str(MODELS_DIR / "llama"), task=str(demo_task("fact")), out=folder / "gemma.duckdb", name="base",
        limit=4, languages=("en", "de", "tr", "es"), max_new_tokens=3, device="cpu",
    )  # fmt: skip
    run(base, NullProgress())
    run(replace(base, name="variant", activation="product", languages=("en", "de", "tr")), NullProgress())
    ablation = {"ablation_fractions": (0.25,), "ablation_doses": (0.05,), "ablation_seeds": 1, "ablation_examples": 3}
    run(replace(base, name="ablation", measures=("types", "attribution", "ablation"), **ablation), NullProgress())
    steering = RunConfig(
        model=str(MODELS_DIR / "llama"), task=str(demo_task("fact")), out=folder / "demo-interventions.duckdb",
        name="steered", limit=6, languages=("en", "de", "es", "fr"), max_new_tokens=2, device="cpu", every_token=False,
        measures=("types", "attribution", "gradient", "ablation"), truth_neurons=2, truth_examples=4, ablation_seeds=1,
        ablation_sets=("contribution",), ablation_fractions=(0.01,), ablation_types=("none",), ablation_doses=(),
        ablation_value=("0", "add:1"), ablation_judge="generated",
    )  # fmt: skip
    run(steering, NullProgress())
    texts = folder / "texts"
    texts.mkdir()
    for code, word in (("en", "capital"), ("de", "Hauptstadt"), ("tr", "başkenti")):
        (texts / f"{code}.txt").write_text("".join(f"Ankara {word} {i}.\n" for i in range(40)), "utf-8")
    run(RunConfig(model=steering.model, task="corpus", data=texts, out=folder / "demo-corpus.duckdb", name="corpus",
                  device="cpu"), NullProgress())  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def texts(folder: Path) -> dict[str, str]:
    """Every table of the tiny runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "RUNS", TINY)
        patch.setattr(tables, "INTERVENTIONS", TINY_INTERVENTIONS)
        patch.setattr(tables, "CORPUS", TINY_CORPUS)
        return page.table_texts(folder)


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


def test_types_are_those_of_the_query(folder: Path, texts: dict[str, str]) -> None:
    with open_results(folder / "gemma.duckdb") as results:
        rows = {row["type"]: row for row in results.query("type-ratio", run="base").to_pylist()}
    (line,) = [line for line in cells(texts["types"]) if line[0] == "base"]

    assert [float(cell.split(" ")[0]) for cell in line[2:]] == [round(rows[name]["ratio"], 1) for name in tables.TYPES]


def test_claims_have_the_number_interval_and_verdict_of_the_query(folder: Path, texts: dict[str, str]) -> None:
    lines = cells(texts["claims"])
    with open_results(folder / "gemma.duckdb") as results:
        for name in ("base", "variant", "ablation"):
            for row in results.query("claims", run=name).to_pylist():
                of_claim = [line for line in lines if line[:2] == [row["claim"], name]]
                if row["estimate"] is None:
                    assert not of_claim
                    continue
                (line,) = of_claim
                assert line[4].startswith(f"{row['estimate']:.3f}")
                assert row["low"] is None or f"({row['low']:.3f} to {row['high']:.3f})" in line[4]
                assert line[6] == row["verdict"]


def test_every_claim_and_run_has_a_verdict(folder: Path, texts: dict[str, str]) -> None:
    text = texts["verdicts"]
    assert text.splitlines()[0].count("Gemma 3 270M: ") == 3
    for line in cells(texts["verdicts"]):
        assert len(line) == 5
        assert set(line[2:]) <= {"✓", "✗", "?", "–"}


def test_a_variant_is_compared_over_its_own_languages(folder: Path, texts: dict[str, str]) -> None:
    (line,) = [line for line in cells(texts["reasons"]) if line[1] == "non-activated-prevail"]
    with open_results(folder / "gemma.duckdb") as results:
        before, after = (
            next(iter(results.query("claims", run=name, languages="en,de,tr").to_pylist()))
            for name in ("base", "variant")
        )

    assert line[0] == "the activation"
    assert (line[3][2:].split(" ")[0], line[4][2:].split(" ")[0]) == (
        f"{before['estimate']:.3f}", f"{after['estimate']:.3f}",
    )  # fmt: skip


def test_ablation_has_every_condition_and_control(folder: Path, texts: dict[str, str]) -> None:
    with open_results(folder / "gemma.duckdb") as results:
        rows = results.query("ablation-accuracy", run="ablation").to_pylist()
        controls = results.query("ablation-controls", run="ablation").to_pylist()

    together = [row for row in rows if row["language"] is None]
    assert [line[1] for line in cells(texts["ablation"])] == [row["label"] for row in together]
    assert [line[3].split(" ")[0] for line in cells(texts["ablation"])] == [
        f"{row['accuracy']:.1f}" for row in together
    ]
    assert len(cells(texts["controls"])) == len([row for row in controls if row["language"] is None])


def test_accuracy_is_per_language(folder: Path, texts: dict[str, str]) -> None:
    with open_results(folder / "gemma.duckdb") as results:
        rows = results.query("accuracy", run="base").to_pylist()
    (line,) = [line for line in cells(texts["accuracy"]) if line[0] == "base" and line[2] == "accuracy, %"]

    assert line[4:] == [f"{row['accuracy']:.2f}" for row in rows]


def test_the_page_has_every_table_and_is_the_same_a_second_time(folder: Path, texts: dict[str, str]) -> None:
    text = page.PAGE.read_text("utf-8")
    assert set(page.shown_tables(text)) == set(tables.TABLES)

    once = page.refreshed(text, texts)
    assert page.refreshed(once, texts) == once
    assert "Not measured yet." not in once
    changed = re.sub(r"(?m)^(\| base .*)\d\.\d", r"\g<1>9.9", once)
    assert changed != once
    assert page.refreshed(changed, texts) == once, "a changed number is found"


def test_without_results_the_page_keeps_its_places(tmp_path: Path) -> None:
    text = page.PAGE.read_text("utf-8")
    empty = page.refreshed(text, page.table_texts(tmp_path))
    assert empty.count("Not measured yet.") == len(tables.TABLES)
    assert page.shown_tables(empty) == page.shown_tables(text)


def test_the_page_has_the_commands_of_the_runs() -> None:
    assert page.commands_text() in page.PAGE.read_text("utf-8"), "run `python -m tests.findings write`"
    models = {"gemma": "$GEMMA", "smollm2": "$SMOLLM2"}
    for planned, line in zip(RUNS, shell_lines(RUNS), strict=True):
        assert parsed(line) == planned.config(Path(), Path("$NEURONTUI_DATA"), models)


def test_variants_name_a_run_of_the_same_model() -> None:
    names = [(planned.model, planned.name) for planned in RUNS]
    assert len(set(names)) == len(names)
    for planned in RUNS:
        assert (planned.compared_with is None) == (planned.tests is None)
        assert planned.compared_with is None or (planned.model, planned.compared_with) in names
    assert {planned.options["task"] for planned in RUNS} == {"xnli", "fact", "ke-en-all", "ke-all-en"}


def test_tables_of_interventions_have_the_numbers_of_the_queries(folder: Path, texts: dict[str, str]) -> None:
    with open_results(folder / "demo-interventions.duckdb") as results:
        queries = {
            name: results.query(query).to_pylist()
            for name, query in {
                "targets": "off-target", "agreement": "intervention-agreement", "steering": "steering",
                "truth": "attribution-truth",
            }.items()
        }  # fmt: skip
        claims = {row["claim"]: row for row in results.query("claims").to_pylist()}
    assert claims["random-harmless"]["estimate"] is None, "1 % at random says nothing about up to 25 %"
    for line in cells(texts["targets"]):
        own = {
            row["language"]: row for row in queries["targets"] if (row["set_language"], row["value"]) == (line[2], "0")
        }
        numbers = [f"{own[code]['difference']:.4f}" for code in ("en", "de", "es", "fr", None)]
        assert line[1] == "0"
        assert [cell.split(" ")[0] for cell in line[5:]] == numbers
    together = {
        "agreement": [f"{row['same_sign']:.0f}" for row in queries["agreement"] if row["label"] is None],
        "steering": [f"{row['accuracy']:.1f}" for row in queries["steering"] if row["language"] is None],
        "truth": [f"{row['correlation']:.2f}" for row in queries["truth"] if row["layer"] is None],
    }
    columns = {"agreement": 4, "steering": 7, "truth": 2}
    for name, numbers in together.items():
        assert numbers, name
        assert [line[columns[name]].split(" ")[0] for line in cells(texts[name])] == numbers


def test_tables_of_the_corpus_have_the_numbers_of_the_queries(folder: Path, texts: dict[str, str]) -> None:
    with open_results(folder / "demo-corpus.duckdb") as results:
        corpora = results.query("corpora").to_pylist()
        agreement = results.query("detector-agreement").to_pylist()
        reliability = results.query("detector-reliability").to_pylist()
    rows = {"corpus": (corpora, "loss", 4, 2), "detectors": (agreement, "n_other", 4, 0)}
    rows["halves"] = (reliability, "spearman", 6, 3)
    for table, (expected, name, column, digits) in rows.items():
        numbers = ["" if row[name] is None else f"{row[name]:.{digits}f}" for row in expected]
        assert any(numbers)
        assert [line[column] for line in cells(texts[table])] == numbers


def test_the_texts_are_the_premises_of_xnli(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test-de.tsv").write_text("Eins.\tA\nEins.\tB\n\nZwei.\tC\n", "utf-8")
    (path,) = write_texts(tmp_path, tmp_path / "out")
    assert (path.name, path.read_text("utf-8")) == ("de.txt", "Eins.\nZwei.\n")
