"""What the model reads is checked before its first forward pass: BOS, unknown tokens, lengths, ids."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers import models as token_models
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import AutoTokenizer, PreTrainedTokenizerFast

import neurontui.compute.models.passes.capture as capturing
from neurontui.compute.answers.predict import AnswerOptions, predict, unanswerable
from neurontui.compute.answers.targets import answer_book, find_targets
from neurontui.compute.batch_plan import plan
from neurontui.compute.checks.prompts import check_prompts
from neurontui.compute.config import RunConfig
from neurontui.compute.engines.local import LocalEngine
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.prompts.bos import reason_for_bos
from neurontui.compute.models.prompts.tokenize import encode, pad_id
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.queries.results import open_results
from neurontui.store.errors import InputError, MeasureError, UsageError
from tests.compute.tiny import load_tiny, save_tiny

LANGUAGES = ("en", "de", "fr")
TEXTS = {"en": "The capital of Portugal is", "de": "Die Hauptstadt von", "fr": "Paris est"}
LONG = "Paris " * 150


def write_task(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "task.jsonl"
    path.write_text("".join(json.dumps({"id": f"e{i}", **line}) + "\n" for i, line in enumerate(lines)))
    return path


def config(folder: Path, model: Path, *lines: dict[str, Any], **options: Any) -> RunConfig:
    return RunConfig(
        model=str(model), task=str(write_task(folder, *lines)), out=folder / "results.duckdb", device="cpu", **options
    )  # fmt: skip


def prompt_notes(results: Path) -> list[str]:
    with open_results(results) as opened:
        rows = opened.sql("SELECT text FROM notes WHERE topic = 'prompts' ORDER BY text")
        return [str(text) for text in rows["text"].to_pylist()]


def without_bos(folder: Path) -> Path:
    """The tokenizer as it is where its post-processor was lost."""
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["post_processor"] = None
    path.write_text(json.dumps(content))
    return folder


@pytest.fixture
def no_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a forward pass ran")

    monkeypatch.setattr(capturing, "forward", refuse)


@pytest.mark.usefixtures("no_forward")
def test_a_lost_bos_is_refused_with_count_place_and_way_out(tmp_path: Path) -> None:
    model = without_bos(save_tiny("gemma3_text", tmp_path / "gemma"))
    with pytest.raises(InputError) as error:
        run(config(tmp_path, model, {"prompts": TEXTS}, {"prompts": TEXTS}), NullProgress())
    sentence = str(error.value)
    assert "6 of 6 prompts do not begin with BOS ('<s>')" in sentence
    assert "example 'e0' in 'en'" in sentence
    assert "--bos add" in sentence
    assert "--bos keep" in sentence
    assert not list(tmp_path.glob("results*"))


@pytest.mark.usefixtures("no_forward")
def test_a_doubled_bos_is_refused_with_count_place_and_way_out(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "llama")
    templated = {**TEXTS, "de": "<s>Die Hauptstadt von"}
    with pytest.raises(InputError) as error:
        run(config(tmp_path, model, {"prompts": TEXTS}, {"prompts": templated}), NullProgress())
    sentence = str(error.value)
    assert "1 of 6 prompts begin with BOS ('<s>') twice" in sentence
    assert "example 'e1' in 'de'" in sentence
    assert "--bos add" in sentence


@pytest.mark.parametrize("bos", ["keep", "add"])
@pytest.mark.parametrize("kind", ["lost", "doubled"])
def test_bos_as_asked(kind: str, bos: Any, tmp_path: Path) -> None:
    whole = save_tiny("llama", tmp_path / "whole")
    model = save_tiny("llama", tmp_path / "model")
    texts = TEXTS
    if kind == "lost":
        without_bos(model)
    else:
        texts = {code: "<s>" + text for code, text in TEXTS.items()}
    chosen = config(tmp_path, model, {"prompts": texts}, bos=bos)
    run(chosen, NullProgress())
    run(replace(config(tmp_path, whole, {"prompts": TEXTS}), name="whole"), NullProgress())

    with open_results(chosen.out) as results:
        rows = results.sql("SELECT run, list(mask ORDER BY layer, neuron) AS m FROM activations GROUP BY run")
        masks = dict(zip(rows["run"].to_pylist(), rows["m"].to_pylist(), strict=True))
    assert (masks[1] == masks[2]) == (bos == "add")
    (note,) = prompt_notes(chosen.out)
    assert f"--bos {bos}" in note


def test_bos_holds_for_answers_too() -> None:
    """Continuations are what follows the ids of the prompt, so both must begin alike."""
    plain = load_tiny("llama")
    added = replace(plain, bos="add")
    example = Example("a", "a", {"en": "<s>Paris"}, {"en": "is the capital"})
    data = TaskData("t", None, 0, ("en",), (example,))
    ids = encode(added, ["<s>Paris"])[0].ids
    assert ids == encode(plain, ["Paris"])[0].ids
    book = answer_book(added, data.examples, ("en",))
    assert book.answers["en"]["is the capital"] == encode(plain, ["Paris is the capital"])[0].ids[len(ids) :]


def test_the_choice_about_bos_is_part_of_the_run(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "llama")
    plain = config(tmp_path, model, {"prompts": TEXTS})
    assert run(plain, NullProgress()).run == 1
    assert run(replace(plain, bos="keep", name="keep"), NullProgress()).run == 2
    with open_results(plain.out) as results:
        kept = results.sql("SELECT settings->>'bos' AS bos FROM runs ORDER BY run")
    assert kept["bos"].to_pylist() == [None, "keep"]


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [("gemma3_text", True), ("gemma2", True), ("llama", True), ("mistral", True), ("mixtral", True),
     ("gpt2", False), ("bloom", False), ("gpt_neox", False), ("qwen3", False), ("phi3", False), ("opt", False),
     ("xglm", False)],
)  # fmt: skip
def test_which_models_read_a_bos(architecture: str, expected: bool) -> None:
    assert (reason_for_bos(load_tiny(architecture)) is not None) == expected


def test_llamas_with_a_bos_of_another_kind_do_not_read_it(tmp_path: Path) -> None:
    """As SmolLM2, whose <|im_start|> is in front of turns of a chat alone."""
    folder = without_bos(save_tiny("llama", tmp_path / "llama"))
    _configure(folder, bos_token="<pad>")
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    assert loaded.tokenizer.bos_token == "<pad>"
    assert reason_for_bos(loaded) is None


def test_a_configuration_that_asks_for_bos_is_believed(tmp_path: Path) -> None:
    """transformers drops add_bos_token where there is a tokenizer.json, so the loaded tokenizer does not know."""
    folder = save_tiny("qwen3", tmp_path / "qwen3")
    _configure(folder, add_bos_token=True)
    assert getattr(AutoTokenizer.from_pretrained(folder), "add_bos_token", False) is False
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    assert "add_bos_token" in (reason_for_bos(loaded) or "")
    with pytest.raises(InputError, match="do not begin with BOS"):
        run(config(tmp_path, folder, {"prompts": TEXTS}), NullProgress())


def test_a_llama_whose_configuration_declines_bos_is_measured_with_a_note(tmp_path: Path) -> None:
    """A model of the same architecture may have been trained without; a Gemma was not."""
    folder = without_bos(save_tiny("llama", tmp_path / "llama"))
    _configure(folder, add_bos_token=False)
    asked = config(tmp_path, folder, {"prompts": TEXTS})
    run(asked, NullProgress())
    (note,) = prompt_notes(asked.out)
    assert note.startswith("3 of 3 prompts do not begin with BOS ('<s>')")
    assert "sets add_bos_token to false" in note

    gemma = without_bos(save_tiny("gemma3_text", tmp_path / "gemma"))
    _configure(gemma, add_bos_token=False)
    with pytest.raises(InputError, match="do not begin with BOS"):
        run(replace(asked, model=str(gemma)), NullProgress())


def _configure(folder: Path, **options: object) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | options))


def test_bos_cannot_be_added_where_there_is_none(tmp_path: Path) -> None:
    folder = save_tiny("bloom", tmp_path / "bloom")
    _configure(folder, bos_token=None)
    with pytest.raises(UsageError, match="none; omit --bos"):
        load_model(ModelOptions(str(folder), device="cpu", bos="add"))


def _words(folder: Path) -> Path:
    """A tokenizer of whole words, which knows those of English prompts alone."""
    words = ["<unk>", "<pad>", "<s>", "</s>", *" ".join(TEXTS.values()).split()]
    tokenizer = Tokenizer(token_models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
    ).save_pretrained(folder)
    return folder


def test_unknown_tokens_are_counted_by_language(tmp_path: Path) -> None:
    model = _words(save_tiny("bloom", tmp_path / "bloom"))
    lines = [{"prompts": {**TEXTS, "ru": text}} for text in ("Столица Португалии", "Столица of Portugal")]
    run(config(tmp_path, model, *lines), NullProgress())
    assert prompt_notes(tmp_path / "results.duckdb") == [
        "In ru, 2 of 2 prompts contain text that the tokenizer has no token for: 3 of 5 tokens are '<unk>', and in "
        "1 prompts the last one is."
    ]


def test_doubtful_texts_are_noted(tmp_path: Path) -> None:
    model = save_tiny("bloom", tmp_path / "bloom")
    texts = {"en": "The capital of Portugal is ", "zh": "The capital of Portugal is "}
    said: list[str] = []
    run(config(tmp_path, model, {"prompts": texts}), _Listener(said))
    notes = prompt_notes(tmp_path / "results.duckdb")
    assert len(notes) == 4
    assert set(notes) <= set(said)


class _Listener(NullProgress):
    def __init__(self, said: list[str]) -> None:
        self._said = said

    def say(self, sentence: str) -> None:
        self._said.append(sentence)


@pytest.mark.usefixtures("no_forward")
def test_a_long_prompt_in_the_last_batch_stops_the_run_before_its_first(tmp_path: Path) -> None:
    lines = [{"prompts": TEXTS}] * 3 + [{"prompts": {**TEXTS, "de": LONG}}]
    asked = config(tmp_path, save_tiny("gpt2", tmp_path / "gpt2"), *lines, batch_examples=1)
    with pytest.raises(InputError) as error:
        run(asked, NullProgress())
    sentence = str(error.value)
    assert "1 of 4 examples" in sentence
    assert "--skip-bad" in sentence
    assert "example 'e3' in 'de' has 300 tokens, more than the 128" in sentence


@pytest.mark.usefixtures("no_forward")
def test_a_prompt_without_room_for_its_own_choices_stops_the_run_before_it_starts(
    tmp_path: Path,
) -> None:
    answers = dict.fromkeys(LANGUAGES, "Lisbon")
    choices = {code: ["Lisbon", "Paris " * 40] for code in LANGUAGES}
    near = {**TEXTS, "fr": "Paris " * 50}
    lines = [
        {"prompts": near, "answers": answers},
        {"prompts": TEXTS, "answers": answers, "choices": choices},
        {"prompts": near, "answers": answers, "choices": choices},
    ]
    asked = config(tmp_path, save_tiny("gpt2", tmp_path / "gpt2"), *lines)
    with pytest.raises(
        InputError,
        match=r"1 of 3 examples .* example 'e2' in 'fr' has 100 tokens and up to 80 of an answer",
    ):
        run(asked, NullProgress())


def test_the_room_of_a_prompt_does_not_depend_on_its_neighbors(tmp_path: Path) -> None:
    """A neighbor's long choices once refused a prompt that is measured on its own."""
    loaded = load_tiny("gpt2")
    answers = {"en": "Lisbon"}
    near = Example("near", "a", {"en": "Paris " * 50}, answers)
    long = Example("long", "b", {"en": "Paris"}, answers, {"en": ("Lisbon", "Paris " * 40)})
    data = TaskData("t", None, 0, ("en",), (near, long))
    book = answer_book(loaded, data.examples, ("en",))
    assert check_prompts(loaded, data, book, AnswerOptions()).n_unusable == 0
    (batch,) = plan(data, 2)
    targets = find_targets(loaded, batch, book)
    assert unanswerable(loaded, batch, encode(loaded, batch.prompts), targets, AnswerOptions()) == []
    assert len(predict(loaded, batch, targets, AnswerOptions()).rows) == 2


