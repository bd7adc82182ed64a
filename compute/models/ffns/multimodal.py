"""Models that read images too, such as Qwen2-VL and Mistral 3: only their text decoder is measured, with text alone.

The image encoder does not run, so its FFNs are not found. Listed are architectures that read a text as their decoder
alone would; PaliGemma, for example, requires a mask of the tokens that it reads in both directions.
"""

from typing import Any

from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from neurontui.store.errors import ModelError

MULTIMODAL = frozenset({
    "aya_vision", "cohere2_vision", "exaone4_5", "glm4v", "idefics3", "internvl", "llava", "llava_next",
    "llava_onevision", "mistral3", "ovis2", "qwen2_5_vl", "qwen2_vl", "qwen3_vl", "qwen3_vl_moe", "smolvlm", "vipllava",
})  # fmt: skip
"""Values of model_type. Gemma 3 and 4, Llama 3.2 and 4 and Qwen 3.5 have classes for text, and need no entry."""


def is_multimodal(config: Any) -> bool:
    """Whether a model reads images too, and transformers has no class for its text alone."""
    kind = type(config)
    text_alone = config.is_encoder_decoder or kind in MODEL_FOR_CAUSAL_LM_MAPPING
    return kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING and not text_alone


def require_supported_multimodal(config: Any, name: str) -> None:
    """Raise ModelError for a model with images that is not in `MULTIMODAL`."""
    if is_multimodal(config) and config.model_type not in MULTIMODAL:
        raise ModelError(
            f"'{name}' reads images too, and its architecture '{config.model_type}' is not supported; models of these "
            f"architectures are: {', '.join(sorted(MULTIMODAL))}. Or use its language model alone."
        )
