"""Means and majorities over a run equal NumPy's, however it is cut into batches."""

import numpy as np
import pytest

from neurontui.compute.ablation.first_pass import first_pass
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.capture import CaptureOptions
from tests.compute.ablation.test_measure import split
from tests.compute.answers.asked import asked
from tests.compute.measures import singly
from tests.compute.tiny import load_tiny


@pytest.mark.parametrize("architecture", ["llama", "mt5"])
def test_means_and_usual_types(architecture: str) -> None:
    loaded, batch = load_tiny(architecture), asked()
    singles = [singly.read(loaded, prompt) for prompt in batch.prompts]
    seen: list[int] = []
    found = first_pass(loaded, split(batch), CaptureOptions(), lambda b: seen.append(b.number))
    assert seen == [0, 1, 2]
    names = ["non-activated", "specific", "partial-shared", "partial-shared", "all-shared"]
    for layer in range(len(loaded.ffns)):
        A = np.stack([each.activations[layer] for each in singles])
        np.testing.assert_allclose(found.means[layer].numpy(), A.mean(0), atol=1e-5)
        n_active = (A > 0).reshape(3, 4, -1).sum(1)
        codes = np.array([TYPES.index(each) for each in names])[n_active]
        usual = [np.bincount(codes[:, i], minlength=4).argmax() for i in range(A.shape[1])]
        np.testing.assert_array_equal(found.types[layer].numpy(), usual)
