"""A GGUF file, and whether the model that transformers makes of it is the model in the file.

transformers reads some values and tensors of a file and ignores others without a message, such as position scaling or
biases, so the result is compared with the file: every value of its architecture, and the number of its weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS

from neurontui.compute.models.load.model_files import weight_files
from neurontui.store.errors import MissingExtraError, ModelError

_IN_CONFIG: dict[str, tuple[str, ...]] = {
    "attention.head_count": ("num_attention_heads",),
    "attention.head_count_kv": ("num_key_value_heads", "num_kv_heads"),
    "attention.layer_norm_rms_epsilon": ("rms_norm_eps", "norm_eps", "layer_norm_epsilon"),
    "attention.layer_norm_epsilon": ("layer_norm_epsilon", "layer_norm_eps", "norm_epsilon"),
    "attention.relative_buckets_count": ("relative_attention_num_buckets",),
    "attention.sliding_window": ("sliding_window",),
    "attn_logit_softcapping": ("attn_logit_softcapping",),
    "decoder_start_token_id": ("decoder_start_token_id",),
    "expert_count": ("num_local_experts", "num_experts"),
    "expert_used_count": ("num_experts_per_tok",),
    "final_logit_softcapping": ("final_logit_softcapping",),
    "rope.freq_base": ("rope_theta",),
    "use_parallel_residual": ("use_parallel_residual",),
}
"""Values of a file that change numbers, and their names in a configuration."""
_IN_SHAPES = frozenset({
    "block_count", "decoder_block_count", "embedding_length", "expert_feed_forward_length", "feed_forward_length",
    "vocab_size", "attention.key_length", "attention.value_length",
})  # fmt: skip
"""Values that the shapes of the weights repeat, which transformers compares."""
_NO_EFFECT = frozenset({"context_length", "rope.scaling.finetuned"})
_OTHER_ATTENTION_SCALE = {("gemma2", 46), ("gemma3", 62)}
"""The 27B models scale attention by a number that is in neither the file nor transformers' defaults."""


@dataclass(frozen=True)
class GgufFile:
    """The description in a GGUF file."""

    path: Path
    architecture: str
    quantization: str
    """Type of most weights, such as Q4_K_M."""
    values: dict[str, Any]
    """The file's values about its architecture."""
    adds_bos: bool | None
    """Whether the tokenizer should add a BOS token; None if the file does not say."""
    n_weights: dict[str, int]
    """Number of weights of each tensor."""


def find_gguf(path: Path) -> Path | None:
    """The GGUF file that a path names: itself, or the only one in a folder without other weights."""
    if path.is_file():
        return path if path.suffix.lower() == ".gguf" else None
    files = sorted(file for file in path.glob("*") if file.suffix.lower() == ".gguf")
    if not files or weight_files(path):
        return None
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ModelError(f"{path} contains {len(files)} GGUF files ({names}); use the path of one of them as --model.")
    return files[0]


def read_gguf(path: Path) -> GgufFile:
    """The description in a file; raises ModelError if it is no complete GGUF file, MissingExtraError without gguf."""
    try:
        from gguf import GGUFReader, LlamaFileType
    except ImportError as error:
        raise MissingExtraError(
            f"{path.name} is a GGUF file, and reading it requires the package gguf: pip install 'neurontui[gguf]'"
        ) from error
    try:
        reader = GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items() if not _is_vocabulary(name)}
        architecture = str(fields["general.architecture"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ModelError(
            f"{path} cannot be read as a GGUF file; it may be incomplete, so download it again."
        ) from error
    if fields.get("split.count", 0) > 1:
        raise ModelError(f"{path} is one of several parts; merge them with `llama-gguf-split --merge` first.")
    prefix = f"{architecture}."
    kind = fields.get("general.file_type")
    return GgufFile(
        path=path,
        architecture=architecture,
        quantization="of unknown type" if kind is None else LlamaFileType(kind).name.removeprefix("MOSTLY_"),
        values={name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)},
        adds_bos=fields.get("tokenizer.ggml.add_bos_token"),
        n_weights={tensor.name: int(tensor.n_elements) for tensor in reader.tensors},
    )


def _is_vocabulary(field: str) -> bool:
    """Whether a field is one of the long lists of a tokenizer, which transformers reads."""
    return field in {f"tokenizer.ggml.{name}" for name in ("tokens", "scores", "token_type", "merges")}


def require_same_model(file: GgufFile, model: Any) -> None:
    """Raise ModelError unless a model has every value and every weight of the file that it was made from."""
    if faults := list(_faults(file, model)):
        raise ModelError(
            f"transformers does not read all of {file.path.name} ({faults[0]}), so its numbers would be wrong; "
            "use the original model as a safetensors folder."
        )


def _faults(file: GgufFile, model: Any) -> Iterator[str]:
    config = model.config.get_text_config()
    if (file.architecture, file.values.get("block_count")) in _OTHER_ATTENTION_SCALE:
        yield "the scale of its attention"
    if file.architecture not in GGUF_CONFIG_ARCHS:
        yield from (f"{name} = {value}" for name, value in file.values.items() if not _is_same(name, value, config))
    if extra := sorted(name for name in file.n_weights if name.startswith("rope_")):
        yield f"its position scaling in the tensor {extra[0]}"
    expected, actual = _expected_weights(file, config), _weights(model)
    if expected != actual:
        yield f"it has {expected:,} weights, the model {actual:,}"


def _is_same(name: str, value: Any, config: Any) -> bool:
    if name in _IN_SHAPES | _NO_EFFECT:
        return True
    if name in ("attention.causal", "rope.scaling.type"):
        return value in (True, "none")
    if name == "rope.dimension_count":
        return bool(value == _rotated(config))
    value = max(value) if isinstance(value, list) else value
    return any(isclose(value, other, rel_tol=1e-5) for key in _IN_CONFIG.get(name, ()) for other in _of(config, key))


def _of(config: Any, key: str) -> Iterator[float]:
    """Numbers that a configuration has under a name, also per kind of layer."""
    rope = getattr(config, "rope_parameters", None) or {}
    places = [rope, *(inner for inner in rope.values() if isinstance(inner, dict)), {key: getattr(config, key, None)}]
    yield from (value for place in places if isinstance(value := place.get(key), int | float))


def _rotated(config: Any) -> int:
    """Dimensions of a head that positions rotate."""
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(width * next(_of(config, "partial_rotary_factor"), 1.0))


def _expected_weights(file: GgufFile, config: Any) -> int:
    """Weights in a file; an output embedding that is tied to the input embedding counts once."""
    repeated = file.n_weights.get("output.weight", 0) if config.tie_word_embeddings else 0
    return sum(file.n_weights.values()) - repeated


def _weights(model: Any) -> int:
    """Weights of a model; tied ones count once."""
    return sum({tensor.data_ptr(): tensor.numel() for tensor in model.state_dict().values()}.values())
