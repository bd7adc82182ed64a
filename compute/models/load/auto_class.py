"""Which class of transformers loads a model, from its configuration."""

from typing import Any

from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
)

from neurontui.compute.models.ffns.encoders import is_encoder
from neurontui.compute.models.ffns.multimodal import is_multimodal


def auto_class(config: Any) -> Any:
    """The auto class with the LM head of a configuration's architecture."""
    if config.is_encoder_decoder:
        return AutoModelForSeq2SeqLM
    if is_encoder(config):
        return AutoModelForMaskedLM
    return AutoModelForImageTextToText if is_multimodal(config) else AutoModelForCausalLM
