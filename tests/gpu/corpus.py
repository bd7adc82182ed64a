"""Sums over the tokens of texts on the device, against each passage alone on the CPU."""

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.corpus_pass import COLUMNS, Sums, sum_passages
from neurontui.compute.models.prompts.passages import passages
from tests.gpu.models import Setting, batch, load, saved_model
from tests.gpu.table import Mismatch

COUNTS = ("n_active", "n_positive", "n_negative")
RELATIVE = 1e-4
"""Largest difference of a sum, as a share of the largest of its layer."""


def same_sums(setting: Setting, architecture: str, size: str) -> str:
    """Counts, sums and losses are the CPU's; a count may differ where an activation is within rounding of 0."""
    with saved_model(setting, architecture, size) as folder:
        ours, reference = sums_of(load(folder, setting.device), 4096), sums_of(load(folder, "cpu"), 1)
    if ours.n_tokens != reference.n_tokens or ours.losses[0] != reference.losses[0]:
        raise Mismatch(f"{ours.n_tokens} tokens and {ours.losses[0]:.0f} losses instead of {reference.n_tokens} and "
                       f"{reference.losses[0]:.0f}")  # fmt: skip
    other, apart = 0, 0.0
    for mine, theirs in zip(ours.neurons, reference.neurons, strict=True):
        for row, name in enumerate(COLUMNS):
            difference = (mine[row] - theirs[row]).abs()
            if name in COUNTS:
                other += int(difference.sum())
            else:
                apart = max(apart, float(difference.max() / theirs[row].abs().max().clamp_min(1e-30)))
    if other > 3 or apart > RELATIVE:
        raise Mismatch(f"{other} counted tokens differ, and sums by {apart:.1e}")
    return f"{ours.n_tokens} tokens, {other} counts differ, sums ±{apart:.0e}"


def sums_of(loaded: LoadedModel, budget: int) -> Sums:
    """Sums over the passages of the first language."""
    some = batch()
    pieces = list(passages(loaded, some.languages[0], some.prompts, 0, 24))
    return sum_passages(loaded, pieces, 0.0, budget)
