"""Models that a test of the self-check damages, and the sentence with which they are refused."""

import copy
import re
from dataclasses import replace

import pytest
import torch

from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.self_check.self_check import self_checked
from neurontui.store.errors import ExitCode, ModelError
from tests.compute.tiny import load_tiny


def copied(architecture: str, dtype: torch.dtype = torch.float32) -> LoadedModel:
    """A model that a test may damage."""
    loaded = load_tiny(architecture)
    model = copy.deepcopy(loaded.model).to(dtype)
    name = str(dtype).removeprefix("torch.")
    return replace(loaded, model=model, ffns=find_ffns(model), dtype=name, self_check=None)


def refusal(loaded: LoadedModel) -> str:
    with pytest.raises(ModelError) as error:
        self_checked(loaded)
    return one_sentence(error.value)


def one_sentence(error: ModelError) -> str:
    message = str(error)
    assert error.exit_code is ExitCode.MODEL
    assert re.match(r"'.+' \(\w+\) fails the self-check and is not measured: ", message)
    assert message.endswith(".")
    assert "\n" not in message
    return message.split("not measured: ")[1]
