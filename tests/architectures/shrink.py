"""A tiny configuration of any architecture, from the fields of its configuration class.

Sizes are set by the names of fields, in nested configurations too; what an architecture needs beside that is in
`exceptions.py`.
"""

import re
from typing import Any

from transformers import AutoConfig, PretrainedConfig

from tests.architectures.exceptions import EXCEPTIONS

VOCABULARY = 384
_SIZES: tuple[tuple[str, int], ...] = (
    (r"(src_|tgt_)?vocab_size|n_vocab|vocab_size_per_layer_input|entity_vocab_size", VOCABULARY),
    (r"pad_token_id", 1),
    (r"bos_token_id", 2),
    (r"eos_token_id", 3),
    (r"decoder_start_token_id", 3),
    (r"(num|n)_(shared_experts)", 1),
    (r"num_experts_per_(tok|token)|moe_(top_?k|k)|top_?k_experts|moe_topk|num_selected_experts|top_k", 2),
    (r"(num|n|moe_num)_(local_|routed_|total_)?experts", 4),
    (r"n_group|topk_group", 1),
    (r"first_k_dense_replace|moe_layer_start_index", 1),
    (r"(num|n)_(hidden_|encoder_|decoder_)?layers?|(encoder|decoder)_layers|n_layer|num_blocks|depth", 2),
    (r"num_key_value_heads|num_kv_heads|n_head_kv|multi_query_group_num", 2),
    (r"(num|n)_(attention_|query_)?heads?|(encoder|decoder)_attention_heads|attention_heads|n_head", 4),
    (r"head_dim|d_kv|v_head_dim|qk_nope_head_dim|global_head_dim", 8),
    (r"qk_rope_head_dim|kv_lora_rank|q_lora_rank|rotary_dim|index_head_dim", 8),
    (r"qk_head_dim", 16),
    (r"moe_intermediate_size|expert_ffn_hidden_size|moe_ffn_hidden_size|ffn_hidden_size_moe", 16),
    (r"shared_(expert_)?intermediate_size|moe_shared_expert_intermediate_size", 24),
    (r".*intermediate_(size|dim)(_mlp)?|.*ffn_dim|d_ff|n_inner|inner_dim|.*ffn_hidden_size|ff_dim|decoder_ff_dim", 48),
    (r"hidden_size|d_model|n_embd|dim|embed_dim|embedding_size|word_embed_proj_dim|d_embed|emb_dim|hidden_dim", 32),
    (r"max_position_embeddings|n_positions|max_seq_len|max_sequence_length|max_(source|target)_positions|n_ctx", 128),
    (r"sliding_window|window_size|attention_window_size|local_attention", 16),
    (r"lru_width", 32),
    (r"(mamba_)?chunk_size", 16),
    (r"image_size", 8),
    (r"patch_size", 4),
)
"""Values by name of the field, for fields whose default is a whole number or None; the first match holds."""
_FACTORS = {"residual_multiplier": 0.3, "routed_scaling_factor": 2.5, "mlp_multipliers": [0.7, 0.3]}
"""Constants in and behind FFNs by name of the field, because a factor of 1 hides that it is left out."""
_PATTERNS = tuple((re.compile(pattern), value) for pattern, value in _SIZES)
_NONE_STAYS = re.compile(r".*(intermediate|ffn|inner|window|lora|start_token|experts|top_?k|heads|hidden_size).*")
"""Fields that are switched off, or follow from another field, where they are None."""


def tiny_config(name: str, *, encoder: bool = False) -> PretrainedConfig:
    """A configuration of an architecture with the smallest sizes that its parts accept.

    encoder: of one that can be a decoder too.
    """
    whole = AutoConfig.for_model(name)
    changes = _merged(_changes(whole), EXCEPTIONS.get(name, {}))
    if encoder:
        changes.pop("is_decoder", None)
    config = AutoConfig.for_model(name, **changes)
    if config.is_encoder_decoder and getattr(config, "decoder_start_token_id", None) is None:
        config.decoder_start_token_id = 3
    return config


def _merged(changes: dict[str, Any], exceptions: dict[str, Any]) -> dict[str, Any]:
    """Changes with those of an architecture, in nested configurations too."""
    nested = {
        name: _merged(changes[name], value)
        for name, value in exceptions.items()
        if isinstance(value, dict) and isinstance(changes.get(name), dict)
    }
    return {**changes, **exceptions, **nested}


def _changes(config: PretrainedConfig) -> dict[str, Any]:
    fields = {name: value for name, value in vars(config).items() if not name.startswith("_")}
    nested = {
        name: {"model_type": value.model_type, **_changes(value)} if value.model_type else _changes(value)
        for name, value in fields.items()
        if isinstance(value, PretrainedConfig)
    }
    sizes = {name: size for name, value in fields.items() if (size := _size(name, value)) is not None}
    if fields.get("num_key_value_heads") == fields.get("num_attention_heads") and "num_key_value_heads" in sizes:
        sizes["num_key_value_heads"] = sizes["num_attention_heads"]
    factors = {name: value for name, value in _FACTORS.items() if fields.get(name) is not None}
    return sizes | factors | nested


def _size(name: str, value: object) -> int | None:
    if isinstance(value, bool) or not (value is None or isinstance(value, (int, list))):
        return None
    if isinstance(value, list) and not name.endswith("token_id"):
        return None
    if value is None and _NONE_STAYS.fullmatch(name):
        return None
    return next((size for pattern, size in _PATTERNS if pattern.fullmatch(name)), None)
