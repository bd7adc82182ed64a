"""Answers of a live prompt against plain PyTorch: one prompt at a time, without padding, with edited weights."""

import copy
from typing import Any

import pytest
import torch

from neurontui.compute.live import messages
from neurontui.compute.live.messages import Ask, Change, LanguageAnswer, ModelSettings
from neurontui.compute.live.session import MOST_TOKENS, Session
from neurontui.compute.live.stopping import StoppedError
from neurontui.compute.live.summary import norms_of
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode
from neurontui.store.errors import InputError
from tests.compute.models.reference import reference
from tests.compute.tiny import PROMPTS, load_tiny

ASKED = tuple((code, texts[2]) for code, texts in PROMPTS.items())
NEURON = (1, 5)
KINDS = ["bloom", "llama", "gemma3_text", "mt5"]
EXACT = 2e-5


def session_of(kind: str, **settings: Any) -> Session:
    loaded = load_tiny(kind)
    return Session(loaded, ModelSettings(kind, **settings), norms_of(loaded.ffns))


def ids_of(loaded: LoadedModel, text: str) -> list[int]:
    return list(encode(loaded, [text])[0].ids)


def plain_inputs(loaded: LoadedModel, text: str) -> dict[str, torch.Tensor]:
    inputs = {"input_ids": torch.tensor([ids_of(loaded, text)])}
    if loaded.encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[loaded.model.config.decoder_start_token_id]])
    return inputs


def probabilities(answer: LanguageAnswer, after: bool = False) -> dict[str, float]:
    outcome = answer.after if after else answer.before
    assert outcome is not None
    return {token.text: token.probability for token in outcome.next_tokens}


@pytest.mark.parametrize("activation", ["gate", "product"])
@pytest.mark.parametrize("kind", KINDS)
def test_heat_is_the_activation_at_every_token(kind: str, activation: str) -> None:
    session = session_of(kind, activation=activation)

    answered = session.ask(Ask(0, ASKED, NEURON))

    for (_, text), answer in zip(ASKED, answered.languages, strict=True):
        ids = ids_of(session.loaded, text)
        plain = reference(session.loaded.model, kind, ids)
        layers = plain.products if activation == "product" else plain.activations
        expected = layers[NEURON[0]][:, NEURON[1]]
        assert len(answer.tokens) == len(answer.heat) == len(ids)
        torch.testing.assert_close(torch.tensor(answer.heat), expected, rtol=EXACT, atol=EXACT)
        assert answer.value == pytest.approx(answer.heat[-1], abs=EXACT)


def test_the_decoder_of_an_encoder_decoder_has_a_value_but_no_heat_over_the_prompt() -> None:
    session = session_of("mt5")

    answered = session.ask(Ask(0, ASKED, (3, 7)))

    plain = reference(session.loaded.model, "mt5", ids_of(session.loaded, ASKED[0][1]))
    assert all(answer.heat == () for answer in answered.languages)
    assert answered.languages[0].value == pytest.approx(float(plain.activations[3][0, 7]), abs=EXACT)


