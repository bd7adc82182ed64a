"""Packing and type codes against sets of languages, as Eq. 3 to 6 are written, and against NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.compute.measures.masks import (
    ALL_SHARED,
    NON_ACTIVATED,
    PARTIAL_SHARED,
    SPECIFIC,
    TYPES,
    active_in,
    pack_tensor,
    to_numpy,
    type_codes,
)

SIZES = [1, 2, 3, 7, 8, 10, 15, 16, 31, 32, 33, 63, 64]


def type_by_sets(active: set[int], languages: set[int]) -> str:
    """Eq. 3 to 6, a neuron at a time, from the languages in which it is active."""
    seen = active & languages
    if seen == languages:
        return "all-shared"
    if not seen:
        return "non-activated"
    return "specific" if len(seen) == 1 else "partial-shared"


def activity(n_languages: int) -> torch.Tensor:
    """(4, P, 50) bool: nothing, everything, one language per neuron, and random activity."""
    generator = torch.Generator().manual_seed(n_languages)
    active = torch.rand(4, n_languages, 50, generator=generator) < 0.5
    active[0], active[1], active[2] = False, True, False
    active[2, torch.arange(50) % n_languages, torch.arange(50)] = True
    return active


@pytest.mark.parametrize("n_languages", SIZES)
def test_each_bit_of_a_mask_is_a_language(n_languages: int) -> None:
    active = activity(n_languages)
    masks = to_numpy(pack_tensor(active))
    assert masks.dtype == np.uint64
    bits = np.arange(n_languages, dtype=np.uint64)
    unpacked = (masks[:, None, :] >> bits[None, :, None]) & np.uint64(1)
    assert np.array_equal(unpacked.astype(bool), active.numpy())
    assert n_languages == 64 or masks.max() < 1 << n_languages


def test_masks_of_the_paper_leave_the_device_in_two_bytes() -> None:
    packed = pack_tensor(torch.ones(2, 10, 4, dtype=torch.bool))
    assert packed.element_size() == 2
    assert to_numpy(packed).tolist() == [[1023] * 4] * 2


@pytest.mark.parametrize("n_languages", [size for size in SIZES if size > 2])
def test_type_codes_are_those_of_numpy(n_languages: int) -> None:
    """By population counts of the unsigned masks, up to the 64th language, which is the sign bit."""
    packed = pack_tensor(activity(n_languages))
    n_active = np.bitwise_count(to_numpy(packed))
    expected = np.select(
        [n_active == 0, n_active == n_languages, n_active == 1],
        [NON_ACTIVATED, ALL_SHARED, SPECIFIC],
        PARTIAL_SHARED,
    )
    codes = type_codes(packed, n_languages)
    assert codes.dtype == torch.int64
    assert np.array_equal(codes.numpy(), expected)
    assert set(codes.unique().tolist()) == {NON_ACTIVATED, SPECIFIC, PARTIAL_SHARED, ALL_SHARED}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_type_codes_are_those_of_sets_of_languages(data: st.DataObject) -> None:
    n_languages = data.draw(st.integers(3, 64))
    active = data.draw(st.lists(st.sets(st.integers(0, n_languages - 1)), min_size=1, max_size=8))
    # Random sets alone are hardly ever all-shared.
    active += [set(range(n_languages)), set(), {n_languages - 1}]
    flags = torch.tensor([[language in neuron for neuron in active] for language in range(n_languages)])
    codes = type_codes(pack_tensor(flags[None]), n_languages)[0]
    assert [TYPES[code] for code in codes] == [type_by_sets(neuron, set(range(n_languages))) for neuron in active]


@pytest.mark.parametrize("n_languages", SIZES)
def test_activity_in_one_language_comes_back_from_the_mask(n_languages: int) -> None:
    active = activity(n_languages)
    packed = pack_tensor(active)
    for language in {0, n_languages - 1}:
        languages = torch.full((len(active),), language)
        assert torch.equal(active_in(packed, languages), active[:, language])
