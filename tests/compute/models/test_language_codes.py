"""Translation models: languages as codes, and the decoder read at the step that predicts the answer."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import BartConfig, BartForConditionalGeneration, MBart50Tokenizer, MBartTokenizer
from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES as MBART50
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as NLLB

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.predict import AnswerOptions, padded_prompts, predict, prepare
from neurontui.compute.answers.targets import answer_book, find_targets
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.measures.norm_folding import find_folding
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.language_codes import LanguageCodes
from neurontui.compute.models.prompts.tokenize import encode_batch, encode_prompts, pad
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import Example
from neurontui.queries.results import open_results
from neurontui.store.errors import InputError
from tests.compute.models.translation import LETTERS, nllb_tokenizer, save_mbart, save_nllb, train_to_copy
from tests.compute.tiny import save_tiny

LANGUAGES = ("en", "de", "zh")


def _codes(codes: list[str]) -> LanguageCodes:
    return LanguageCodes("tiny", {code: row for row, code in enumerate(codes)})


@pytest.mark.parametrize(
    ("codes", "language", "code"),
    [
        (NLLB, "zh", "zho_Hans"),
        (NLLB, "zh_CN", "zho_Hans"),
        (NLLB, "zho_Hant", "zho_Hant"),
        (NLLB, "zh-TW", "zho_Hant"),
        (NLLB, "fa", "pes_Arab"),
        (NLLB, "pt-BR", "por_Latn"),
        (NLLB, "ar", "arb_Arab"),
        (MBART50, "zho_Hans", "zh_CN"),
        (MBART50, "eng_Latn", "en_XX"),
        (MBART50, "th", "th_TH"),
        (["en", "zh", "de"], "zho_Hans", "zh"),
        (["__java__", "__en_XX__"], "en", "__en_XX__"),
    ],
)
def test_a_language_in_any_spelling_has_the_models_code(codes: list[str], language: str, code: str) -> None:
    assert _codes(codes).code(language) == code


@pytest.mark.parametrize(
    ("codes", "language", "closest"),
    [(NLLB, "no", "nob_Latn"), (MBART50, "zh-Hant", "zh_CN"), (MBART50, "xx", "not a known language")],
)
def test_a_language_without_a_code_is_refused_with_the_closest(codes: list[str], language: str, closest: str) -> None:
    with pytest.raises(InputError, match=f"no language code for '{language}'.*{closest}"):
        _codes(codes).code(language)


def _batch(answer_language: str | None = None) -> Batch:
    examples = [
        Example(
            id=letter,
            cluster=letter,
            prompts=dict.fromkeys(LANGUAGES, letter if i % 2 else f"{letter} "),
            answers=dict.fromkeys(LANGUAGES, letter),
            answer_language=answer_language,
        )
        for i, letter in enumerate(LETTERS)
    ]
    return unplanned(examples, LANGUAGES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Answers with its prompt in every language, after two seconds of training."""
    folder = tmp_path_factory.mktemp("nllb")
    tokenizer = nllb_tokenizer()
    train_to_copy(tokenizer, steps=80).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load_model(ModelOptions(str(folder), device="cpu"))


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(ModelOptions(str(save_nllb(tmp_path_factory.mktemp("random"))), device="cpu"))


def test_a_trained_model_answers_in_three_languages(trained: LoadedModel) -> None:
    batch = _batch()
    targets = find_targets(trained, batch, answer_book(trained, batch.examples, batch.languages))
    rows = predict(trained, batch, targets, AnswerOptions(max_new_tokens=2)).rows
    assert [row.prediction for row in rows] == [letter for letter in LETTERS for _ in LANGUAGES]
    assert all(row.correct for row in rows)
    assert min(row.answer_logprob for row in rows) > -0.5


@pytest.mark.parametrize("answer_language", [None, "de"])
def test_the_decoder_is_read_where_the_answer_is_predicted(trained: LoadedModel, answer_language: str | None) -> None:
    """Compared with hooks on the model alone: </s>, the code, and one step later the first token of the answer."""
    batch = _batch(answer_language)
    captured = capture(trained, batch, CaptureOptions())
    model, tokenizer = trained.model, trained.tokenizer
    code_of = {"en": "eng_Latn", "de": "deu_Latn", "zh": "zho_Hans"}
    seen: list[torch.Tensor] = []
    handle = model.model.decoder.layers[1].fc2.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    for row, prompt in enumerate(batch.prompts):
        example, bit = divmod(row, len(LANGUAGES))
        tokenizer.src_lang = code_of[LANGUAGES[bit]]
        inputs = tokenizer(prompt, return_tensors="pt")
        target = tokenizer.convert_tokens_to_ids(code_of[answer_language or LANGUAGES[bit]])
        with torch.inference_mode():
            logits = model(**inputs, decoder_input_ids=torch.tensor([[2, target]])).logits[0]
        assert tokenizer.convert_ids_to_tokens(int(logits[1].argmax())) == f"▁{LETTERS[example]}"
        assert int(logits[0].argmax()) >= len(tokenizer) - 4  # one step earlier: a language code
        at_answer = seen.pop()[0, 1]
        torch.testing.assert_close(captured.activations[3][example, bit], at_answer, atol=1e-5, rtol=1e-4)
    handle.remove()


