"""What stops a run late costs no finished batch, and what can be known early is known before the model is loaded."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import neurontui.compute.engines.local as local
import neurontui.compute.models.passes.capture as capturing
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.models.prompts.tokenize import InvalidExample
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import require_inputs, run
from neurontui.queries.results import open_results
from neurontui.store.errors import InputError, MeasureError, NeurontuiError, StoreError
from neurontui.store.journal.journal import list_journals
from tests.compute.tiny import save_tiny
from tests.tui.cli.command_line import is_one_sentence, neurontui

PROMPTS = {"en": "The capital of Portugal is", "de": "Die Hauptstadt ist", "fr": "Paris est"}


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Four examples in four batches."""
    task = tmp_path / "task.jsonl"
    lines = [{"id": f"e{i}", "prompts": PROMPTS} for i in range(4)]
    task.write_text("".join(json.dumps(line) + "\n" for line in lines))
    model = save_tiny("gpt2", tmp_path / "gpt2")
    return RunConfig(model=str(model), task=str(task), out=tmp_path / "r.duckdb", device="cpu", batch_examples=1)


class _Captures:
    """Stands in for `capture`: examples of some names give activations that are not finite."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *bad: str) -> None:
        self.measured: list[str] = []
        self._bad = bad
        self._real = capturing.capture
        monkeypatch.setattr("neurontui.compute.measures.measurer.capture", self)

    def __call__(self, loaded: Any, batch: Batch, options: Any, *rest: Any) -> Capture:
        names = [example.id for example in batch.examples]
        bad = [
            InvalidExample(i, f"Example '{name}' is not finite.") for i, name in enumerate(names) if name in self._bad
        ]
        if bad:
            raise capturing.NotFiniteError(bad)
        self.measured += names
        return self._real(loaded, batch, options, *rest)


def test_skip_bad_goes_on_from_the_journal(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    captures = _Captures(monkeypatch, "e3")
    with pytest.raises(MeasureError, match="'e3' is not finite"):
        run(config, NullProgress())
    assert captures.measured == ["e0", "e1", "e2"]
    (journal,) = list_journals(config.out)
    assert journal.done == 3

    captures.measured.clear()
    run(replace(config, skip_bad=True), NullProgress())
    assert captures.measured == []
    with open_results(config.out) as results:
        assert results.sql("SELECT DISTINCT id FROM examples ORDER BY id")["id"].to_pylist() == [
            "e0",
            "e1",
            "e2",
        ]
        notes = results.sql("SELECT text FROM notes")["text"].to_pylist()
        skipped = results.sql("SELECT settings->>'skip_bad' AS skipped FROM runs")["skipped"]
    assert "Left out: Example 'e3' is not finite." in notes
    assert skipped.to_pylist() == ["true"]


def test_only_the_missing_batch_is_measured(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    captures = _Captures(monkeypatch, "e3")
    config = replace(config, batch_examples=2)
    with pytest.raises(MeasureError):
        run(config, NullProgress())
    captures.measured.clear()
    run(replace(config, skip_bad=True), NullProgress())
    assert captures.measured == ["e2"]


def test_a_batch_of_bad_examples_alone_is_left_out(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It once stopped the run, --skip-bad or not."""
    _Captures(monkeypatch, "e1")
    run(replace(config, skip_bad=True), NullProgress())
    with open_results(config.out) as results:
        assert results.sql("SELECT count(DISTINCT id) AS n FROM examples")["n"].to_pylist() == [3]


def test_a_run_of_bad_examples_alone_is_refused(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    _Captures(monkeypatch, "e0", "e1", "e2", "e3")
    for _ in range(2):
        with pytest.raises(MeasureError, match=r"No example of .* can be measured"):
            run(replace(config, skip_bad=True), NullProgress())
    assert not config.out.exists()


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(local, "load_model", refuse)


@pytest.mark.parametrize("content", ["layer,unit\n1,2\n", "layer,neuron\n1,two\n", "layer,neuron\n", None])
@pytest.mark.usefixtures("no_model")
def test_a_csv_file_is_read_before_the_model(content: str | None, config: RunConfig, tmp_path: Path) -> None:
    neurons = tmp_path / "neurons.csv"
    if content is not None:
        neurons.write_text(content)
    task = tmp_path / "answers.jsonl"
    task.write_text(json.dumps({"id": "a", "prompts": PROMPTS, "answers": {"en": "Lisbon"}}))
    changed = replace(config, task=str(task), ablate=neurons, measures=("types", "ablation"))
    with pytest.raises(InputError, match=r"neurons\.csv"):
        run(changed, NullProgress())


@pytest.mark.parametrize("out", ["/proc/none/r.duckdb", "task.jsonl/r.duckdb", "task.jsonl"])
@pytest.mark.usefixtures("no_model")
def test_a_results_file_that_cannot_be_written_is_refused_before_the_model(
    out: str, config: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(StoreError):
        run(replace(config, out=tmp_path / out), NullProgress())


@pytest.mark.parametrize(
    "change",
    [{"task": "absent.jsonl"}, {"ablate": Path("absent.csv")}, {"out": Path("/proc/none/r")}],
)
def test_inputs_of_a_run_are_checked_without_it(change: dict[str, Any], config: RunConfig) -> None:
    require_inputs(config)
    with pytest.raises(NeurontuiError):
        require_inputs(replace(config, **change))


def test_the_last_run_of_a_file_is_checked_before_the_first(config: RunConfig, tmp_path: Path) -> None:
    paper = tmp_path / "paper.toml"
    paper.write_text(
        f"""
        [defaults]
        model = "{config.model}"
        out = "{config.out}"
        device = "cpu"

        [[run]]
        task = "{config.task}"

        [[run]]
        task = "{tmp_path / "absent.jsonl"}"
        """
    )
    said = neurontui("run", paper)
    assert said.code == 3
    assert is_one_sentence(said)
    assert not list(tmp_path.glob("r.duckdb*"))


def test_the_former_name_of_an_answer_token_is_refused_with_the_new_one(config: RunConfig, tmp_path: Path) -> None:
    said = neurontui("run", "--model", config.model, "--task", config.task, "--answer-token", "telling")
    assert said.code == 2
    assert "'telling' is not one of 'first', 'mean', 'first-unique'." in said.err.strip().splitlines()[-1]
    paper = tmp_path / "paper.toml"
    paper.write_text(f"[[run]]\nmodel = '{config.model}'\ntask = '{config.task}'\nanswer_token = 'telling'\n")
    said = neurontui("run", paper)
    assert said.code == 3
    assert is_one_sentence(said)
    assert "'first-unique'" in said.err
