"""Every value of an intervention against nnsight, which replaces the inputs of value matrices."""

from dataclasses import replace

import nnsight
import pytest
import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.values import parse_values
from neurontui.compute.answers.targets import find_targets
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode
from tests.compute.ablation.expected_values import change_of, measure, sets_of
from tests.compute.ablation.plain_values import WRITERS, Change
from tests.compute.answers.asked import asked, book_of
from tests.compute.tiny import load_tiny

OPTIONS = AblationOptions(
    types=(),
    matched=(),
    dosed=(),
    fractions=(0.4,),
    seeds=1,
    values=parse_values(("zero", "mean", "resample", "add:2")),
)
LAST = replace(OPTIONS, scope="last", values=parse_values(("zero", "mean", "add:2", "patch:zh")))


def log_probability(
    loaded: LoadedModel, architecture: str, prompt: str, text: tuple[int, ...], change: Change
) -> float:
    """The log-probability of an answer, read behind its prompt in one trace."""
    ids = encode(loaded, [prompt])[0].ids
    inputs = {"input_ids": torch.tensor([[*ids, *text]])}
    if loaded.encoder_decoder:
        inputs = {"input_ids": torch.tensor([ids]), "decoder_input_ids": torch.tensor([[*loaded.opening, *text]])}
    wrapped = nnsight.NNsight(loaded.model)
    paths = [path.format(i) for path in WRITERS[architecture] for i in range(2)]
    with torch.no_grad(), wrapped.trace(**inputs, use_cache=False):
        for layer, path in enumerate(paths):
            weights = wrapped.get(path).input
            flat = weights.reshape(-1, weights.shape[-1]).clone()
            wrapped.get(path).input = change(layer, flat).view(weights.shape)
        logits = nnsight.save(wrapped.output.logits)
    scores = logits[0, -len(text) - 1 :].double().log_softmax(-1)
    return sum(float(scores[i, token]) for i, token in enumerate(text))


@pytest.mark.parametrize("architecture", ["bloom", "gpt2", "opt", "llama", "gemma3_text", "mt5"])
@pytest.mark.parametrize(("options", "activation"), [(OPTIONS, "gate"), (LAST, "product")], ids=["all", "last"])
def test_values_equal_nnsight(architecture: str, options: AblationOptions, activation: str) -> None:
    # A model of its own: nnsight leaves modules wrapped, and others share the cached one.
    loaded, batch = load_tiny.__wrapped__(architecture), asked()
    conditions = plan_conditions(options, loaded.layers, 4)
    targets = find_targets(loaded, batch, book_of(loaded, batch)).rows
    sets = sets_of(architecture, options)
    rows = {
        (row["condition"], row["example"], row["language"]): row
        for row in measure(architecture, batch, options, activation)
    }
    for condition in conditions[1:]:
        change = change_of(architecture, condition, sets.off(condition), 5)
        theirs = log_probability(loaded, architecture, batch.prompts[5], targets[5].ids, change)
        ours = rows[condition.condition, 1, "de"]["answer_logprob"]
        assert ours == pytest.approx(theirs, abs=1e-5)