def test_tokens_are_counted_at_one_decoder_step(nllb: LoadedModel) -> None:
    captured = capture(nllb, _batch(), CaptureOptions())
    for activations, counts in zip(captured.activations[2:], captured.active_tokens[2:], strict=True):
        assert torch.equal(counts.bool(), activations > 0)
        assert int(counts.max()) == 1


def test_ablating_the_last_token_ablates_the_step_of_the_answer(nllb: LoadedModel) -> None:
    batch = _batch()
    prepared = prepare(nllb, batch, find_targets(nllb, batch, answer_book(nllb, (), ())), AnswerOptions())
    off = {3: torch.ones(1, 64, dtype=torch.bool)}
    seen: list[torch.Tensor] = []
    handle = nllb.model.model.decoder.layers[1].fc2.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    with torch.inference_mode(), ablate(nllb.ffns, off, scope=AblationOptions(scope="last").scope) as intervention:
        Decoder(nllb, intervention).read(padded_prompts(nllb, prepared, tuple(range(6))), 4)
    handle.remove()
    assert not seen[0][:, 1].any()
    assert seen[0][:, 0].any()


def test_the_final_norm_is_read_at_the_step_of_the_answer(nllb: LoadedModel) -> None:
    encoded = encode_batch(nllb, _batch())[:4]
    folding = find_folding(nllb, encoded, 4096)
    tokens = pad(nllb, encoded)
    seen: list[torch.Tensor] = []
    norm = nllb.model.model.decoder.layer_norm
    handle = norm.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    with torch.inference_mode():
        nllb.model(input_ids=tokens.ids, attention_mask=tokens.mask, decoder_input_ids=tokens.opening)
    handle.remove()
    torch.testing.assert_close(folding.final_inputs, seen[0][:, 1])


@pytest.mark.parametrize(("kind", "before"), [(MBartTokenizer, ()), (MBart50Tokenizer, (2,))])
def test_mbart_begins_as_it_was_trained(kind: type, before: Ids, tmp_path: Path) -> None:
    """As transformers makes the decoder's input from a target text in the language of the answer."""
    loaded = load_model(ModelOptions(str(save_mbart(tmp_path, kind)), device="cpu"))
    batch = _batch()
    encoded = encode_prompts(loaded, batch)
    loaded.tokenizer.src_lang, loaded.tokenizer.tgt_lang = "zh_CN", "zh_CN"
    inputs = loaded.tokenizer(batch.prompts[2], text_target="b", return_tensors="pt")
    shifted = loaded.model.prepare_decoder_input_ids_from_labels(inputs["labels"])[0].tolist()
    assert encoded[2].ids == tuple(inputs["input_ids"][0].tolist())
    assert encoded[2].opening == (*before, loaded.tokenizer.lang_code_to_id["zh_CN"])
    assert tuple(shifted[: len(encoded[2].opening)]) == encoded[2].opening


def test_bart_is_read_after_the_token_that_begins_every_text(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sizes = dict.fromkeys(("encoder_layers", "decoder_layers"), 1) | dict.fromkeys(
        ("encoder_attention_heads", "decoder_attention_heads"), 2
    )
    config = BartConfig(
        vocab_size=384, d_model=16, encoder_ffn_dim=24, decoder_ffn_dim=24, decoder_start_token_id=3,
        bos_token_id=2, eos_token_id=3, pad_token_id=1, **sizes,
    )  # fmt: skip
    save_tiny("llama", tmp_path)  # its tokenizer begins with <s>
    (tmp_path / "config.json").unlink()
    BartForConditionalGeneration(config).save_pretrained(tmp_path)
    loaded = load_model(ModelOptions(str(tmp_path), device="cpu"))
    assert loaded.opening == (3, 2)
    assert {row.opening for row in encode_prompts(loaded, _batch())} == {(3, 2)}


def test_a_run_records_its_codes_and_previews_them(nllb: LoadedModel, tmp_path: Path) -> None:
    task = tmp_path / "letters.jsonl"
    example = {"prompts": dict.fromkeys(("eng_Latn", "zh_CN"), "a b"), "answers": {"en": "a", "zh_CN": "a"}}
    rows = [{"id": i, **example, "answer_language": "de"} for i in range(2)]
    task.write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = save_nllb(tmp_path / "nllb")
    config = RunConfig(str(model), str(task), tmp_path / "r.duckdb", device="cpu", measures=("types", "attribution"))
    ids = nllb.language_codes.ids
    assert f"decoder: 2 '</s>'  → {ids['deu_Latn']} 'deu_Latn'" in preview(config)
    run(config, NullProgress())
    with open_results(config.out) as results:
        (row,) = results.sql("SELECT settings FROM runs").to_pylist()
    assert json.loads(row["settings"])["language_codes"] == {
        "en": "eng_Latn",
        "zh-CN": "zho_Hans",
        "de": "deu_Latn",
    }


def test_a_run_in_a_language_without_a_code_is_refused(nllb: LoadedModel, tmp_path: Path) -> None:
    batch = replace(_batch(), languages=("en", "xx"))
    example = replace(batch.examples[0], prompts={"en": "a", "xx": "a"})
    with pytest.raises(InputError, match="no language code for 'xx'"):
        encode_prompts(nllb, replace(batch, examples=(example,)))
