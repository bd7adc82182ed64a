"""Checkpoints with quantized weights: which ones are dequantized while they are loaded, and which are refused.

transformers loads some quantized weights without their scales and without a message, so what it will read is checked
in the headers of the files first.
"""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from safetensors import safe_open

from neurontui.compute.models.load.model_files import weight_files
from neurontui.store.errors import ModelError

DEQUANTIZED = ("fp8", "mxfp8", "mxfp4")
"""Methods whose weights transformers dequantizes without other packages, on every device."""
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
_FP8 = frozenset({"F8_E4M3", "F8_E5M2"})

Shapes = dict[str, tuple[str, tuple[int, ...]]]
"""Type, such as BF16, and shape of each tensor."""


def ask_to_dequantize(config: Any, name: str) -> str | None:
    """Set a configuration so that its weights are dequantized when they are loaded.

    Returns the method for readers, such as `fp8, dequantized`; None if the weights are not quantized.
    Raises ModelError if they cannot be dequantized.
    """
    place = config if getattr(config, "quantization_config", None) is not None else config.get_text_config()
    settings = getattr(place, "quantization_config", None)
    if settings is None:
        return None
    method = settings.get("quant_method", "bitsandbytes" if "load_in_4bit" in settings else "an unknown method")
    if method not in DEQUANTIZED:
        raise ModelError(
            f"'{name}' is quantized with {method}, and transformers cannot turn its weights back into ordinary ones, "
            f"so its value vectors cannot be read; use the original model, or a version in {', '.join(DEQUANTIZED)} "
            "or GGUF."
        )
    place.quantization_config = {**settings, "dequantize": True}
    return f"{method}, dequantized"


def require_readable_weights(folder: Path, config: Any, name: str) -> None:
    """Raise ModelError if safetensors weights are in a form that would be read as wrong numbers."""
    settings = getattr(config, "quantization_config", None) or getattr(
        config.get_text_config(), "quantization_config", None
    )
    shapes = _shapes(folder)
    if fault := next(_faults(shapes, settings and _as_dict(settings)), None):
        raise ModelError(
            f"The weights of '{name}' are stored in a quantized form that transformers would read as wrong numbers "
            f"({fault}); use the original model."
        )


def _as_dict(settings: Any) -> dict[str, Any]:
    return settings if isinstance(settings, dict) else dict(vars(settings))


def _shapes(folder: Path) -> Shapes:
    shapes: Shapes = {}
    for path in weight_files(folder):
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 - not a dict
                shapes |= {key: (part.get_dtype(), tuple(part.get_shape())) for key, part in slices.items()}
    return shapes


def _faults(shapes: Shapes, settings: dict[str, Any] | None) -> Iterator[str]:
    method = settings and settings.get("quant_method")
    for key, (dtype, shape) in shapes.items():
        if not key.endswith(("weight", "_proj")) or dtype in _FLOATS:
            continue
        scale = shapes.get(f"{key}_scale_inv")
        if method not in ("fp8", "mxfp8") or dtype not in _FP8:
            yield f"{key} has the type {dtype}"
        elif scale is None:
            yield f"{key} has the type {dtype} and no scale {key}_scale_inv"
        elif not _covers(scale[1], shape, (settings or {}).get("weight_block_size", (128, 128))):
            yield f"the scale of {key} does not divide it into whole blocks"


def _covers(scale: tuple[int, ...], weight: tuple[int, ...], block: tuple[int, int] | None) -> bool:
    """Whether a grid of scales divides a matrix into whole blocks, as transformers assumes; without blocks, one."""
    if block is None or prod(scale) == 1:
        return prod(scale) == 1
    whole = tuple(n * size for n, size in zip(scale[-2:], block, strict=True))
    return whole == weight[-2:] and scale[:-2] == weight[:-2]