def test_a_survey_leaves_out_what_the_run_leaves_out(tmp_path: Path) -> None:
    """A prompt that fits without its answer was once part of the means and majorities of an ablation."""
    good = {"prompts": TEXTS, "answers": dict.fromkeys(LANGUAGES, "Lisbon")}
    near = good | {"prompts": {**TEXTS, "fr": "Paris " * 62}}
    asked = config(tmp_path, save_tiny("gpt2", tmp_path / "gpt2"), good, near, skip_bad=True)
    (batch,) = plan(load_task(asked.task, TaskOptions()), 2)
    (surveyed,) = LocalEngine(asked, load_task(asked.task, TaskOptions())).survey([batch])
    assert surveyed.n_inputs == 3


def _added_token(folder: Path, token: str) -> Path:
    """A tokenizer that grew while the model's embedding did not."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([token])
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("place", ["prompts", "answers", "choices"])
@pytest.mark.usefixtures("no_forward")
def test_ids_that_the_embedding_lacks_are_refused_before_the_run(place: str, tmp_path: Path) -> None:
    model = _added_token(save_tiny("gpt2", tmp_path / "gpt2"), "<picture>")
    answers = dict.fromkeys(LANGUAGES, "Lisbon")
    good = {"prompts": TEXTS, "answers": answers}
    bad: dict[str, Callable[[], dict[str, Any]]] = {
        "prompts": lambda: good | {"prompts": {**TEXTS, "de": "Paris <picture>"}},
        "answers": lambda: good | {"answers": answers | {"de": "<picture>"}},
        "choices": lambda: good | {"choices": {"de": ["Lisbon", "<picture>"]}},
    }
    with pytest.raises(InputError, match=r"example 'e1' in 'de' has .*'<picture>' with id 384, .* ids 0 to 383"):
        run(config(tmp_path, model, good, bad[place]()), NullProgress())


def test_examples_that_the_embedding_lacks_are_left_out_on_request(tmp_path: Path) -> None:
    model = _added_token(save_tiny("gpt2", tmp_path / "gpt2"), "<picture>")
    asked = config(
        tmp_path,
        model,
        {"prompts": TEXTS},
        {"prompts": {**TEXTS, "de": "<picture>"}},
        skip_bad=True,
    )
    run(asked, NullProgress())
    with open_results(asked.out) as results:
        assert results.sql("SELECT DISTINCT id FROM examples")["id"].to_pylist() == ["e0"]


def test_a_pad_token_that_the_embedding_lacks_is_not_used(tmp_path: Path) -> None:
    """Prompts of different length once raised IndexError on a CPU."""
    folder = _added_token(save_tiny("gpt2", tmp_path / "gpt2"), "<filler>")
    _configure(folder, pad_token="<filler>")
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    assert loaded.tokenizer.pad_token_id == 384
    assert pad_id(loaded) == loaded.tokenizer.eos_token_id
    run(config(tmp_path, folder, {"prompts": TEXTS}), NullProgress())


@pytest.mark.usefixtures("no_forward")
def test_a_run_without_any_usable_example_stops_before_it_starts(tmp_path: Path) -> None:
    lines = [{"prompts": dict.fromkeys(LANGUAGES, LONG)}]
    asked = config(tmp_path, save_tiny("gpt2", tmp_path / "gpt2"), *lines, skip_bad=True)
    with pytest.raises(MeasureError, match="No example can be measured"):
        run(asked, NullProgress())


def test_a_dry_run_shows_tokens_warnings_and_refusals(tmp_path: Path) -> None:
    model = without_bos(save_tiny("gemma3_text", tmp_path / "gemma"))
    texts = {"en": "Paris is ", "zh": "Paris", "de": LONG, "tr": "🦜"}
    shown = preview(config(tmp_path, model, {"prompts": texts}))
    lines = {line.split()[0]: line for line in shown.splitlines() if " tokens: " in line}
    paris = load_tiny("gemma3_text").tokenizer("Paris", add_special_tokens=False)["input_ids"][0]
    assert lines["zh"].split() == ["zh", "1", "tokens:", "→", str(paris), "'Paris'"]
    assert "more …" in lines["de"]
    assert lines["de"].count(" 'Paris'") < 41
    assert lines["tr"].count("\\\\x") >= 4
    assert "warning: In en, 1 of 1 prompts end in white space" in shown
    assert "warning: In zh, 1 of 1 prompts have no letter" in shown
    assert "refused: 4 of 4 prompts do not begin with BOS" in shown
    assert "refused: 1 of 1 examples cannot be measured" in shown
    assert "self-check passed in 2 layers: prompts of 5 and 10 tokens give the same activations alone" in shown
    assert not list(tmp_path.glob("results*"))
