"""Whatever is typed, asked or measured: a documented exit code and no traceback; masks that say what was active."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurontui.compute.measures.masks import pack_tensor, to_numpy
from neurontui.queries.loader import load_queries
from neurontui.store.errors import ExitCode
from tests.conftest import Tally
from tests.store.made_up import MadeUp
from tests.tui.cli.command_line import Said, neurontui

FEW, MANY = 25, 400
NO_PATHS = st.characters(exclude_categories=["Cs"], exclude_characters="/~\0")
"""A fuzz run that may write must not name places outside its folder."""
TEXT = st.text(NO_PATHS, max_size=12)
NUMBERS = st.sampled_from(["0", "-1", "1", "9" * 30, "nan", "inf", "1e999", "0,1", ",", "1.5", "٣"])
FILES = st.sampled_from(["r.duckdb", "text.jsonl", "folder", "missing", "empty", ".", "", "-"])
WORDS = NUMBERS | FILES | TEXT | st.sampled_from(["table", "csv", "json", "md", "parquet", "all", "1", "en,de"])
OPTIONS = st.sampled_from([
    "--format", "--out", "--run", "-p", "--queries", "--seconds", "--verify", "--keep", "--model", "--task", "--data",
    "--languages", "--limit", "--measures", "--thresholds", "--seed", "--dry-run", "--force", "--help", "--no", "--",
    "-p languages=en", "--batch-tokens", "--device", "--name", "--shots",
])  # fmt: skip
COMMANDS = st.sampled_from(["query", "sql", "info", "check", "export", "merge", "remove", "run", "open", "completion"])
LINES = st.tuples(COMMANDS | TEXT, st.lists(FILES | OPTIONS | WORDS, max_size=6))
NAMES = st.sampled_from([query.name for query in load_queries()])
PARAMETERS = st.sampled_from([*sorted({each.name for query in load_queries() for each in query.parameters}), "nothing"])
VALUES = (
    TEXT
    | NUMBERS
    | st.sampled_from(["en", "de", "all", "none", "true", "partial-shared", "1,2", "'; DROP TABLE runs; --"])
)


def both(many: int = MANY) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property tried a few times, and with `make faults` many times."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        amounts = [
            pytest.param(FEW, id="few"),
            pytest.param(many, id="many", marks=pytest.mark.faults),
        ]
        return pytest.mark.parametrize("amount", amounts)(test)

    return decorate


def often(amount: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Try `check` on so many examples."""
    rules = settings(
        max_examples=amount,
        derandomize=amount == FEW,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    rules(given(strategy)(check))()


def _sane(said: Said, line: object) -> None:
    assert said.code in set(ExitCode) - {ExitCode.INTERNAL}, (line, said)
    assert "Traceback" not in said.err, (line, said)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be spoilt, as the working directory; the hub is out of reach."""
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return place


@both()
def test_command_lines(amount: int, folder: Path, store: Callable[..., Path], tally: Tally) -> None:
    results = store(MadeUp(examples=3))

    def check(drawn: tuple[str, list[str]]) -> None:
        shutil.rmtree(folder / "folder", ignore_errors=True)
        (folder / "folder").mkdir()
        shutil.copy(results, folder / "r.duckdb")
        (folder / "text.jsonl").write_text("{}\n")
        (folder / "empty").write_bytes(b"")
        line = [drawn[0], *drawn[1]]
        _sane(neurontui(*line), line)

    often(amount, LINES, check)
    tally("input", "random command lines", amount, "a documented exit code, no traceback")


@both()
def test_queries_and_their_parameters(amount: int, store: Callable[..., Path], tally: Tally) -> None:
    results = store(MadeUp(seed=1), MadeUp(seed=2))
    before = results.read_bytes()

    def check(drawn: tuple[str, dict[str, str]]) -> None:
        name, given_ = drawn
        pairs = [word for key, value in given_.items() for word in ("-p", f"{key}={value}")]
        _sane(neurontui("query", results, name, "--format", "csv", *pairs), drawn)

    often(amount, st.tuples(NAMES, st.dictionaries(PARAMETERS, VALUES, max_size=3)), check)
    assert results.read_bytes() == before
    tally(
        "input",
        "named queries with random parameters",
        amount,
        "rows, or an error and exit code 2 or 8",
    )


@both()
def test_sql(amount: int, store: Callable[..., Path], tally: Tally) -> None:
    results = store()
    before = results.read_bytes()
    words = st.sampled_from(
        [
            "select",
            "from",
            "*",
            "runs",
            "(",
            ")",
            ",",
            "where",
            "1",
            "'x'",
            '"',
            ";",
            "--",
            "/*",
            "$a",
            "::date",
            "as",
            "with",
            "order",
            "by",
            "null",
            "x",
            "y",
            "activations",
        ]
    )
    statements = st.lists(words | TEXT, max_size=10).map(" ".join)
    often(
        amount,
        statements,
        lambda sql: _sane(neurontui("sql", results, "--seconds", 20, "--", sql), sql),
    )
    assert results.read_bytes() == before
    tally("input", "random SQL", amount, "rows, or an error and exit code 2 or 8")


@both(500)
def test_masks(amount: int, tally: Tally) -> None:
    def check(drawn: tuple[int, int, int]) -> None:
        n_languages, neurons, seed = drawn
        random = np.random.default_rng(seed)
        active = random.random((2, n_languages, neurons)) < random.choice([0, 0.1, 0.5, 1])
        masks = to_numpy(pack_tensor(torch.from_numpy(active)))
        expected = [
            [sum(1 << bit for bit in range(n_languages) if active[e, bit, n]) for n in range(neurons)] for e in range(2)
        ]
        assert masks.astype(object).tolist() == expected

    often(amount, st.tuples(st.integers(1, 64), st.integers(1, 40), st.integers(0, 2**32)), check)
    tally("input", "masks of 1 to 64 languages", amount, "equal to a count bit by bit")
