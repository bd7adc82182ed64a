"""What the tiny configuration of an architecture needs beside the sizes that `shrink` sets by field name."""

from typing import Any

_FULL = {"rope_type": "default", "rope_theta": 10000.0}
_CACHES = {"num_hidden_layers": 2, "num_kv_shared_layers": 0}
_MUSICGEN = {"audio_encoder": {"num_filters": 2}, "num_chroma": 4}
_SOUND = {"num_filters": 4, "depths": [1, 1, 1], "downsampling_ratios": [2, 2]}
_MAMBA2 = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 1}

EXCEPTIONS: dict[str, dict[str, Any]] = {
    "axk2": {"topk_group": 1, "n_group": 1},
    "bailing_hybrid": {"num_expert_group": 1, "linear_num_heads": 4, "linear_head_dim": 8, "layer_group_size": 2},
    "bamba": _MAMBA2,
    "blt": {
        "encoder_hash_byte_group_vocab": 32,
        "encoder_config": {"hidden_size_global": 32},
        "decoder_config": {"hidden_size_global": 32},
    },
    "cohere_compass_text": {"rope_parameters": {"full_attention": _FULL, "sliding_attention": _FULL}},
    "deepseek_v2": {"num_experts_per_tok": 2, "topk_method": "greedy"},
    "deepseek_v4": {"mlp_layer_types": ["moe", "moe"]},
    "dbrx": {"attn_config": {"rope_theta": 10000.0}, "ffn_config": {"moe_top_k": 2}},
    "dots3_note": {
        "text_config": {
            "per_layer_config": {},
            "layer_types": ["indexed_attention", "sliding_attention"],
            "mlp_layer_types": ["dense", "sparse"],
            "index_n_heads": 4,
            "head_dim": 16,
        },
        "vision_config": {
            "per_layer_config": {},
            "mlp_layer_types": ["dense", "dense"],
            "adapter_in_dim": 32,
            "adapter_out_dim": 32,
        },
        "audio_config": {"adapter_input_size": 32, "adapter_out_dim": 32, "downsample_hidden_size": 8},
    },
    "dots1": {"n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1, "first_k_dense_replace": 1},
    "encoder-decoder": {"decoder": {"is_decoder": True, "add_cross_attention": True}},
    "funnel": {"block_sizes": [1, 1], "block_repeats": [1, 1], "d_head": 8, "d_inner": 48},
    "gemma3n_text": {
        **_CACHES,
        "intermediate_size": [48, 48],
        "activation_sparsity_pattern": [0.5, 0.0],
        "layer_types": ["full_attention", "sliding_attention"],
    },
    "gemma4_unified_assistant": {
        "text_config": {
            "num_hidden_layers": 4,
            "num_kv_shared_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
        },
        "backbone_hidden_size": 32,
    },
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "granitemoehybrid": {**_MAMBA2, "layer_types": ["attention", "attention"]},
    "kimi_linear": {"linear_num_heads": 4, "linear_head_dim": 8},
    "laguna": {"moe_routed_scaling_factor": 2.5},
    "lfm2": {"layer_types": ["full_attention", "conv"]},
    "lfm2_moe": {"layer_types": ["full_attention", "conv"], "num_dense_layers": 1},
    "mamba2": {"num_heads": 8, "n_groups": 1},
    "nemotron": {"num_key_value_heads": 2},
    "nemo_speechlm": {
        "audio_config": {
            "diarization_config": {"head_config": {"audio_hidden_size": 32}, "audio_config": {"head_dim": 8}},
        },
        "word_timestamp_config": {"blank_token_id": 383},
    },
    "neomme": {"head_dim": 16, "per_layer_config": {}, "layer_types": ["sliding_attention", "full_attention"]},
    "musicgen": _MUSICGEN,
    "musicgen_melody": _MUSICGEN,
    "nllb-moe": {"encoder_sparse_step": 2, "decoder_sparse_step": 2},
    "perceiver": {"d_latents": 32, "num_latents": 8, "num_self_attends_per_block": 2},
    "qwen3_asr": {"audio_config": {"downsample_hidden_size": 8, "output_dim": 32}},
    "reformer": {"is_decoder": True, "axial_pos_shape": [8, 16], "axial_pos_embds_dim": [16, 16]},
    "roc_bert": {
        "shape_vocab_size": 32,
        "shape_embed_dim": 8,
        "pronunciation_vocab_size": 32,
        "pronunciation_embed_dim": 8,
    },
    "switch_transformers": {"num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1},
    "vibevoice_asr": {"acoustic_tokenizer_encoder_config": _SOUND, "semantic_tokenizer_encoder_config": _SOUND},
    "xmod": {"default_language": "en_XX"},
    "zamba": {
        "num_hidden_layers": 4,
        "layers_block_type": ["linear_attention", "hybrid", "linear_attention", "hybrid"],
    },
    "zamba2": {
        "layers_block_type": ["linear_attention", "hybrid"],
        "hybrid_layer_ids": [1],
        "n_mamba_heads": 4,
        "mamba_headdim": 16,
    },
    "zaya": {"num_experts_per_tok": 1},
}
"""Changes by architecture; a dict of changes for a nested configuration is added to the sizes set by field name."""

IMPOSSIBLE = {
    "gemma4_assistant": "its configuration class requires that all layers share the keys and values of other layers, "
    "and its model class raises a ValueError if all do",
}
"""Architectures that transformers itself cannot make."""

CLASSES = {"musicgen": "MusicgenForConditionalGeneration", "musicgen_melody": "MusicgenMelodyForConditionalGeneration"}
"""Classes of whole models, where the class of an auto class takes the configuration of a part."""

for _encoder in (
    "bert", "bert-generation", "big_bird", "camembert", "data2vec-text", "electra", "ernie", "megatron-bert", "rembert",
    "roberta", "roberta-prelayernorm", "roc_bert", "roformer", "xlm-roberta", "xlm-roberta-xl", "xmod",
):  # fmt: skip
    EXCEPTIONS.setdefault(_encoder, {})["is_decoder"] = True
