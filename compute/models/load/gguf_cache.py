"""Convert a GGUF file once into a folder with dequantized safetensors weights, and find it there the next time.

Rebuilding a tokenizer with a large vocabulary takes minutes. The folder's name is the SHA-256 of the file and the
version of transformers, whose conversion determines the weights. It gets this name when it is complete.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from filelock import FileLock
from transformers import AutoConfig, AutoTokenizer, GgufConfig

from neurontui.compute.cache_folder import cache_root, require_space
from neurontui.compute.models.load.auto_class import LOADING, auto_class
from neurontui.compute.models.load.gguf_file import GgufFile, read_gguf, require_same_model
from neurontui.compute.models.load.load_errors import first_sentence
from neurontui.compute.models.load.model_files import Hashing
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import ModelError, NeurontuiError
from neurontui.store.os_errors import no_room

VERSION = transformers.__version__
_ABOUT = "gguf.json"
"""File in a converted folder with the quantization of the GGUF file."""


@dataclass(frozen=True)
class Converted:
    """A converted GGUF file."""

    folder: Path
    digest: str
    """SHA-256 of the GGUF file."""
    quantization: str
    """For readers, such as `GGUF Q4_K_M, dequantized`."""


def converted(path: Path, say: Callable[[str], None], progress: Phase = SILENT) -> Converted:
    """The folder of a GGUF file, converted now if it is not in the cache.

    Raises ModelError if it cannot be converted correctly, and MissingExtraError without the package gguf.
    """
    digest = Hashing([path], progress).of(path)
    cache = cache_folder()
    name = f"{digest}-transformers-{VERSION}"
    folder = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{name}.lock"):  # a second process waits, and then finds the folder
        if not folder.is_dir():
            _convert_into(folder, path, say, progress.within("converting the GGUF file"))
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    return Converted(folder, digest, f"GGUF {about['quantization']}, dequantized")


def cache_folder() -> Path:
    """Where converted files are; NEURONTUI_CACHE replaces the user's cache folder."""
    return cache_root() / "gguf"


def _convert_into(folder: Path, path: Path, say: Callable[[str], None], progress: Phase) -> None:
    """Convert beside the final place and rename; what an interrupted conversion left is removed."""
    file = read_gguf(path)
    size = 4 * sum(file.n_weights.values())
    require_space(folder.parent, size, f"Converting {path.name} to float32")
    say(
        f"Converting {path.name} ({file.quantization}) to float32, once: {size / 1e9:.1f} GB in {folder.parent}. "
        "This can take some minutes."
    )
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        _convert(file, partial, progress)
        _sync(partial)
        partial.rename(folder)
    except Exception as error:
        if no_room(error):  # safetensors has an error of its own for it, which would be read as damaged weights
            raise ModelError(
                f"The disk of {folder.parent} became full while {path.name} was converted; free {size / 1e9:.1f} GB "
                "and rerun the command, or set NEURONTUI_CACHE to a folder on another disk."
            ) from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    say(f"Converted {path.name}.")


def _convert(file: GgufFile, folder: Path, progress: Phase) -> None:
    """Write model and tokenizer of a file to a folder."""
    source = folder / "source"  # other files beside the GGUF file are not read
    source.mkdir()
    name = file.path.name
    (source / name).symlink_to(file.path.resolve())
    try:
        model, tokenizer = _load(source, name, progress)
    except NeurontuiError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ImportError, RuntimeError) as error:
        raise ModelError(
            f"transformers {VERSION} cannot convert {name} (architecture '{file.architecture}'): "
            f"{first_sentence(error)}; use the original model as a safetensors folder."
        ) from error
    require_same_model(file, model)
    progress.within("writing the weights")
    model.save_pretrained(folder)
    progress.within("writing the tokenizer")
    tokenizer.save_pretrained(folder)
    shutil.rmtree(source)
    _record_bos(folder / "tokenizer_config.json", file.adds_bos)
    (folder / _ABOUT).write_text(json.dumps({"quantization": file.quantization}), encoding="utf-8")


def _load(source: Path, name: str, progress: Phase) -> tuple[Any, Any]:
    progress.within("reading the weights")
    config = AutoConfig.from_pretrained(source, gguf_file=name)
    with LOADING:
        model, info = auto_class(config).from_pretrained(
            source,
            gguf_file=name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
            output_loading_info=True,
        )
    if gaps := sorted(info["missing_keys"]):
        raise ModelError(f"{name} lacks {len(gaps)} tensors of its architecture (such as {gaps[0]}).")
    progress.within("rebuilding the tokenizer")
    return model, AutoTokenizer.from_pretrained(source, gguf_file=name)


def _record_bos(path: Path, adds_bos: bool | None) -> None:
    """Keep whether prompts should begin with BOS, which transformers does not."""
    if adds_bos is not None:
        settings = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(settings | {"add_bos_token": bool(adds_bos)}, indent=2), encoding="utf-8")


def _sync(folder: Path) -> None:
    """Write files to the disk before the folder gets its name, so that a power failure leaves no half of it."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
