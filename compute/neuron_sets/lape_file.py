"""The files in which LAPE's authors publish neurons: a list over languages of lists over layers of LongTensors.

A layer is an index in the model's stack of decoder blocks, and a tensor has the indices of neurons, in ascending order.
Names of languages are not in the file. Tang et al. 2024, arXiv:2402.16438; written by `torch.save`.
"""

import io
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Layer
from neurontui.store.neuron_sets.neuron_set import Neuron, NeuronSet
from neurontui.store.os_errors import first_line

_STRUCTURE = "a list over languages of lists over layers of one-dimensional tensors of whole numbers"
_SLACK = 1 << 16
"""Bytes: torch.save does not compress, so the parts of a file are not longer than the file, up to its own overhead."""


def read_lape_file(path: Path, languages: Sequence[str], layers: Sequence[Layer]) -> tuple[Neuron, ...]:
    """The neurons of a file, with a language each. Code in the file is never run.

    languages: their codes, in the order of the file; layers: those of the model. Raises InputError if the file is not
    such a list, or if its number of languages or layers is another; UsageError for a model with several stacks.
    """
    _require_one_stack(layers)
    lists = _require_list(path, _load(path), f"{len(languages)} languages", len(languages))
    neurons = []
    for language, of_layers in zip(languages, lists, strict=True):
        _require_list(path, of_layers, f"{len(layers)} layers", len(layers))
        for layer, indices in zip(layers, of_layers, strict=True):
            neurons += [Neuron(layer.layer, index, language) for index in _indices(path, indices, layer)]
    return tuple(neurons)


def lape_file(neurons: NeuronSet, languages: Sequence[str], layers: Sequence[Layer]) -> bytes:
    """The file with the neurons of each language, in this order. Raises UsageError if it cannot hold the set."""
    _require_one_stack(layers)
    for neuron in neurons.neurons:
        if neuron.language is None:
            raise UsageError(
                f"'{neurons.name}' has neurons for all languages, such as neuron {neuron.neuron} of layer "
                f"{neuron.layer}, but a .pth file has a list for each language; export it as .csv or .json."
            )
    if sorted(languages) != list(neurons.languages):
        raise UsageError(
            f"'{neurons.name}' has the languages {', '.join(neurons.languages)}; give each of them once, in the order "
            "of the file."
        )
    buffer = io.BytesIO()
    torch.save([[_tensor(neurons, language, layer) for layer in layers] for language in languages], buffer)
    return buffer.getvalue()


def _tensor(neurons: NeuronSet, language: str, layer: Layer) -> Tensor:
    indices = [n.neuron for n in neurons.neurons if n.language == language and n.layer == layer.layer]
    return torch.tensor(sorted(indices), dtype=torch.long)


def _load(path: Path) -> Any:
    _require_uncompressed(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        reason = "it contains objects or code that are not tensors"
    except Exception as error:  # torch raises errors of many types for a damaged file
        reason = first_line(error)
    raise InputError(f"{path} cannot be read: {reason}; the file must be {_STRUCTURE}.")


def _require_uncompressed(path: Path) -> None:
    """Raise InputError for a file that is not of torch.save, or that would take more memory than its size."""
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise InputError(f"{path} is not a file of torch.save; the file must be {_STRUCTURE}.") from None
    if unpacked > size + _SLACK:
        raise InputError(f"{path} is compressed, unlike files of torch.save; save it again with torch.save.")


def _require_list(path: Path, value: Any, expected: str, length: int) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{path} is not {_STRUCTURE}.")
    if len(value) != length:
        raise InputError(
            f"{path} has a list of {len(value)} where {expected} are expected; give the languages of the file in its "
            "order with --languages, and a run of its model with --run."
        )
    return value


def _indices(path: Path, tensor: Any, layer: Layer) -> list[int]:
    plain = type(tensor) is Tensor and tensor.layout == torch.strided and tensor.device.type == "cpu"
    if not plain or tensor.ndim != 1 or tensor.dtype not in (torch.int64, torch.int32):
        raise InputError(f"{path} is not {_STRUCTURE}.")
    # A few bytes can claim to be a tensor of any length.
    if len(tensor) > layer.n_neurons:
        raise InputError(f"{path} lists {len(tensor):,} neurons in layer {layer.layer}, which has {layer.n_neurons:,}.")
    indices: list[int] = tensor.tolist()
    return indices


def _require_one_stack(layers: Sequence[Layer]) -> None:
    if not layers:
        raise UsageError(
            "A .pth file has a list for each layer of the model, but the set's model is unknown; name one of its runs "
            "with `neurontui sets import --run`, or use a .csv or .json file."
        )
    if len({layer.stack for layer in layers}) > 1:
        raise UsageError(
            "The model has an encoder and a decoder, and a .pth file does not name the stack of a layer; "
            "use a .csv or .json file, whose layers count through both."
        )
