"""Which class of transformers loads a model, from its configuration."""

from typing import Any

from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM


def auto_class(config: Any) -> Any:
    """The auto class with the LM head of a configuration's architecture."""
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
