"""Which class of transformers loads a model, from its configuration."""

from typing import Any

from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

from neurontui.compute.models.encoders import is_encoder


def auto_class(config: Any) -> Any:
    """The auto class with the LM head of a configuration's architecture."""
    if config.is_encoder_decoder:
        return AutoModelForSeq2SeqLM
    return AutoModelForMaskedLM if is_encoder(config) else AutoModelForCausalLM
