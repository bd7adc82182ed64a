"""Which inputs may share a forward pass without changing the result of any of them.

Most of a model processes each input independently. Exceptions in transformers depend on the longest input of a pass
(position scaling by length), on earlier inputs (dynamic scaling, block-sparse attention), or on the position of pads
when tokens are appended after them (attention windows, distances counted in slots). Inputs are grouped by the lengths
that switch such a mechanism; if no grouping is correct, the model or the input is refused.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neurontui.store.errors import ModelError

_WINDOWS = ("sliding_window", "window_size", "attention_window_size", "local_attention")
"""Configuration fields with the width of an attention window."""
_COUNTS_DISTANCES_BY_MASK = frozenset({"bloom"})
"""Decoders without position_ids that compute distances from the attention mask, so pads have no effect."""


def require_no_memory_of_other_inputs(config: Any, name: str) -> None:
    """Raise ModelError for a model whose result for an input depends on earlier inputs, or on chance."""
    if getattr(config, "attention_type", None) == "block_sparse":
        raise ModelError(
            f"'{name}' has block-sparse attention, which transformers disables permanently at the first short input, "
            "so its results would depend on the order of the inputs; set attention_type to original_full in a copy "
            "of its config.json."
        )
    if "lsh" in (getattr(config, "attn_layers", None) or ()):
        raise ModelError(
            f"'{name}' has attention over randomly hashed tokens (LSH), so its results for long inputs differ from "
            "pass to pass; choose another model."
        )


def length_switches(config: Any) -> tuple[int, ...]:
    """Lengths in tokens, ascending, beyond which a pass is computed differently, by its longest input.

    Beyond such a length, longrope uses its long factors for the whole pass. Dynamic scaling needs no entry: it begins
    at max_position_embeddings, and longer inputs are refused.
    """
    scalings = [scaling for part in _parts(config) for scaling in _scalings(part)]
    switches = {
        int(scaling["original_max_position_embeddings"])
        for scaling in scalings
        if scaling.get("rope_type") == "longrope"
    }
    return tuple(sorted(switches))


def length_groups(config: Any, lengths: Sequence[int]) -> list[int]:
    """Group number of each input; inputs of different groups never share a pass. lengths: tokens of each input."""
    switches = length_switches(config)
    return [bisect_left(switches, length) for length in lengths]


def crossed_switch(config: Any, length: int, room: int) -> int | None:
    """The length that an input of `length` tokens crosses while up to `room` tokens are appended; None if it does not.

    The last appended token is never read, so `room` tokens reach length + room - 1.
    """
    switches = length_switches(config)
    crossed = switches[bisect_left(switches, length) : bisect_left(switches, length + room - 1)]
    return crossed[0] if crossed else None


def counts_pads(config: Any, longest: int, *, takes_positions: bool) -> bool:
    """Whether tokens appended after pads count them as distance; then only inputs of equal length share a pass.

    longest: tokens of the longest input plus appended tokens; takes_positions: whether the model accepts position_ids.
    The decoder of an encoder-decoder starts with one token for every input, so it has no pads.
    """
    if config.is_encoder_decoder:
        return False
    if not takes_positions and config.model_type not in _COUNTS_DISTANCES_BY_MASK:
        return True
    text = config.get_text_config()
    widths = [getattr(text, name, None) for name in _WINDOWS]
    return any(isinstance(width, int) and 0 < width < longest for width in widths)


def _parts(config: Any) -> Iterator[Any]:
    """A configuration and its nested configurations for text: of an encoder, a decoder or a language model."""
    yield config
    for name in ("text_config", "encoder", "decoder"):
        inner = getattr(config, name, None)
        if inner is not None and inner is not config and hasattr(inner, "model_type"):
            yield from _parts(inner)


def _scalings(config: Any) -> Iterator[Mapping[str, Any]]:
    """The position scalings of a configuration: one, or one per kind of layer."""
    parameters = getattr(config, "rope_parameters", None)
    if not isinstance(parameters, Mapping):
        return
    yield parameters
    yield from (inner for inner in parameters.values() if isinstance(inner, Mapping))
