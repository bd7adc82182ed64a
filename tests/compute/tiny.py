"""Tiny random models and a small real tokenizer, for every test of compute.

Every parameter is drawn at random, biases and norm weights too: with zeros and ones a bug in them would not show.
Models are written to a folder and loaded from there, so tests go the way a user's model goes.
"""

import functools
import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedTokenizerFast,
)

from neurontui.compute.batch import Batch
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example

VOCABULARY = 384
_SIZES = {"vocab_size": VOCABULARY, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}
ENCODER_DECODER = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "decoder_start_token_id": 3,
}  # fmt: skip
"""Sizes of BART, BigBird-Pegasus and FSMT."""
_LLAMA = {
    **_SIZES,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
_HEADS = {"head_dim": 8}
_T5 = {
    **_SIZES,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 1,
    "dropout_rate": 0.1,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "bloom": {**_SIZES, "hidden_size": 32, "n_layer": 2, "n_head": 4},
    "llama": {**_LLAMA, "mlp_bias": True, "attention_bias": True},
    "xglm": {
        **_SIZES,
        "d_model": 32,
        "ffn_dim": 48,
        "num_layers": 2,
        "attention_heads": 4,
        "max_position_embeddings": 128,
    },
    "mt5": {**_T5, "feed_forward_proj": "gated-gelu"},
    "umt5": {**_T5, "feed_forward_proj": "gated-gelu"},
    "t5": {**_T5, "feed_forward_proj": "relu"},
    "gpt2": {**_SIZES, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128},
    "opt": {
        **_SIZES,
        "hidden_size": 32,
        "word_embed_proj_dim": 32,
        "ffn_dim": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
    },
    "qwen3": {**_LLAMA, **_HEADS},
    "gemma3_text": {**_LLAMA, **_HEADS, "sliding_window": 8, "query_pre_attn_scalar": 8},
    "mistral": {**_LLAMA, **_HEADS, "sliding_window": 8},
    "qwen2": _LLAMA,
    "gemma2": {**_LLAMA, **_HEADS, "sliding_window": 8, "query_pre_attn_scalar": 8},
    "gpt_neox": {
        **_SIZES,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
    },
    "phi3": _LLAMA,
    # The multimodal wrapper, given text alone.
    "gemma3": {
        "text_config": {**_LLAMA, **_HEADS, "sliding_window": 8, "query_pre_attn_scalar": 8},
        "vision_config": {
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 8,
            "patch_size": 4,
        },
        "mm_tokens_per_image": 4,
        **{name: value for name, value in _SIZES.items() if name != "vocab_size"},
    },
}
"""Configurations by model_type; the models have two layers a stack."""

_EXPERTS = {**_LLAMA, **_HEADS, "num_experts_per_tok": 2, "output_router_logits": False}
MIXTURES: dict[str, dict[str, Any]] = {
    "mixtral": {**_EXPERTS, "intermediate_size": 24, "num_local_experts": 5},
    "qwen3_moe": {
        **_EXPERTS,
        "num_experts": 6,
        "moe_intermediate_size": 16,
        "num_experts_per_tok": 3,
        "norm_topk_prob": True,
        "num_hidden_layers": 3,
        "mlp_only_layers": [1],
    },
}
"""Mixtures of experts; the second has one ordinary layer between two of experts."""

MORE: dict[str, dict[str, Any]] = {
    "gpt_neo": {
        **_SIZES,
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "intermediate_size": 48,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 8,
        "max_position_embeddings": 128,
    },
    "mpt": {**_SIZES, "d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 128},
    "bigbird_pegasus": {
        **_SIZES,
        **ENCODER_DECODER,
        "max_position_embeddings": 256,
        "block_size": 4,
        "num_random_blocks": 1,
    },
}
"""Architectures of the finder whose attention depends on more than one prompt; not among those tested throughout."""

BEHIND: dict[str, dict[str, Any]] = {
    "olmo2": _LLAMA,
    "olmo3": {**_LLAMA, "sliding_window": 8},
    "exaone4": {**_LLAMA, **_HEADS, "sliding_window": 8},
    "glm4": {**_LLAMA, **_HEADS, "partial_rotary_factor": 0.5},
    "hyperclovax": {**_LLAMA, **_HEADS, "use_post_norm": True, "residual_multiplier": 0.7},
    "afmoe": {**_LLAMA, **_HEADS, "num_dense_layers": 2},
    "granite": {**_LLAMA, "residual_multiplier": 0.22},
}
"""Besides Gemma, architectures with a norm or a constant factor between FFN and residual stream."""

AFTER_THE_SUM: dict[str, dict[str, Any]] = {
    "bart": {
        **_SIZES,
        **ENCODER_DECODER,
        "max_position_embeddings": 128,
        "forced_eos_token_id": None,
    },
}
"""Post-LN: the norm after an FFN gets the sum of the FFN's output and the residual stream."""

LANGUAGES = ("en", "de", "tr", "zh")
PROMPTS = {
    "en": ("The capital of Portugal is", "Ankara", "Paris is the capital of which country? It is"),
    "de": ("Die Hauptstadt von Portugal ist", "Ankara heißt", "Paris ist die Hauptstadt von"),
    "tr": ("Portekiz'in başkenti", "Türkiye'nin başkenti olan şehir", "Paris"),
    "zh": ("葡萄牙的首都是", "土耳其的首都是安卡拉", "巴黎是法国的首都。法国的首都是"),
}
"""Three examples in four languages, of very different lengths."""


def batch(languages: tuple[str, ...] = LANGUAGES) -> Batch:
    """The prompts above as one batch; examples 0 and 2 share a fold."""
    examples = tuple(
        Example(id=f"e{i}", cluster=f"c{i}", prompts={code: PROMPTS[code][i] for code in languages}) for i in range(3)
    )
    return Batch(number=0, indices=(0, 1, 2), folds=(4, 7, 4), examples=examples, languages=languages)


LONGROPE = {
    "original_max_position_embeddings": 24,
    "rope_parameters": {
        "rope_type": "longrope",
        "rope_theta": 10000.0,
        "short_factor": [1.0, 1.1, 1.2, 1.3],
        "long_factor": [3.0, 6.0, 9.0, 12.0],
    },
}
"""Position scaling as in Phi-3 128k: other factors for a whole pass where one input is longer than 24 tokens."""
DYNAMIC = {
    "max_position_embeddings": 64,
    "rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0},
}
"""Position scaling by the longest input so far, where that is longer than 64 tokens."""


@functools.cache
def load_tiny(
    architecture: str,
    *,
    padding_side: str = "right",
    pad_is_eos: bool = False,
    scaling: str | None = None,
    post_norm: bool = True,
) -> LoadedModel:
    """A tiny model of an architecture, loaded through the loader, in float32 on the CPU.

    scaling: longrope or dynamic, for an architecture with rotary positions.
    """
    changes = {None: {}, "longrope": LONGROPE, "dynamic": DYNAMIC}[scaling]
    with tempfile.TemporaryDirectory() as folder:
        path = save_tiny(architecture, Path(folder) / architecture, **changes)
        save_tokenizer(architecture, path, padding_side=padding_side, pad_is_eos=pad_is_eos)
        return load_model(ModelOptions(str(path), device="cpu", post_norm=post_norm))


def save_tiny(architecture: str, folder: Path, seed: int = 0, **changes: Any) -> Path:
    """Write a tiny model and its tokenizer to a folder; `changes` go into its configuration."""
    torch.manual_seed(seed)
    sizes = {**CONFIGS, **MIXTURES, **MORE, **BEHIND, **AFTER_THE_SUM}[architecture]
    config = AutoConfig.for_model(architecture, **{**sizes, **changes})
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model = auto.from_config(config)
    randomise(model)
    model.save_pretrained(folder)
    save_tokenizer(architecture, folder)
    return folder


def randomise(model: torch.nn.Module) -> None:
    """Draw every parameter at random, in place: matrices near their usual scale, vectors around 0.5."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, parameter.shape[-1] ** -0.5)
            else:
                parameter.uniform_(-0.5, 1.5)


def save_tokenizer(architecture: str, folder: Path, *, padding_side: str = "right", pad_is_eos: bool = False) -> None:
    """Write the tokenizer; as the originals do, LLaMA's begins with <s>, XGLM's and OPT's with </s>, T5's ends so."""
    tokenizer = Tokenizer.from_str(_tokenizer_json())
    frame = _FRAMES.get(architecture)
    if frame is not None:
        special = [("<s>", 2), ("</s>", 3)]
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(single=frame, special_tokens=special),
            ]
        )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="</s>" if pad_is_eos else "<pad>",
        bos_token="<s>",
        eos_token="</s>",
        padding_side=padding_side,
    ).save_pretrained(folder)


_FRAMES = {
    **dict.fromkeys(("llama", "mistral", "mixtral", "gemma2", "gemma3_text", "gemma3", "phi3"), "<s> $A"),
    **dict.fromkeys(("xglm", "opt"), "</s> $A"),
    **dict.fromkeys(("t5", "mt5", "umt5"), "$A </s>"),
    "qwen2": "<s> $A </s>",  # a decoder-only tokenizer that ends its input, as some do
}


@functools.cache
def _tokenizer_json() -> str:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<unk>", "<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text for texts in PROMPTS.values() for text in texts], trainer)
    return str(tokenizer.to_str())
