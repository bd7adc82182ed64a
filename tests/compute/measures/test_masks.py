"""Packing and classification against sets of languages, as Eq. 3 to 6 are written."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.compute.measures.masks import TYPES, classify, pack, pack_tensor, to_numpy


def type_by_sets(active: set[int], languages: set[int]) -> str:
    """Eq. 3 to 6, a neuron at a time, from the languages in which it is active."""
    seen = active & languages
    if seen == languages:
        return "all-shared"
    if not seen:
        return "non-activated"
    return "specific" if len(seen) == 1 else "partial-shared"


@pytest.mark.parametrize("n_languages", [1, 2, 3, 7, 8, 10, 15, 16, 31, 32, 33, 63, 64])
def test_each_bit_of_a_mask_is_a_language(n_languages: int) -> None:
    generator = torch.Generator().manual_seed(n_languages)
    active = torch.rand(3, n_languages, 50, generator=generator) < 0.5
    active[0] = True
    masks = pack(active)
    assert masks.dtype == np.uint64
    for example in range(3):
        for neuron in range(50):
            bits = (int(active[example, b, neuron]) << b for b in range(n_languages))
            assert int(masks[example, neuron]) == sum(bits)


def test_masks_of_the_paper_leave_the_device_in_two_bytes() -> None:
    packed = pack_tensor(torch.ones(2, 10, 4, dtype=torch.bool))
    assert packed.element_size() == 2
    assert to_numpy(packed).tolist() == [[1023] * 4] * 2


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_types_of_any_language_subset(data: st.DataObject) -> None:
    n_languages = data.draw(st.integers(3, 64))
    languages = data.draw(st.sets(st.integers(0, n_languages - 1), min_size=3))
    active = data.draw(st.lists(st.sets(st.integers(0, n_languages - 1)), min_size=1, max_size=8))
    # Random sets alone hardly ever are all-shared.
    active += [languages, set(), set(list(languages)[:1])]
    masks = np.array([sum(1 << b for b in each) for each in active], np.uint64)
    codes = classify(masks, sum(1 << b for b in languages))
    assert [TYPES[code] for code in codes] == [type_by_sets(each, languages) for each in active]
