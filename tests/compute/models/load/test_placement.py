"""The decision about dtype and device, machine by machine."""

import pytest
import torch

from neurontui.compute.models.load import placement
from neurontui.compute.models.load.placement import LARGE, place
from neurontui.store.errors import ModelError


def small() -> int:
    return 1_000_000


def large() -> int:
    return LARGE + 1


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("no_card")
def test_without_a_card_everything_is_float32_on_the_cpu() -> None:
    found = place(None, None, torch.float16, large)
    assert (found.device, found.dtype) == (torch.device("cpu"), torch.float32)
    assert "no GPU" in found.reason


@pytest.mark.usefixtures("two_cards")
@pytest.mark.parametrize(
    ("stored", "count", "dtype"),
    [
        (torch.float16, large, torch.float16),
        (torch.bfloat16, large, torch.bfloat16),
        (torch.float32, small, torch.float32),
        (torch.float32, large, torch.bfloat16),
        (None, large, None),
    ],
)
def test_on_a_card_the_checkpoint_decides(stored, count, dtype) -> None:  # type: ignore[no-untyped-def]
    found = place(None, None, stored, count)
    assert (found.device, found.dtype) == (torch.device("cuda:0"), dtype)


@pytest.mark.usefixtures("two_cards")
def test_the_user_decides_before_all() -> None:
    assert place("cuda:1", "fp32", torch.float32, large).dtype == torch.float32
    assert place("cuda:1", None, None, large).device == torch.device("cuda:1")
    assert place("cpu", None, torch.bfloat16, large).dtype == torch.float32
    assert place("cpu", "bf16", None, large).dtype == torch.bfloat16


@pytest.mark.usefixtures("two_cards")
def test_a_card_beyond_the_last_is_reported() -> None:
    with pytest.raises(ModelError, match=r"torch sees 2 GPU\(s\)"):
        place("cuda:2", None, None, small)


@pytest.mark.parametrize("device", ["gpu", "tpu", "meta"])
def test_a_device_that_is_none(device: str) -> None:
    with pytest.raises(ModelError, match="use cpu, cuda or cuda:1"):
        place(device, None, None, small)


def test_every_dtype_has_a_name_of_its_own() -> None:
    assert {str(each).removeprefix("torch.") for each in placement.DTYPES.values()} <= set(placement.DTYPES)
