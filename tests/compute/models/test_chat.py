"""`--chat`: prompts and answers have the tokens that the model's own template gives them."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from neurontui.compute.answers.predict import AnswerOptions, predict
from neurontui.compute.answers.targets import answer_book, find_targets
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.chat import find_chat_format
from neurontui.compute.models.prompts.tokenize import encode_prompts
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import Example
from neurontui.queries.results import open_results
from neurontui.store.errors import ModelError, UsageError
from tests.compute.tiny import load_tiny, save_tiny

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA2 = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% elif m['role'] == 'user' %}{{ bos_token + '[INST] ' + m['content'].strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + m['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
WITHOUT_SYSTEM = "{% for m in messages %}{% if m['role'] != 'system' %}{{ m['content'] }}{% endif %}{% endfor %}"
DATED = "{{ 'Today is ' + strftime_now('%d %b %Y') + '. ' }}" + CHATML


def _load(template: str, system: str | None = None, **changes: Any) -> LoadedModel:
    loaded = load_tiny("llama")  # its tokenizer puts <s> before every text
    tokenizer = deepcopy(loaded.tokenizer)
    tokenizer.chat_template = template
    return replace(loaded, tokenizer=tokenizer, chat=find_chat_format(tokenizer, system, "tiny"), **changes)


def _batch() -> Batch:
    prompts = {"en": "Portugal: its capital in Portugal? ", "de": "Die Hauptstadt der Türkei"}
    spans = {"en": "Portugal", "de": "Türkei"}
    return unplanned([Example("a", "a", prompts, {"en": "Lisbon", "de": "Ankara"}, {}, None, spans)], ("en", "de"))


@pytest.mark.parametrize(
    ("template", "system", "joiner"),
    [(CHATML, None, ""), (CHATML, "Portugal is a country.", ""), (LLAMA2, None, " "), (DATED, None, "")],
)
def test_prompts_and_answers_have_the_templates_tokens(template: str, system: str | None, joiner: str) -> None:
    """Compared with apply_chat_template, which tokenizes by itself; a BOS is the template's, once."""
    loaded, batch = _load(template, system), _batch()
    tokenizer = loaded.tokenizer
    assert loaded.chat.joiner == joiner
    targets = find_targets(loaded, batch, answer_book(loaded, batch.examples, batch.languages))
    answers = [batch.examples[0].answers[code] for code in batch.languages]
    for prompt, answer, encoded, target in zip(
        batch.prompts, answers, encode_prompts(loaded, batch), targets.rows, strict=True
    ):
        turns = [{"role": "system", "content": system}] * (system is not None) + [{"role": "user", "content": prompt}]
        expected = tokenizer.apply_chat_template(turns, add_generation_prompt=True, chat_template=loaded.chat.template)
        assert list(encoded.ids) == expected["input_ids"]
        assert encoded.ids.count(tokenizer.bos_token_id) == (template is LLAMA2)
        text = tokenizer.decode(target.ids)
        assert text == joiner + answer


def test_the_date_of_a_template_is_always_the_same() -> None:
    loaded = _load(DATED)
    assert loaded.chat.prompt("x").startswith("Today is 26 Jul 2024. ")


def test_the_subject_is_found_in_the_users_turn_only() -> None:
    loaded, batch = _load(CHATML, "Portugal and Türkei.", measured_at="subject"), _batch()
    for encoded, (subject, prompt) in zip(
        encode_prompts(loaded, batch), [("Portugal", batch.prompts[0]), ("Türkei", batch.prompts[1])], strict=True
    ):
        until = loaded.tokenizer.decode(encoded.ids[: encoded.subject + 1])
        assert until.endswith("user\n" + prompt[: prompt.rfind(subject)] + subject)


def test_generated_answers_are_those_of_the_model_alone() -> None:
    loaded, batch = _load(LLAMA2), _batch()
    targets = find_targets(loaded, batch, answer_book(loaded, batch.examples, batch.languages))
    rows = predict(loaded, batch, targets, AnswerOptions(max_new_tokens=4)).rows
    for prompt, row in zip(batch.prompts, rows, strict=True):
        turns = [{"role": "user", "content": prompt}]
        ids = torch.tensor([loaded.tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"]])
        out = loaded.model.generate(ids, max_new_tokens=4, do_sample=False)
        text = loaded.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).strip()
        assert row.prediction == (text.splitlines()[0].strip() if text else "")


@pytest.mark.parametrize(
    ("template", "system", "words"),
    [
        (None, None, "has no chat template; omit --chat"),
        (LLAMA2, "Be brief.", r"fails \(System role not supported\); omit --system"),
        (WITHOUT_SYSTEM, "Be brief.", "leaves out the system text; omit --system"),
        ("Hello", None, "leaves out the user's text; omit --chat"),
        ("{% if %}", None, "fails .*; omit --chat"),
    ],
)
def test_templates_that_cannot_be_used_are_refused(template: str | None, system: str | None, words: str) -> None:
    tokenizer = deepcopy(load_tiny("llama").tokenizer)
    tokenizer.chat_template = template
    with pytest.raises(ModelError, match=words):
        find_chat_format(tokenizer, system, "tiny")


def test_an_encoder_decoder_and_a_system_text_without_a_chat_are_refused(tmp_path: Path) -> None:
    folder = save_tiny("mt5", tmp_path / "mt5")
    with pytest.raises(ModelError, match="is an encoder-decoder"):
        load_model(ModelOptions(str(folder), device="cpu", chat=True))
    with pytest.raises(UsageError, match="add --chat"):
        RunConfig("m", "fact", Path("r.duckdb"), system="Be brief.")


def test_a_chat_is_another_run_and_records_its_template(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "llama")
    (model / "chat_template.jinja").write_text(CHATML)
    task = tmp_path / "task.jsonl"
    (example,) = _batch().examples
    task.write_text(json.dumps({"id": "a", "prompts": example.prompts, "answers": example.answers}))
    config = RunConfig(str(model), str(task), tmp_path / "r.duckdb", device="cpu", bos="keep")
    chat = replace(config, chat=True, system="Be brief.")
    assert "'<'" in preview(chat)
    for each in (config, chat, replace(chat, system="Be quick.")):
        run(each, NullProgress())
    with open_results(config.out) as results:
        rows = results.sql("SELECT name, settings FROM runs ORDER BY run").to_pylist()
    settings = [json.loads(row["settings"]) for row in rows]
    assert [row["name"].endswith("· chat") for row in rows] == [False, True, True]
    assert [row["system"] for row in settings] == [None, "Be brief.", "Be quick."]
    assert settings[0]["chat_template"] is None
    assert len(settings[1]["chat_template"]) == 64
