"""`--token`: the subject's last token by its characters, and the first generated token, compared with plain hooks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import ending, greedy
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.token_preview import token_lines
from neurontui.compute.measures.norm_folding import find_folding
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import InvalidPromptError, encode_batch, encode_prompts, pad, token_text
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import Example
from neurontui.queries.results import open_results
from neurontui.store.errors import InputError, UsageError
from tests.compute.models.reference import reference
from tests.compute.tiny import load_tiny, save_tiny

SUBJECTS = {
    "en": ("Portugal is where Portugal lies, says the map", "Portugal"),
    "de": ("Die Hauptstadt der Türkei heißt", "Türkei"),
    "tr": ("Portekiz'in kuzey başkentě nerede", "kuzey başkentě"),
    "zh": ("法国的首都是巴黎吗", "首都"),
}
"""Prompt and subject: twice in one prompt, of several words with a letter of two tokens at the end, without spaces."""


def _batch() -> Batch:
    prompts = {code: prompt for code, (prompt, _) in SUBJECTS.items()}
    spans = {code: span for code, (_, span) in SUBJECTS.items()}
    return unplanned([Example("a", "a", prompts, {}, {}, None, spans)], tuple(SUBJECTS))


def _at(loaded: LoadedModel, token: str) -> LoadedModel:
    return replace(loaded, measured_at=token)


@pytest.mark.parametrize("architecture", ["bloom", "llama", "gpt2", "qwen2", "mt5"])
def test_the_subject_ends_at_the_token_whose_text_ends_it(architecture: str) -> None:
    """The text of all tokens up to that one ends with the subject, and without that token it does not."""
    loaded = _at(load_tiny(architecture), "subject")
    batch = _batch()
    for encoded, prompt, subject in zip(encode_prompts(loaded, batch), batch.prompts, batch.subjects, strict=True):
        place = encoded.measured()
        until = loaded.tokenizer.decode(encoded.ids[: place + 1], skip_special_tokens=True)
        before = loaded.tokenizer.decode(encoded.ids[:place], skip_special_tokens=True)
        end = prompt.rfind(subject) + len(subject)
        assert until.strip().startswith(prompt[:end].strip())
        assert not before.startswith(prompt[:end])


@pytest.mark.parametrize("architecture", ["bloom", "llama", "gpt2", "gemma2", "mt5"])
def test_activity_at_the_subject_equals_one_prompt_alone(architecture: str) -> None:
    loaded = _at(load_tiny(architecture), "subject")
    batch = _batch()
    captured = capture(loaded, batch, CaptureOptions())
    encoded = encode_batch(loaded, batch)
    for row, prompt in enumerate(encoded):
        alone = reference(loaded.model, architecture, list(prompt.ids))
        for layer, activations in enumerate(captured.activations):
            stack = loaded.layers[layer].stack
            place = 0 if loaded.encoder_decoder and stack == "decoder" else prompt.measured()
            expected = alone.activations[layer][place]
            torch.testing.assert_close(activations[0, row], expected, atol=1e-5, rtol=1e-4)
    read = [prompt.ids[prompt.measured()] for prompt in encoded]
    assert captured.last_tokens == [token_text(loaded.tokenizer, token) for token in read]


def test_a_bos_that_is_added_moves_the_subject() -> None:
    plain = _at(load_tiny("bloom"), "subject")
    rows = zip(encode_prompts(plain, _batch()), encode_prompts(replace(plain, bos="add"), _batch()), strict=True)
    assert all(added.subject == without.subject + 1 for without, added in rows)


def test_prompts_without_their_subject_are_refused() -> None:
    loaded = _at(load_tiny("bloom"), "subject")
    (example,) = _batch().examples
    lower = replace(example, spans={**example.spans, "de": "türkei"})
    missing = replace(example, spans={"en": "Portugal"})
    with pytest.raises(InvalidPromptError, match="no subject, or does not contain it") as error:
        encode_batch(loaded, unplanned([example, lower, missing], tuple(SUBJECTS)))
    assert [invalid.position for invalid in error.value.invalid] == [1, 2, 2, 2]


@pytest.mark.parametrize("architecture", ["bloom", "llama", "gemma2", "mistral"])
def test_the_first_generated_token_is_read_as_if_it_were_written(architecture: str) -> None:
    loaded = _at(load_tiny(architecture), "first-generated")
    batch = _batch()
    captured = capture(loaded, batch, CaptureOptions())
    tokens = pad(loaded, encode_batch(loaded, batch))
    decoder = Decoder(loaded)
    with torch.inference_mode():
        generated = greedy(decoder, *decoder.read(tokens, 2), ending(loaded.model, loaded.tokenizer), 1)
    for row, prompt in enumerate(encode_batch(loaded, batch)):
        alone = reference(loaded.model, architecture, [*prompt.ids, *generated[row]])
        for layer, activations in enumerate(captured.activations):
            expected = alone.activations[layer]
            torch.testing.assert_close(activations[0, row], expected[-1], atol=1e-5, rtol=1e-4)
            assert torch.equal(captured.active_tokens[layer][0, row].long(), (expected > 0).sum(0))
        assert captured.n_tokens[0, row] == len(prompt) + 1


def test_the_first_generated_token_of_a_decoder_is_its_second_step() -> None:
    loaded = _at(load_tiny("mt5"), "first-generated")
    batch = _batch()
    captured = capture(loaded, batch, CaptureOptions())
    seen: list[torch.Tensor] = []
    act = next(ffn for ffn in loaded.ffns if ffn.layer.stack == "decoder")
    handle = act.act.register_forward_hook(lambda _m, _a, output: seen.append(output))
    for row, prompt in enumerate(encode_batch(loaded, batch)):
        ids = torch.tensor([prompt.ids])
        start = torch.tensor([loaded.opening])
        with torch.inference_mode():
            logits = loaded.model(input_ids=ids, decoder_input_ids=start).logits
            written = torch.cat([start, logits[:, -1].argmax(-1)[:, None]], 1)
            loaded.model(input_ids=ids, decoder_input_ids=written)
        expected = seen[-1][0, 1]
        torch.testing.assert_close(captured.activations[act.layer.layer][0, row], expected, atol=1e-5, rtol=1e-4)
        assert captured.last_tokens[row] == token_text(loaded.tokenizer, int(written[0, 1]))
    handle.remove()


def test_the_final_norm_is_read_at_the_subject() -> None:
    loaded = _at(load_tiny("llama"), "subject")
    encoded = encode_batch(loaded, _batch())
    folding = find_folding(loaded, encoded, 4096)
    seen: list[torch.Tensor] = []
    handle = loaded.model.model.norm.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    for row, prompt in enumerate(encoded):
        with torch.inference_mode():
            loaded.model(input_ids=torch.tensor([prompt.ids]))
        expected = seen[-1][0, prompt.measured()]
        torch.testing.assert_close(folding.final_inputs[row], expected, atol=1e-5, rtol=1e-4)
    handle.remove()


def test_the_preview_marks_the_subject() -> None:
    lines = token_lines(_at(load_tiny("bloom"), "subject"), _batch())
    assert all(line.count("→") == 1 for line in lines)
    assert not any("→" in line.split("  ")[-1] for line in lines)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": "first-generated", "measures": ("types", "attribution")}, "already written"),
        ({"token": "subject", "measures": ("types", "ablation"), "ablation_scope": "last"}, "another token"),
        ({"token": "subject", "encoder_token": "before-eos"}, "omit --encoder-token"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RunConfig("m", "fact", Path("r.duckdb"), **options)


def _task(folder: Path, spans: dict[str, str] | None) -> Path:
    prompts = {code: prompt for code, (prompt, _) in SUBJECTS.items()}
    row = {"id": 1, "prompts": prompts, "answers": dict.fromkeys(prompts, "Paris")}
    path = folder / "subjects.jsonl"
    path.write_text(json.dumps(row | ({"spans": spans} if spans else {})) + "\n")
    return path


def test_runs_at_two_tokens_are_two_runs_with_their_texts(tmp_path: Path) -> None:
    spans = {code: span for code, (_, span) in SUBJECTS.items()}
    model, out = save_tiny("bloom", tmp_path / "bloom"), tmp_path / "r.duckdb"
    config = RunConfig(str(model), str(_task(tmp_path, spans)), out, device="cpu", measures=("types", "attribution"))
    run(config, NullProgress())
    run(replace(config, token="subject"), NullProgress())
    with open_results(out) as results:
        rows = results.sql("SELECT run, last_token FROM examples ORDER BY run, language").to_pylist()
        runs = results.query("runs").to_pylist()
        notes = [row["text"] for row in results.query("notes", run=2).to_pylist() if row["topic"] == "token"]
    assert [row["token"] for row in runs] == ["last", "subject"]
    assert runs[1]["name"].endswith("· at subject")
    assert len(notes) == 2
    first, second = ([row["last_token"] for row in rows if row["run"] == number] for number in (1, 2))
    assert first != second


def test_a_task_without_subjects_refuses_the_subject(tmp_path: Path) -> None:
    model = save_tiny("bloom", tmp_path / "bloom")
    config = RunConfig(str(model), str(_task(tmp_path, None)), tmp_path / "r.duckdb", device="cpu", token="subject")
    with pytest.raises(InputError, match="names no subject"):
        run(config, NullProgress())
