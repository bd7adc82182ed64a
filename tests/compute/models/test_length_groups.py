"""Every input gets what it gets alone, in models whose arithmetic depends on what else is in a forward pass."""

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
from transformers import AutoConfig, modeling_rope_utils

from neurontui.compute.answers.predict import AnswerOptions, predict, prepare
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.length_groups import (
    counts_pads,
    crossed_switch,
    length_groups,
    length_switches,
)
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.prompts.tokenize import InvalidPromptError, encode, encode_batch
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import Example
from neurontui.queries.results import open_results
from neurontui.store.errors import ModelError
from tests.compute.answers import plain
from tests.compute.answers.asked import CHOICES, asked, targets_of
from tests.compute.tiny import LANGUAGES, LONGROPE, PROMPTS, load_tiny, save_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SCALED = [("phi3", "longrope"), ("llama", "longrope"), ("llama", "dynamic")]
WIDE, NARROW = 100_000, 1


def long_and_short(with_answers: bool = True) -> Batch:
    """Two examples of 2 to 13 tokens and one of 34 to 44, in four languages; longrope switches at 24."""
    short = asked()
    prompts = {code: " ".join(texts * 2) for code, texts in PROMPTS.items()}
    answers = {code: CHOICES[code][0] for code in LANGUAGES}
    long = Example("long", "long", prompts, answers if with_answers else {}, dict(CHOICES))
    return Batch(0, (0, 1, 2), (4, 7, 1), (*short.examples[:2], long), LANGUAGES)


def fresh(architecture: str, scaling: str | None) -> LoadedModel:
    """The model as just loaded, without anything that it may keep from earlier passes."""
    return load_tiny.__wrapped__(architecture, scaling=scaling)


def signs(loaded: LoadedModel, batch: Batch, budget: int) -> list[torch.Tensor]:
    captured: Capture = capture(loaded, batch, CaptureOptions(token_budget=budget))
    return [activations > 0 for activations in captured.activations]


def same(some: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(some, other, strict=True))


@pytest.mark.parametrize(("architecture", "scaling"), SCALED)
def test_signs_equal_those_of_each_prompt_alone(architecture: str, scaling: str) -> None:
    batch = long_and_short()
    mixed = signs(fresh(architecture, scaling), batch, WIDE)
    again = fresh(architecture, scaling)
    assert same(mixed, signs(again, batch, WIDE))
    assert same(mixed, signs(again, batch, NARROW))
    for position, example in enumerate(batch.examples):
        for bit, code in enumerate(batch.languages):
            single = Batch(0, (0,), (0,), (example,), (code,))
            alone = signs(fresh(architecture, scaling), single, WIDE)
            assert same(alone, [layer[position : position + 1, bit : bit + 1] for layer in mixed])


