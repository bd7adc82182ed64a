"""Load a model from the hub or a local folder, safely and reproducibly.

Only tensors are read (safetensors, or pickled tensors by an explicit flag), remote code is never run, every file
comes from one resolved commit, and a checkpoint that lacks weights is refused instead of filled up at random.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging as transformers_logging
from transformers.utils.import_utils import is_accelerate_available

from neurontui.compute.models.architectures import find_ffns
from neurontui.compute.models.folder import require_own_files
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.placement import Placement, device_name, input_device, place
from neurontui.compute.models.refusals import first_sentence, plainly
from neurontui.store.errors import MissingExtraError, ModelError


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how to load it."""

    model: str
    """Hub id or local folder."""
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    device_map: bool = False
    """Spread a model that is larger than one GPU over all of them (needs accelerate)."""
    allow_bin: bool = False
    """Also read pickled weights (.bin); only their tensors are unpickled."""


def load_model(options: ModelOptions) -> LoadedModel:
    """Load model and tokenizer and find its FFNs; raises ModelError or MissingExtraError."""
    folder = _folder(options.model)
    if folder is not None and options.revision is not None:
        raise ModelError(
            f"{folder} is a folder and has no revisions; leave revision out, or name the model on the hub."
        )
    with plainly(options.model, options.revision, allow_bin=options.allow_bin), _quiet():
        config = AutoConfig.from_pretrained(
            options.model, revision=options.revision, trust_remote_code=False
        )
        commit = getattr(config, "_commit_hash", None) if folder is None else None
        revision = commit or options.revision
        tokenizer = _load_tokenizer(options, revision)
        placement = _place(options, config)
        model = _load_weights(options, config, revision, placement)
    device = input_device(model)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=options.model if folder is None else folder.name,
        revision=commit,
        architecture=config.model_type,
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(device),
        device_name=device_name(device),
        placement=placement.reason,
        ffns=find_ffns(model),
        encoder_decoder=bool(config.is_encoder_decoder),
        fingerprint=None if folder is None else fingerprint(folder),
    )


def fingerprint(folder: Path) -> str:
    """Digest of the files of a local model that decide its numbers: name, size, both ends of each."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".safetensors", ".bin", ".model", ".txt"}:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(_ENDS))
                file.seek(max(0, path.stat().st_size - _ENDS))
                digest.update(file.read())
    return digest.hexdigest()


_ENDS = 1 << 20


def _folder(model: str) -> Path | None:
    """The local folder a model name means; a path that looks like one must exist."""
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(f"{path} has no config.json, so it is no model folder.")
        require_own_files(path)
        return path.resolve()
    if path.exists():
        raise ModelError(
            f"{path} is a file; give the folder that holds config.json and the weights."
        )
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ModelError(f"There is no folder {path}.")
    return None


def _load_tokenizer(options: ModelOptions, revision: str | None) -> Any:
    try:
        return AutoTokenizer.from_pretrained(
            options.model, revision=revision, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise ModelError(
            f"'{options.model}' has no tokenizer that can be loaded ({first_sentence(error)})."
        ) from error


def _place(options: ModelOptions, config: Any) -> Placement:
    def count() -> int:
        with torch.device("meta"):
            empty = _auto_class(config).from_config(config)
        return sum(each.numel() for each in empty.parameters())

    return place(options.device, options.dtype, config.dtype, count)


def _load_weights(
    options: ModelOptions, config: Any, revision: str | None, placement: Placement
) -> Any:
    if getattr(config, "quantization_config", None) is not None:
        raise ModelError(
            f"'{options.model}' is quantised, so its value vectors cannot be read; load the full-precision model."
        )
    if options.device_map and not is_accelerate_available():
        raise MissingExtraError("device_map needs accelerate: pip install accelerate.")
    model, info = _auto_class(config).from_pretrained(
        options.model,
        config=config,
        revision=revision,
        dtype=placement.dtype or "auto",
        use_safetensors=None if options.allow_bin else True,
        weights_only=True,
        trust_remote_code=False,
        device_map="auto" if options.device_map else None,
        output_loading_info=True,
    )
    _refuse_gaps(options.model, info)
    if not options.device_map:
        model = model.to(placement.device)
    return model.eval().requires_grad_(False)


def _auto_class(config: Any) -> Any:
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM


def _refuse_gaps(name: str, info: dict[str, Any]) -> None:
    gaps = sorted(info["missing_keys"]) + [each[0] for each in info["mismatched_keys"]]
    if gaps:
        raise ModelError(
            f"The weights of '{name}' lack {len(gaps)} tensors of its architecture ({gaps[0]} is one), "
            "and would be filled up at random; use a complete checkpoint with a language-model head."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Loading has a progress bar of its own, which would tear ours."""
    was_on = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_on:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
