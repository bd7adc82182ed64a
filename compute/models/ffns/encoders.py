"""Encoders without a decoder, such as XLM-R and ModernBERT: which ones are measured, and their FFNs.

They are read at the mask token of a prompt, or at its last token, and generate nothing. Only architectures whose
numbers do not depend on the other inputs of a pass are listed: FNet, Nyströmformer, ConvBERT and others mix in pads.
"""

from typing import Any

from transformers import MODEL_FOR_MASKED_LM_MAPPING

from neurontui.compute.models.ffns.architectures import Stack, known_ffns
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.store.errors import ModelError

_BERT = (Stack("encoder.layer", "", "intermediate.intermediate_act_fn", "output.dense", name="encoder"),)
_GATED = (Stack("layers", "mlp", "act_fn", "down_proj", gate="gate_proj", name="encoder"),)

ENCODERS: dict[str, tuple[Stack, ...]] = {
    **dict.fromkeys(
        (
            "bert", "big_bird", "camembert", "data2vec-text", "deberta", "deberta-v2", "electra", "ernie",
            "megatron-bert", "mpnet", "rembert", "roberta", "roberta-prelayernorm", "roformer", "xlm-roberta",
            "xlm-roberta-xl",
        ),
        _BERT,
    ),
    "distilbert": (Stack("transformer.layer", "ffn", "activation", "lin2", name="encoder"),),
    "eurobert": _GATED,
    "gte": _GATED,
    "nomic_bert": _GATED,
    "jina_embeddings_v3": (Stack("layers", "mlp", "activation_fn", "fc2", name="encoder"),),
    "modernbert": (Stack("layers", "mlp", "act", "Wo", gate="Wi", name="encoder"),),
}  # fmt: skip
"""Stacks by model_type, as in `architectures.KNOWN`."""


def is_encoder(config: Any) -> bool:
    """Whether the model of a configuration only encodes: it fills masks, and attention is not causal."""
    causal = config.is_encoder_decoder or getattr(config, "is_decoder", False) or getattr(config, "causal", False)
    return type(config) in MODEL_FOR_MASKED_LM_MAPPING and not causal


def require_supported_encoder(config: Any, name: str) -> None:
    """Raise ModelError for an encoder that is not in `ENCODERS`."""
    if is_encoder(config) and config.model_type not in ENCODERS:
        raise ModelError(
            f"'{name}' is an encoder of the architecture '{config.model_type}', which is not supported; encoders of "
            f"these architectures are: {', '.join(sorted(ENCODERS))}."
        )


def encoder_ffns(model: Any) -> tuple[FFN, ...]:
    """The FFNs of an encoder; all are in the stack `encoder`."""
    return known_ffns(model, ENCODERS[model.config.model_type])
