"""Which class of transformers loads a model, from its configuration."""

from threading import RLock
from typing import Any

from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
)

from neurontui.compute.models.ffns.encoders import is_encoder
from neurontui.compute.models.ffns.multimodal import is_multimodal
from neurontui.store.errors import ModelError

LOADING = RLock()
"""Held while a model is loaded: transformers changes its own classes meanwhile (such as not to tie weights), and of two
threads that load at the same time, the later would restore what the earlier had set, for every model after them."""


def auto_class(config: Any) -> Any:
    """The auto class with the LM head of a configuration's architecture."""
    if config.is_encoder_decoder:
        return AutoModelForSeq2SeqLM
    if is_encoder(config):
        return AutoModelForMaskedLM
    return AutoModelForImageTextToText if is_multimodal(config) else AutoModelForCausalLM


def require_language_model(config: Any, name: str) -> None:
    """Raise ModelError for a model that transformers does not load as a language model for text alone."""
    if type(config) in auto_class(config)._model_mapping:
        return
    parts = [part for part in getattr(config, "sub_configs", {}) if getattr(config, part, None) is not None]
    made_of = f" or for the text alone of its parts {', '.join(parts)}" if parts else ""
    raise ModelError(
        f"'{name}' is not a language model that generates text: transformers has no class for '{config.model_type}' as "
        f"such{made_of}; choose another model."
    )
