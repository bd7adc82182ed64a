"""What the tiny configuration of an architecture needs beside the sizes that `shrink` sets by field name."""

from typing import Any

_FULL = {"rope_type": "default", "rope_theta": 10000.0}
_CACHES = {"num_hidden_layers": 2, "num_kv_shared_layers": 0}
_MAMBA2 = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 1}

EXCEPTIONS: dict[str, dict[str, Any]] = {
    "axk2": {"topk_group": 1, "n_group": 1},
    "bailing_hybrid": {"num_expert_group": 1, "linear_num_heads": 4, "linear_head_dim": 8, "layer_group_size": 2},
    "bamba": _MAMBA2,
    "cohere_compass_text": {"rope_parameters": {"full_attention": _FULL, "sliding_attention": _FULL}},
    "deepseek_v2": {"num_experts_per_tok": 2, "topk_method": "greedy"},
    "deepseek_v4": {"mlp_layer_types": ["moe", "moe"]},
    "dots1": {"n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1, "first_k_dense_replace": 1},
    "gemma3n_text": {
        **_CACHES,
        "intermediate_size": [48, 48],
        "activation_sparsity_pattern": [0.5, 0.0],
        "layer_types": ["full_attention", "sliding_attention"],
    },
    "gemma4_unified_assistant": {"text_config": _CACHES},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "granitemoehybrid": {**_MAMBA2, "layer_types": ["attention", "attention"]},
    "kimi_linear": {"linear_num_heads": 4, "linear_head_dim": 8},
    "laguna": {"moe_routed_scaling_factor": 2.5},
    "lfm2": {"layer_types": ["full_attention", "conv"]},
    "lfm2_moe": {"layer_types": ["full_attention", "conv"], "num_dense_layers": 1},
    "mamba2": {"num_heads": 8, "n_groups": 1},
    "nemotron": {"num_key_value_heads": 2},
    "nllb-moe": {"encoder_sparse_step": 2, "decoder_sparse_step": 2},
    "reformer": {"is_decoder": True, "axial_pos_shape": [8, 16], "axial_pos_embds_dim": [16, 16]},
    "roc_bert": {
        "shape_vocab_size": 32,
        "shape_embed_dim": 8,
        "pronunciation_vocab_size": 32,
        "pronunciation_embed_dim": 8,
    },
    "switch_transformers": {"num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1},
    "xmod": {"default_language": "en_XX"},
    "zamba": {"num_hidden_layers": 3, "layers_block_type": ["linear_attention", "linear_attention", "hybrid"]},
    "zamba2": {
        "layers_block_type": ["linear_attention", "hybrid"],
        "hybrid_layer_ids": [1],
        "n_mamba_heads": 4,
        "mamba_headdim": 16,
    },
    "zaya": {"num_experts_per_tok": 1},
}
"""Changes by architecture; a dict of changes for a nested configuration is added to the sizes set by field name."""

for _encoder in (
    "bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie", "megatron-bert", "rembert",
    "roberta", "roberta-prelayernorm", "roc_bert", "roformer", "xlm-roberta", "xlm-roberta-xl", "xmod",
):  # fmt: skip
    EXCEPTIONS.setdefault(_encoder, {})["is_decoder"] = True
