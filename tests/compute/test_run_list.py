"""A file of runs: what it stands for, and what is said where it is wrong."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from neurontui.compute.config import RunConfig
from neurontui.compute.run_list import read_paper_file
from neurontui.compute.tasks.registry import TASKS
from neurontui.store.errors import InputError

KINDS: dict[str, Any] = {
    "model": str,
    "task": str,
    "data": Path | None,
    "languages": tuple[str, ...] | None,
    "limit": int | None,
    "shots": int,
    "thresholds": tuple[float, ...],
    "layers": tuple[int, ...],
    "batch_tokens": int,
    "activation": Literal["gate", "product"],
    "allow_bin": bool,
    "share": float,
}
SHIPPED = Path(__file__).parents[2] / "docs" / "paper.toml"


def _read(folder: Path, text: str | bytes) -> list[dict[str, object]]:
    path = folder / "my.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_paper_file(path, KINDS)


def test_defaults_are_under_every_run_and_types_are_those_asked_for(tmp_path: Path) -> None:
    text = """
        [defaults]
        task = "xnli"
        languages = "en, de"
        share = 1
        batch-tokens = 10

        [[run]]
        model = "a"
        thresholds = [0, 0.5]
        data = "some/folder"

        [[run]]
        model = "b"
        task = "fact"
        languages = ["zh"]
        batch_tokens = 20
        allow_bin = true
        thresholds = 0.1
    """
    first, second = _read(tmp_path, text)
    assert first == {
        "model": "a",
        "task": "xnli",
        "languages": ("en", "de"),
        "share": 1.0,
        "batch_tokens": 10,
        "thresholds": (0.0, 0.5),
        "data": Path("some/folder"),
    }
    assert second["languages"] == ("zh",)
    assert (second["task"], second["batch_tokens"], second["allow_bin"]) == ("fact", 20, True)
    assert second["thresholds"] == (0.1,)
    assert isinstance(first["share"], float)


def test_lists_for_single_values_are_combined_with_the_model_slowest(tmp_path: Path) -> None:
    text = """
        [defaults]
        shots = [0, 2]
        [[run]]
        task = "ke-en-all"
        model = ["a", "b"]
    """
    runs = _read(tmp_path, text)
    assert [(run["model"], run["shots"]) for run in runs] == [
        ("a", 0),
        ("a", 2),
        ("b", 0),
        ("b", 2),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "my.toml has no run; write one [[run]] table for each"),
        ("[defaults]\n", "has no run"),
        ("[[run]]\nmodel='a'\n", "my.toml, [[run]] 1 has no task."),
        ("[[run]]\nmodel='a'\ntask='t'\n[[run]]\ntask='t'\n", "my.toml, [[run]] 2 has no model."),
        ("[[run]]\nmodle='a'\n", "[[run]] 1: 'modle' is not an option of a run; did you mean model?"),
        (
            "[defaults]\nxyz=1\n[[run]]\n",
            "[defaults]: 'xyz' is not an option of a run; the options are model,",
        ),
        ("[run]\nmodel='a'\n", "runs must be tables, each written [[run]]"),
        ("run=[1]\n", "runs must be tables"),
        ("defaults=3\n[[run]]\n", "defaults must be a table, written [defaults]"),
        ("[default]\n", "'default' is not a table of this file; use [defaults] and [[run]]"),
        ("[[run]]\nlimit='3'\n", "[[run]] 1: limit must be a whole number"),
        ("[[run]]\nlimit=3.0\n", "limit must be a whole number"),
        ("[[run]]\nlimit=true\n", "limit must be a whole number"),
        (f"[[run]]\nlimit={10**30}\n", "limit must be a whole number"),
        ("[[run]]\nshare='x'\n", "share must be a number"),
        ("[[run]]\nshare=nan\n", "share must be a finite number"),
        (f"[[run]]\nshare={10**400}\n", "share must be a finite number"),
        ("[[run]]\nthresholds=[inf]\n", "thresholds must be a finite number"),
        ("[[run]]\nthresholds=[]\n", "thresholds is an empty list"),
        ("[[run]]\nmodel=[]\n", "model is an empty list"),
        ("[[run]]\nmodel=''\n", "model is empty"),
        ("[[run]]\nmodel=3\n", "model must be text, not a number"),
        ("[[run]]\nmodel=[['a']]\n", "model must be text, not a list"),
        ("[[run]]\nlanguages='en,,de'\n", "languages is empty"),
        ("[[run]]\nlanguages=['en', 3]\n", "languages must be text, not a number"),
        ("[[run]]\nallow_bin=1\n", "allow_bin must be true or false"),
        ("[[run]]\nactivation='up'\n", "activation must be one of 'gate', 'product'"),
        ("[[run]]\nactivation=[['gate']]\n", "activation must be one of"),
        ('[[run]]\ndata="a\\u0000b"\n', "data contains a NUL character"),
        ("[[run]]\nbatch-tokens=1\nbatch_tokens=2\n", "batch_tokens is given twice"),
        ("[[run]]\nlayers=[1.5]\n", "layers must be a whole number"),
        ("[[run]]\nmodel=", "is not TOML: Invalid value (at end of document)"),
        ("a=1\na=2", "is not TOML"),
        ("a=" + "[" * 100_000, "cannot be read as TOML"),
        ("a=" + "9" * 10_000, "cannot be read as TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"#" * (2 << 20), "is larger than 1 MiB"),
        (
            "[[run]]\nmodel=[" + "'m'," * 200 + "]\ntask=[" + "'t'," * 200 + "]\n",
            "[[run]] 1 describes 40,000 runs; the limit is 10,000",
        ),
    ],
)
def test_what_is_wrong_is_reported_by_table_and_key(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as raised:
        _read(tmp_path, text)
    assert words in str(raised.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in [
        ("missing", "Cannot read"),
        (".", "is not a file"),
        ("a\0b", "Cannot read"),
        ("pipe", "not a file"),
    ]:
        with pytest.raises(InputError, match=words):
            read_paper_file(tmp_path / name, KINDS)


VALUES = st.recursive(
    st.integers().map(str)
    | st.floats().map(repr)
    | st.sampled_from(["true", "1979-05-27", '"en,de"', '""', "'x'", "[", "\\", "="]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
GOOD_RUN = "[[run]]\nmodel = ['a', 'b']\ntask = 'xnli'"
KEYS = st.sampled_from([*KINDS, "batch-tokens", "modle", '"\\u001b[2J"', "a.b"])
TABLES = st.tuples(
    st.sampled_from(["[[run]]", "[defaults]", "[run]", ""]),
    st.lists(st.tuples(KEYS, VALUES).map(" = ".join), max_size=4).map("\n".join),
).map("\n".join)


FILES = st.lists(TABLES | st.just(GOOD_RUN), max_size=4).map("\n".join).map(str.encode) | st.binary(max_size=200)


@given(FILES)
@settings(max_examples=300, deadline=None)
def test_any_file_is_read_or_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    _try(tmp_path_factory, content)


@pytest.mark.faults
@given(FILES)
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_files_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    _try(tmp_path_factory, content)


def _try(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        runs = read_paper_file(path, KINDS)
    except InputError as error:
        runs, said = [], str(error)
        event("refused")
    else:
        said = ""
        event("read")
    assert said.isprintable()
    assert all(set(run) <= set(KINDS) and {"model", "task"} <= set(run) for run in runs)


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, object]]:
    return read_paper_file(SHIPPED, get_type_hints(RunConfig))


def test_the_papers_programme_makes_runs(shipped: list[dict[str, object]]) -> None:
    configs = [RunConfig(**options) for options in shipped]  # type: ignore[arg-type]
    assert len(configs) == len(set(configs)) == 26
    assert {each.task for each in configs} == set(TASKS) - {"corpus"}
    assert all(each.data is not None for each in configs if each.task != "xnli")


def test_the_papers_programme_covers_its_five_models_and_settings(
    shipped: list[dict[str, object]],
) -> None:
    per_model = Counter((run["model"], run["task"]) for run in shipped)
    five = {
        "bigscience/bloomz-7b1",
        "bigscience/bloom-7b1",
        "meta-llama/Llama-2-7b-chat-hf",
        "facebook/xglm-7.5B",
        "bigscience/mt0-xl",
    }
    assert {(model, task) for model in five for task in TASKS if task != "corpus"} <= set(per_model)
    shots = {run.get("shots", 0) for run in shipped if run["task"] == "ke-en-all"}
    assert shots == {0, 2, 4, 6}
    swept = [run for run in shipped if "thresholds" in run]
    assert [run["thresholds"] for run in swept] == [(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)]


def test_the_comments_name_every_figure_and_table_of_results() -> None:
    comments = " ".join(line for line in SHIPPED.read_text("utf-8").splitlines() if line[:1] == "#")
    figures = {int(n) for found in re.findall(r"Figs?\.? ([\dab, and]+)", comments) for n in re.findall(r"\d+", found)}
    tables = {int(n) for found in re.findall(r"Tables? ([\d, ]+)", comments) for n in re.findall(r"\d+", found)}
    assert set(range(3, 28)) <= figures
    assert tables == {1, 2, 3, 4}