def test_without_groups_longrope_changes_short_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault that groups are for; if transformers mends it, they can go."""
    batch, loaded = long_and_short(), load_tiny("phi3", scaling="longrope")
    right = signs(loaded, batch, NARROW)
    monkeypatch.setattr(LoadedModel, "groups", lambda _self, lengths: [0] * len(lengths))
    mixed = signs(loaded, batch, WIDE)
    short = [(a[:2] != b[:2]).float().mean() for a, b in zip(right, mixed, strict=True)]
    assert max(short) > 0.02
    assert same([layer[2:] for layer in right], [layer[2:] for layer in mixed])


@pytest.mark.parametrize(("architecture", "scaling"), SCALED)
def test_answers_equal_the_plain_way(architecture: str, scaling: str) -> None:
    loaded, batch = load_tiny(architecture, scaling=scaling), long_and_short()
    targets = targets_of(loaded, batch)
    for budget in (WIDE, NARROW):
        options = AnswerOptions(max_new_tokens=4, token_budget=budget)
        outcomes = predict(loaded, batch, targets, options).rows
        for prompt, target, outcome in zip(batch.prompts, targets.rows, outcomes, strict=True):
            assert target is not None
            wanted = plain.log_probability(loaded, prompt, target.ids)
            assert outcome.answer_logprob == pytest.approx(wanted, abs=2e-4)
            scores = {ids: plain.log_probability(loaded, prompt, ids) for ids in target.choices}
            likeliest = max(scores, key=scores.__getitem__)
            assert outcome.rank_correct == (likeliest == target.ids)


def test_a_prompt_whose_answer_crosses_the_switch_is_refused_by_name() -> None:
    loaded, batch = load_tiny("phi3", scaling="longrope"), long_and_short()
    targets = targets_of(loaded, batch)
    with pytest.raises(InvalidPromptError, match=r"'en' has 6 tokens .* beyond 24 .*longrope"):
        prepare(loaded, batch, targets, AnswerOptions(max_new_tokens=20))
    prepare(loaded, batch.only([2]), Targets(targets.rows[8:]), AnswerOptions(max_new_tokens=20))
    signs(loaded, batch, WIDE)  # types need no answer


def test_what_is_refused_does_not_depend_on_the_answers_of_others() -> None:
    """A long answer to one prompt takes no room from another one."""
    loaded = load_tiny("gpt2")  # 128 positions
    texts = {"long": "word " * 15, "short": "Paris"}
    lengths = {name: len(encode(loaded, [text])[0]) for name, text in texts.items()}
    prompts = {"long": "Paris is", "short": "a " * ((128 - lengths["long"]) // 2 + 10)}
    examples = tuple(Example(name, name, {"en": prompts[name]}, {"en": texts[name]}, {}) for name in texts)
    batch = Batch(0, (0, 1), (0, 1), examples, ("en",))
    n_prompt = len(encode_batch(loaded, batch)[1])
    assert n_prompt + lengths["long"] > 128 >= n_prompt + 8
    prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions())


def test_dynamic_scaling_begins_where_prompts_are_refused() -> None:
    loaded = load_tiny("llama", scaling="dynamic")
    assert loaded.max_tokens == 64
    example = Example("long", "long", {"en": "word " * 40})
    with pytest.raises(InvalidPromptError, match="more than the 64"):
        encode_batch(loaded, Batch(0, (0,), (0,), (example,), ("en",)))
    rope = loaded.model.model.rotary_emb
    before = rope.inv_freq.clone()
    with torch.inference_mode():
        loaded.model(input_ids=torch.arange(64)[None] + 4)
        assert torch.equal(rope.inv_freq, before)


@pytest.mark.parametrize("architecture", ["gpt_neo", "mpt"])
def test_answers_behind_pads_equal_the_plain_way(architecture: str) -> None:
    """A window in slots (GPT-Neo) and distances in slots (MPT) would count the pads between prompt and answer."""
    loaded, batch = load_tiny(architecture), long_and_short()
    targets = targets_of(loaded, batch)
    outcomes = predict(loaded, batch, targets, AnswerOptions(max_new_tokens=4, token_budget=WIDE))
    for prompt, target, outcome in zip(batch.prompts, targets.rows, outcomes.rows, strict=True):
        assert target is not None
        wanted = plain.log_probability(loaded, prompt, target.ids)
        assert outcome.answer_logprob == pytest.approx(wanted, abs=2e-4)


def test_attention_that_changes_for_good_is_refused(tmp_path: Path) -> None:
    folder = save_tiny("bigbird_pegasus", tmp_path / "bird")
    with pytest.raises(ModelError, match=r"block-sparse attention.*original_full"):
        fresh("bigbird_pegasus", None)
    assert json.loads((folder / "config.json").read_text())["attention_type"] == "block_sparse"


@pytest.mark.parametrize("architecture", ["phi3", "mistral"])
def test_a_run_is_the_same_whatever_its_passes(architecture: str, tmp_path: Path) -> None:
    task = tmp_path / "task.jsonl"
    batch = long_and_short()
    task.write_text(
        "".join(json.dumps({"id": e.id, "prompts": e.prompts, "answers": e.answers}) + "\n" for e in batch.examples)
    )
    changes = LONGROPE if architecture == "phi3" else {}
    folder = save_tiny(architecture, tmp_path / architecture, **changes)
    config = RunConfig(
        model=str(folder), task=str(task), out=tmp_path / "wide.duckdb", device="cpu",
        measures=("types", "attribution", "ablation"), final_norm=True, max_new_tokens=3,
        batch_tokens=WIDE, ablation_fractions=(0.25,), ablation_seeds=1, ablation_doses=(),
    )  # fmt: skip
    narrow = replace(config, out=tmp_path / "narrow.duckdb", batch_tokens=NARROW)
    narrow = replace(narrow, batch_examples=1, examples_at_once=1)
    queries = {
        "masks": "SELECT * EXCLUDE run FROM activations ORDER BY ALL",
        "outcomes": "SELECT condition, example, language, prediction, correct, rank_correct, "
        "round(answer_logprob, 3) AS p, n_ablated FROM ablation_examples ORDER BY ALL",
    }
    tables = []
    for each in (config, narrow):
        run(each, NullProgress())
        with open_results(each.out) as results:
            tables.append({name: results.sql(sql).to_pylist() for name, sql in queries.items()})
    assert tables[0]["masks"] == tables[1]["masks"]
    for wide, cut in zip(tables[0]["outcomes"], tables[1]["outcomes"], strict=True):
        assert wide.pop("p") == pytest.approx(cut.pop("p"), abs=2e-3)
        assert wide == cut


def test_groups_by_length() -> None:
    config = AutoConfig.for_model("phi3", **LONGROPE, hidden_size=32, num_attention_heads=4)
    assert length_switches(config) == (24,)
    assert length_groups(config, [1, 24, 25, 300]) == [0, 0, 1, 1]
    assert [crossed_switch(config, *pair) for pair in ((20, 5), (20, 6), (24, 1), (24, 2))] == [
        None,
        24,
        None,
        24,
    ]
    assert crossed_switch(config, 25, 100) is None
    plain_config = AutoConfig.for_model("llama")
    assert length_groups(plain_config, [1, 10_000]) == [0, 0]
    rows = by_length(range(4), [30, 5, 40, 6], [1, 0, 1, 0], WIDE)
    assert rows == [(2, 0), (3, 1)]


def test_scalings_of_inner_configurations_count() -> None:
    class Part:
        model_type = "part"

        def __init__(self, **parts: object) -> None:
            self.__dict__ |= parts

    rope = {"rope_type": "longrope", "original_max_position_embeddings": 8}
    by_layer = {"full_attention": rope, "sliding_attention": {"rope_type": "default"}}
    assert length_switches(Part(text_config=Part(rope_parameters=rope))) == (8,)
    assert length_switches(Part(encoder=Part(rope_parameters=by_layer), decoder=Part())) == (8,)


def test_windows_by_their_names() -> None:
    for architecture, name in (("mistral", "sliding_window"), ("gpt_neo", "window_size")):
        config = AutoConfig.for_model(architecture, **{name: 8})
        assert not counts_pads(config, 8, takes_positions=True)
        assert counts_pads(config, 9, takes_positions=True)
    assert not counts_pads(AutoConfig.for_model("bloom"), 99, takes_positions=False)
    assert counts_pads(AutoConfig.for_model("mpt"), 9, takes_positions=False)


def test_transformers_has_no_other_scaling_by_length() -> None:
    """What we know of the installed version: which scalings there are, and which depend on other inputs."""
    known = {"linear", "dynamic", "yarn", "longrope", "llama3", "proportional"}
    assert set(modeling_rope_utils.ROPE_INIT_FUNCTIONS) == known
    source = inspect.getsource(modeling_rope_utils.dynamic_rope_update)
    assert re.findall(r'if "?(\w+)"? (?:in rope_type|== "longrope")', source) == [
        "dynamic",
        "rope_type",
    ]
    folder = Path(transformers.__file__).parent / "models"
    longest = re.compile(r"torch\.max\(position_ids\)")
    own = {p.parent.name for p in folder.glob("*/modeling_*.py") if longest.search(p.read_text())}
    assert own == {"phimoe"}  # longrope too, and a mixture that is refused
