"""Every choice of E_r, against plain PyTorch; folded norms against what the logits really do."""

import pytest
import torch

from neurontui.compute.answers.targets import Target, Targets
from neurontui.compute.measures.answer_direction import DirectionOptions, answer_directions
from neurontui.compute.measures.norm_folding import find_folding
from neurontui.compute.measures.scores import effective_scores
from neurontui.compute.models.prompts.tokenize import encode_batch
from tests.compute.measures import singly
from tests.compute.tiny import CONFIGS, batch, load_tiny

TARGET = Target(ids=(9, 20, 31), first=1, first_unique=2, choices=(), distractors=(40, 50))
LONELY = Target(ids=(9, 20), first=1, first_unique=1, choices=(), distractors=())


def direction(target: Target | None, **options) -> tuple[torch.Tensor, bool]:
    loaded = load_tiny("llama")
    found = answer_directions(loaded, Targets((target,)), DirectionOptions(**options))
    return found.vectors[0], bool(found.known[0])


def test_the_answer_can_stand_for_itself_in_many_ways() -> None:
    model = load_tiny("llama").model
    E, I = model.get_output_embeddings().weight, model.get_input_embeddings().weight  # noqa: E741
    assert not torch.equal(E, I)
    wanted = {
        (): E[20],
        (("embedding", "input"),): I[20],
        (("word", "mean"),): (E[20] + E[31]) / 2,
        (("word", "first-unique"),): E[31],
        (("centred", True),): E[20] - E.mean(0),
        (("contrast", True),): E[20] - (E[40] + E[50]) / 2,
        (("contrast", True), ("centred", True)): E[20] - (E[40] + E[50]) / 2,
    }
    for options, vector in wanted.items():
        found, known = direction(TARGET, **dict(options))
        assert known
        torch.testing.assert_close(found, vector, msg=str(options))


def test_without_an_answer_or_a_contrast_there_is_no_direction() -> None:
    assert not direction(None)[1]
    assert direction(LONELY)[1]
    vector, known = direction(LONELY, contrast=True)
    assert not known
    assert not vector.any()


@pytest.mark.parametrize("architecture", ["bloom", "llama", "gpt2", "gemma2", "gemma3_text", "mt5"])
def test_folded_scores_are_what_the_last_ffn_adds_to_the_logit(architecture: str) -> None:
    """With its scale as it is, the final norm is linear: logits with and without the FFN differ by Σ ES."""
    loaded, prompts = load_tiny(architecture), batch()
    folding = find_folding(loaded, encode_batch(loaded, prompts), 100_000)
    E = loaded.model.get_output_embeddings().weight
    ffn = loaded.ffns[-1]
    assert folding.final is not None
    for row, prompt in enumerate(prompts.prompts):
        single = singly.read(loaded, prompt)
        weights = torch.tensor(single.weights[-1]).float()[None]
        one = type(folding)(folding.final, folding.final_inputs[row : row + 1])
        added = torch.tensor(single.outputs[-1]).float()
        norm = ffn.write.norm
        if norm is not None:
            weights = weights * norm.scale(added[None], norm.module(added[None]))[:, None]
        summed = effective_scores(weights, ffn.written_vectors(), one.fold(E[20][None])).sum()
        if ffn.value_bias() is not None:
            added = added - ffn.value_bias()
        if norm is not None:
            added = norm.module(added)
        before = folding.final_inputs[row]
        scaled = (folding.final.module(before) - folding.final.module(before * 0)).norm() / (
            _linear(folding.final.module, before).norm()
        )
        wanted = scaled * (_linear(folding.final.module, added) @ E[20])
        assert float(summed) == pytest.approx(float(wanted), rel=2e-3, abs=1e-4)


def _linear(norm: torch.nn.Module, vector: torch.Tensor) -> torch.Tensor:
    """The norm without its division: centred where a LayerNorm centres, times the gain that is in the code."""
    if isinstance(norm, torch.nn.LayerNorm):
        vector = vector - vector.mean()
    gain = norm.weight + 1 if "Gemma" in type(norm).__name__ else norm.weight
    return vector * gain


def test_every_final_norm_is_found_where_the_model_has_one() -> None:
    for architecture in CONFIGS:
        loaded = load_tiny(architecture)
        folding = find_folding(loaded, encode_batch(loaded, batch()), 100_000)
        assert folding.final is not None, architecture
        hidden = torch.tensor(singly.read(loaded, batch().prompts[0]).hidden).float()
        normed = folding.final.module(folding.final_inputs[0])
        constant = 32**-0.5 if architecture in ("t5", "umt5") else 1.0  # they scale before the head
        torch.testing.assert_close(normed * constant, hidden, rtol=1e-3, atol=1e-4)
