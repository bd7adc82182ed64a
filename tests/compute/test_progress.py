"""Every stage of a run moves its progress: by layer, pass, part, condition and batch, and never backwards."""

import itertools
import json

import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.progress import NullProgress, Phase
from neurontui.compute.run import run
from neurontui.store.journal.position import Level, Position, share, words
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny

ANSWERS = {"en": "Lisbon", "de": "Lissabon", "tr": "Lizbon", "zh": "里斯本"}


class Recorded(NullProgress):
    """Keeps every position."""

    def __init__(self) -> None:
        self.positions: list[Position] = []

    def show(self, position: Position) -> None:
        self.positions.append(position)


@pytest.fixture(scope="module")
def positions(tmp_path_factory: pytest.TempPathFactory) -> list[Position]:
    """Of a run of two batches with two parts each, with all measures and a survey."""
    folder = tmp_path_factory.mktemp("progress")
    task = folder / "capitals.jsonl"
    lines = [
        {"id": f"e{i}", "prompts": {code: PROMPTS[code][i % 3] for code in LANGUAGES}, "answers": ANSWERS}
        for i in range(8)
    ]
    task.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    progress = Recorded()
    config = RunConfig(
        model=str(save_tiny("gemma3_text", folder / "model")), task=str(task), out=folder / "r.duckdb", device="cpu",
        languages=LANGUAGES[:2], measures=("types", "attribution", "ablation"), batch_examples=4, examples_at_once=2,
        ablation_fractions=(0.25,), ablation_seeds=1, ablation_doses=(), ablation_set="global", max_new_tokens=2,
        ablation_prompt_baseline=True,
    )  # fmt: skip
    run(config, progress)
    return progress.positions


def test_a_phase_reports_where_it_is_inside_its_parents() -> None:
    seen: list[Position] = []
    batches = Phase(seen.append).within("run").within("batch", 2)
    layers = batches.within("layer", 3, span=2)
    layers.advance()
    assert seen[-1] == (Level("run"), Level("batch", 0, 2, span=2), Level("layer", 1, 3))
    batches.reach(1, 4)
    assert seen[-1] == (Level("run"), Level("batch", 1, 4))


def test_positions_of_other_processes_count_as_the_share_of_their_units() -> None:
    seen: list[Position] = []
    batches = Phase(seen.append).within("batch", 4, 1)
    batches.inside([(Level("layer", 1, 2),), (Level("layer", 1, 4),)])
    assert share(seen[-1]) == pytest.approx((1 + 0.75) / 4)
    assert words(seen[-1]) == "batch 2 of 4 · 2 workers, the first: layer 2 of 2"


@pytest.mark.parametrize(
    "level",
    [
        "reading the task", "finding the model", "loading the tokenizer", "loading the weights", "hashing the files",
        "looking for norms behind the FFNs", "self-check", "checking the prompts", "survey before the ablation",
        "activity", "answers", "scores", "ablation", "condition", "prompt baseline", "forward pass", "layer", "part",
        "batch", "tokens that neurons promote", "merging", "step",
    ],
)  # fmt: skip
def test_every_stage_is_shown(positions: list[Position], level: str) -> None:
    assert any(level in (item.name for item in position) for position in positions)


def test_the_last_position_is_none(positions: list[Position]) -> None:
    assert positions[-1] == ()


def test_the_share_of_a_run_grows_to_one(positions: list[Position]) -> None:
    measuring = [share(position) for position in positions if position and position[0].name == "model · capitals"]
    assert len(measuring) > 300
    backwards = [before - after for before, after in itertools.pairwise(measuring) if after < before]
    assert max(backwards, default=0) < 0.02  # an answer that needs fewer passes than it may
    assert measuring[0] == 0
    assert measuring[-1] == 1


def test_no_unit_of_a_run_is_more_than_a_layer_of_a_pass(positions: list[Position]) -> None:
    """Between two moves there is at most one layer, or the work of one part outside the model."""
    measuring = [position for position in positions if position and position[0].name == "model · capitals"]
    shares = [share(position) for position in measuring]
    assert max(after - before for before, after in itertools.pairwise(shares)) < 0.06
