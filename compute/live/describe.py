"""A model and the memory it needs, before any of its weights is read."""

import torch
from transformers import AutoConfig

from neurontui.compute.estimate.estimate import memory_free
from neurontui.compute.live.local_model import model_of
from neurontui.compute.live.messages import Described, ModelSettings
from neurontui.compute.models.load.auto_class import require_language_model
from neurontui.compute.models.load.checkpoint import find_checkpoint
from neurontui.compute.models.load.load import ModelOptions, count_parameters
from neurontui.compute.models.load.load_errors import as_model_error
from neurontui.compute.models.load.placement import place

_WORKING = 400_000_000
"""Bytes for forward passes and libraries, in addition to the weights."""


def model_options(settings: ModelSettings) -> ModelOptions:
    """How the worker loads a run's model. A subject is not marked in a prompt that somebody types."""
    return ModelOptions(
        model=model_of(settings),
        revision=settings.revision,
        dtype=settings.dtype,
        bos="add" if settings.bos == "add" else "keep" if settings.bos == "keep" else None,
        post_norm=settings.post_norm,
        measured_at="first-generated" if settings.token == "first-generated" else "last",  # noqa: S105 - a position
        chat=settings.chat,
        system=settings.system,
    )


def describe(settings: ModelSettings) -> Described:
    """Name, size and memory of a model. Raises ModelError if there is none."""
    options = model_options(settings)
    with as_model_error(options.model, options.revision, allow_bin=options.allow_bin):
        checkpoint = find_checkpoint(options.model, options.revision)
        config = AutoConfig.from_pretrained(checkpoint.source, revision=checkpoint.revision, trust_remote_code=False)
        require_language_model(config, checkpoint.name)
        n_parameters = count_parameters(config)
    placement = place(options.device, options.dtype, config.dtype, lambda: n_parameters)
    itemsize = (placement.dtype or config.dtype or torch.float32).itemsize
    return Described(
        name=checkpoint.name,
        architecture=config.model_type,
        n_parameters=n_parameters,
        placement=placement.reason,
        needed=n_parameters * itemsize + _WORKING,
        available=memory_free(str(placement.device)),
        download=checkpoint.loaded_folder is None,
    )