def test_heat_of_an_expert_is_zero_where_it_does_not_run() -> None:
    session = session_of("mixtral")
    captured = [session.ask(Ask(0, ASKED, (1, neuron))).languages for neuron in range(7, 120, 24)]  # one an expert

    for row in range(len(ASKED)):
        heats = torch.tensor([answers[row].heat for answers in captured])
        assert (heats != 0).sum(0).tolist() == [2] * heats.shape[1]  # two of five experts run for each token
        assert [answers[row].value for answers in captured] == pytest.approx(heats[:, -1].tolist(), abs=EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_types_and_contributions_are_those_of_the_equations(kind: str) -> None:
    session = session_of(kind, threshold=0.05)

    answered = session.ask(Ask(0, ASKED))

    plain = [reference(session.loaded.model, kind, ids_of(session.loaded, text)) for _, text in ASKED]
    for layer, counted in enumerate(answered.types):
        active = torch.stack([prompt.activations[layer][-1] > 0.05 for prompt in plain]).sum(0)
        n = len(ASKED)
        expected = [(active == 0).sum(), (active == 1).sum(), ((active > 1) & (active < n)).sum(), (active == n).sum()]
        assert list(counted) == [int(count) for count in expected]
    for strong in answered.strongest[:5]:
        values = session.loaded.ffns[strong.layer].written_vectors().norm(dim=-1)
        raw = torch.stack([prompt.products[strong.layer][-1].abs() * values for prompt in plain])
        share = float((raw / raw.sum(-1, keepdim=True))[:, strong.neuron].mean())
        n_active = int(sum(prompt.activations[strong.layer][-1][strong.neuron] > 0.05 for prompt in plain))
        assert strong.share == pytest.approx(share, rel=1e-3)
        assert strong.type == TYPES[0 if n_active == 0 else 1 if n_active == 1 else 3 if n_active == len(ASKED) else 2]


@pytest.mark.parametrize("kind", KINDS)
def test_next_tokens_and_answers_are_those_of_each_prompt_alone(kind: str) -> None:
    session = session_of(kind)
    model, tokenizer = session.loaded.model, session.loaded.tokenizer

    answered = session.ask(Ask(0, ASKED, n_tokens=5))

    for (_, text), answer in zip(ASKED, answered.languages, strict=True):
        inputs = plain_inputs(session.loaded, text)
        with torch.no_grad():
            expected = model(**inputs).logits[0, -1].softmax(-1)
            generated = model.generate(**inputs, max_new_tokens=5, do_sample=False)
        assert [token.probability for token in answer.before.next_tokens] == pytest.approx(  # type: ignore[union-attr]
            expected.topk(10).values.tolist(), abs=EXACT
        )
        continued = generated[0, 1:] if session.loaded.encoder_decoder else generated[0, inputs["input_ids"].shape[1] :]
        decoded = tokenizer.decode(continued, skip_special_tokens=True).strip()
        first_line = decoded.splitlines()[0].strip() if decoded else ""
        assert answer.before is not None
        assert answer.before.answer == first_line


@pytest.mark.parametrize("factor", [0.0, -2.0])
@pytest.mark.parametrize("kind", [*KINDS, "mixtral"])
def test_a_change_is_that_of_edited_value_vectors(kind: str, factor: float) -> None:
    session = session_of(kind)
    neurons = ((0, 3), (0, 11), (1, 40))

    answered = session.ask(Ask(0, ASKED, change=Change(neurons, factor=factor), n_tokens=1))

    edited = copy.deepcopy(session.loaded.model)
    for layer, neuron in neurons:
        _scale_value_vector(edited, session, layer, neuron, factor)
    assert answered.n_changed == 3
    assert any(probabilities(answer) != probabilities(answer, after=True) for answer in answered.languages)
    for (_, text), answer in zip(ASKED, answered.languages, strict=True):
        with torch.no_grad():
            expected = edited(**plain_inputs(session.loaded, text)).logits[0, -1].softmax(-1).topk(10).values
        assert list(probabilities(answer, after=True).values()) == pytest.approx(expected.tolist(), abs=EXACT)


def _scale_value_vector(edited: Any, session: Session, layer: int, neuron: int, factor: float) -> None:
    """Multiply a row v_i of W_V in a copy of the model."""
    ffn = session.loaded.ffns[layer]
    names = {module: name for name, module in session.loaded.model.named_modules()}
    with torch.no_grad():
        if hasattr(ffn, "experts"):
            expert, place = divmod(neuron, ffn.layer.n_neurons // ffn.n_experts)  # type: ignore[attr-defined]
            edited.get_submodule(names[ffn.experts]).down_proj[expert, :, place] *= factor
        else:
            edited.get_submodule(names[ffn.value]).weight[:, neuron] *= factor


def test_types_have_the_order_of_a_run() -> None:
    assert messages.TYPES == TYPES


def test_a_type_is_switched_off_as_it_is_in_these_prompts() -> None:
    session = session_of("llama")
    baseline = session.ask(Ask(0, ASKED))

    answered = session.ask(Ask(1, ASKED, change=Change(type="partial-shared")))

    assert answered.n_changed == sum(counted[2] for counted in baseline.types) > 0
    named = Change(_neurons_of_type(session, TYPES.index("partial-shared")))
    same = session.ask(Ask(2, ASKED, change=named))
    assert [answer.after for answer in same.languages] == [answer.after for answer in answered.languages]
    assert [answer.before for answer in answered.languages] == [answer.before for answer in baseline.languages]


def _neurons_of_type(session: Session, code: int) -> tuple[tuple[int, int], ...]:
    plain = [reference(session.loaded.model, "llama", ids_of(session.loaded, text)) for _, text in ASKED]
    active = [torch.stack([prompt.activations[layer][-1] > 0 for prompt in plain]).sum(0) for layer in range(2)]
    assert code == 2
    return tuple(
        (layer, int(neuron))
        for layer, counted in enumerate(active)
        for neuron in ((counted > 1) & (counted < len(ASKED))).nonzero()[:, 0]
    )


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Ask(0, ()), "There is no prompt"),
        (Ask(0, (("en", "half \ud83d"),)), r"'en' has half a character \(U\+D83D"),
        (Ask(0, (("en", "fine"), ("de", " "))), "'de' is empty"),
        (Ask(0, (("en", "a" * 100_000),)), "100,000 characters"),
        (Ask(0, (("en", "zq" * (MOST_TOKENS // 2 + 1)),)), "tokens"),
        (Ask(0, ASKED, (2, 0)), "no neuron 0 in layer 2"),
        (Ask(0, ASKED, None, Change(((0, 5000),))), "no neuron 5000 in layer 0"),
    ],
)
@pytest.mark.parametrize("kind", ["bloom", "llama"])
def test_what_cannot_be_answered_is_refused_in_a_sentence(kind: str, question: Ask, words: str) -> None:
    with pytest.raises(InputError, match=words):
        session_of(kind).ask(question)


def test_control_characters_and_markup_are_text() -> None:
    answered = session_of("bloom").ask(Ask(0, (("en", "[red]\x1b[31m\x00\n"), ("de", "\u202e[/]"))))

    assert "".join(answered.languages[0].tokens) == "[red]\x1b[31m\x00\n"


def test_a_canceled_question_stops_between_layers_and_leaves_no_hook() -> None:
    session = session_of("llama")
    polls = iter([False, True])

    with pytest.raises(StoppedError):
        session.ask(Ask(0, ASKED, NEURON, Change((NEURON,))), lambda: next(polls))

    modules = session.loaded.model.modules()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in modules)
    assert session.ask(Ask(1, ASKED)).number == 1
