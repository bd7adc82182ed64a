"""Runs that read a corpus: every screen shows what they have, or says in a sentence what they lack."""

from pathlib import Path

import duckdb
import pytest

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.session import Session, open_files
from tests.queries.corpus_stores import CODES, CorpusRun, add_corpus, corpus_file, make_corpus
from tests.tui.driving import NARROW, WIDE, explorer_of, page_of, press, settle, text_of
from tests.tui.sample import Plan, write_sample

FOUR = ("en", "de", "fr", "th")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A file with one corpus, by its number of languages."""
    folder = tmp_path_factory.mktemp("corpora")
    runs: dict[int, CorpusRun] = {
        1: make_corpus(1, ("en",)),
        5: make_corpus(2, neurons=200),
        64: make_corpus(3, CODES, layers=2, neurons=200, tokens=30),
    }
    return {count: corpus_file(folder / f"{count}.duckdb", run) for count, run in runs.items()}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parallel runs, and a corpus of the same model."""
    path = tmp_path_factory.mktemp("mixed") / "mixed.duckdb"
    small = {"languages": FOUR, "examples": 6, "neurons": 100, "layers": 3}
    write_sample(path, Plan(**small), Plan(name="demo · xnli", task="xnli", **small))  # type: ignore[arg-type]
    with duckdb.connect(str(path)) as connection:
        model = connection.execute("SELECT model FROM runs").fetchall()[0][0]
    return add_corpus(path, make_corpus(4, FOUR, 3, 100, model=model, name="demo · corpus"), 3)


def users(path: Path) -> Explorer:
    """An explorer as a person starts it."""
    return Explorer(Session(open_files([path], None), [path]))


def shown(app: Explorer) -> str:
    return " ".join(text_of(app).split())


@pytest.mark.parametrize(("count", "size"), [(1, WIDE), (5, NARROW), (5, WIDE), (64, NARROW)])
async def test_every_screen_of_a_corpus(corpora: dict[int, Path], count: int, size: tuple[int, int]) -> None:
    app = users(corpora[count])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert page_of(pilot).PAGE == "languages"
        assert "tokens k" in shown(app)
        for view in ("similarity", "agreement", "reliability", "by layer"):
            await press(pilot, "v")
            assert view in shown(app) or "› by layer" in shown(app)
            assert ("two are needed" in shown(app)) == (count == 1)
        await press(pilot, "m", "right_curly_bracket", "v", "enter")
        for key, sentence in (
            ("0", "claims are about parallel examples"), ("4", "which has no examples."), ("5", "have a type."),
            ("7", "neurons contribute to."), ("8", "measure ablation by."),
        ):  # fmt: skip
            await press(pilot, key)
            assert sentence in shown(app)
            assert "This run read a corpus" in shown(app)
        await press(pilot, "enter")
        assert page_of(pilot).PAGE == "languages"
        await press(pilot, "6")
        assert "active at" in shown(app)
        assert ("LAPE selects no neuron" in shown(app)) == (count == 1)
        await press(pilot, "v", "f", "escape", "2")
        assert ("This run has 1." in shown(app)) == (count == 1)
        if count > 1:
            await press(pilot, "u", "s", "v", "t", "d")
            assert "Language-specific neurons by detector" in shown(app)
        await press(pilot, "1")
        assert "at every token" in shown(app)
        assert "prompt tokens" not in shown(app)


async def test_enter_opens_a_neuron_of_the_language(corpora: dict[int, Path]) -> None:
    app = users(corpora[5])
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        rows = app.session.query_runner.results.query("lape-neurons", run=1).to_pylist()
        language = rows[0]["languages"][0]
        await press(pilot, *["down"] * ("en", "de", "fr", "ru", "zh").index(language), "enter")
        assert page_of(pilot).PAGE == "neuron"
        assert app.session.selection.card == (rows[0]["layer"], rows[0]["neuron"])


async def test_both_kinds_in_one_file(mixed: Path) -> None:
    app = explorer_of(mixed, start="layers")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for key in ("4", "6", "2", "3"):
            await press(pilot, key, "full_stop", "full_stop", "full_stop")
        await press(pilot, "full_stop", "full_stop")
        assert "tokens k" in shown(app)
        await press(pilot, "full_stop")
        assert "of neurons active in the row's language" in shown(app)


async def test_a_corpus_is_compared_with_a_parallel_run_only(mixed: Path) -> None:
    """Of a parallel run the corpus is not offered; of the corpus, the types of a parallel run are a detector."""
    app = explorer_of(mixed, start="languages")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        assert "demo · xnli" in shown(app)
        assert "demo · corpus" not in text_of(app).split("Compare with")[1]
        await press(pilot, "escape", "comma")
        assert app.session.run is not None
        assert app.session.run.is_corpus
        await press(pilot, "c", "down", "enter")
        assert page_of(pilot).PAGE == "languages"
        assert "LAPE·sp" in shown(app)
