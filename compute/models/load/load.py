"""Load a model from the hub or a local folder, safely and reproducibly.

Only tensors are read (safetensors, or pickled tensors with an explicit flag), remote code is never executed, all files
are from one resolved commit, and a checkpoint without some weights is refused instead of initialized at random.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoTokenizer
from transformers.utils import logging as transformers_logging
from transformers.utils.import_utils import is_accelerate_available

from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.ffns.encoders import encoder_ffns, is_encoder, require_supported_encoder
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.multimodal import require_supported_multimodal
from neurontui.compute.models.ffns.post_norms import with_writes
from neurontui.compute.models.load.auto_class import LOADING, auto_class, require_language_model
from neurontui.compute.models.load.checkpoint import Checkpoint, find_checkpoint
from neurontui.compute.models.load.load_errors import as_model_error, first_sentence
from neurontui.compute.models.load.placement import Placement, device_name, input_device, place
from neurontui.compute.models.load.quantized import ask_to_dequantize, require_readable_weights
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.length_groups import require_no_memory_of_other_inputs
from neurontui.compute.models.prompts.bos import configured, require_bos_token
from neurontui.compute.models.prompts.chat import ChatFormat, find_chat_format
from neurontui.compute.models.prompts.decoder_opening import decoder_opening
from neurontui.compute.models.prompts.language_codes import find_language_codes
from neurontui.compute.models.prompts.subject import require_offsets
from neurontui.compute.models.self_check.self_check import failures_as_sentences, self_checked
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MissingExtraError, ModelError


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how to load it."""

    model: str
    """Hub id, local folder, or GGUF file."""
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    device_map: bool = False
    """Spread a model that is larger than one GPU over all of them (needs accelerate)."""
    allow_bin: bool = False
    """Also read pickled weights (.bin); only their tensors are unpickled."""
    allow_links: bool = False
    """Follow links to files outside a model's folder, for example on another disk."""
    bos: Literal["keep", "add"] | None = None
    """See `LoadedModel.bos`."""
    post_norm: bool | None = True
    """Whether scores include what stands between FFN and residual stream; None: no scores, so it is not looked for."""
    measured_at: Literal["last", "subject", "first-generated"] = "last"
    """See `LoadedModel.measured_at`."""
    chat: bool = False
    """Format prompts with the model's chat template."""
    system: str | None = None
    """The system text of the chat."""


def load_model(
    options: ModelOptions, say: Callable[[str], None] = lambda _: None, progress: Phase = SILENT
) -> LoadedModel:
    """Load model and tokenizer, find its FFNs and check them; raises ModelError or MissingExtraError.

    `say` gets messages about work that takes long.
    """
    with as_model_error(options.model, options.revision, allow_bin=options.allow_bin), _quiet():
        progress.within("finding the model")
        checkpoint = find_checkpoint(
            options.model, options.revision, allow_links=options.allow_links, say=say, progress=progress
        )
        config = AutoConfig.from_pretrained(checkpoint.source, revision=checkpoint.revision, trust_remote_code=False)
        require_supported_encoder(config, checkpoint.name)
        require_supported_multimodal(config, checkpoint.name)
        require_language_model(config, checkpoint.name)
        require_no_memory_of_other_inputs(config, checkpoint.name)
        progress.within("loading the tokenizer")
        tokenizer = _load_tokenizer(checkpoint)
        asks_for_bos = configured(checkpoint.source, checkpoint.revision)
        if options.bos == "add":
            require_bos_token(tokenizer, checkpoint.name)
        if options.measured_at == "first-generated" and is_encoder(config):
            raise ModelError(
                f"'{checkpoint.name}' is an encoder, which generates nothing; use --token last or --token subject."
            )
        if options.measured_at == "subject":
            require_offsets(tokenizer, checkpoint.name)
        chat = _chat_format(options, config, tokenizer, checkpoint.name)
        placement = _place(options, config)
        quantization = ask_to_dequantize(config, checkpoint.name)
        progress.within("loading the weights")
        model = _load_weights(options, checkpoint, config, placement)
        if (folder := checkpoint.loaded_folder) is not None:
            require_readable_weights(folder, config, checkpoint.name)
        digest = checkpoint.digest(progress)
        codes = find_language_codes(tokenizer, len(model.get_input_embeddings().weight), checkpoint.name)
        opening = decoder_opening(model, tokenizer, codes, checkpoint.name)
    if checkpoint.commit is None and digest is None:
        raise ModelError(
            f"Neither a commit nor the weight files of '{checkpoint.name}' are known, so its runs could not be "
            "distinguished from those of another model; use a folder with config.json and safetensors weights."
        )
    with failures_as_sentences(checkpoint.name, config.model_type):
        device = input_device(model)
        progress.within("looking for the FFNs")
        ffns, post_norms = with_writes(
            model, _find_ffns(model), checkpoint.name, use=options.post_norm, progress=progress
        )
    loaded = LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=checkpoint.name,
        revision=checkpoint.commit,
        architecture=config.model_type,
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(device),
        device_name=device_name(device),
        placement=placement.reason,
        ffns=ffns,
        encoder_decoder=bool(config.is_encoder_decoder),
        digest=digest,
        asks_for_bos=asks_for_bos,
        bos=options.bos,
        quantization=checkpoint.quantization or quantization,
        post_norms=post_norms,
        measured_at=options.measured_at,
        chat=chat,
        language_codes=codes,
        opening=opening,
    )
    return self_checked(loaded, progress)


def _find_ffns(model: Any) -> tuple[FFN, ...]:
    return encoder_ffns(model) if is_encoder(model.config) else find_ffns(model)


def _load_tokenizer(checkpoint: Checkpoint) -> Any:
    try:
        return AutoTokenizer.from_pretrained(checkpoint.source, revision=checkpoint.revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise ModelError(
            f"'{checkpoint.name}' has no tokenizer that can be loaded ({first_sentence(error)})."
        ) from error


def _chat_format(options: ModelOptions, config: Any, tokenizer: Any, name: str) -> ChatFormat | None:
    if not options.chat:
        return None
    if config.is_encoder_decoder:
        raise ModelError(f"'{name}' is an encoder-decoder, which does not continue a chat; omit --chat.")
    return find_chat_format(tokenizer, options.system, name)


def _place(options: ModelOptions, config: Any) -> Placement:
    return place(options.device, options.dtype, config.dtype, lambda: count_parameters(config))


def count_parameters(config: Any) -> int:
    """Parameters of a model with this configuration, without its weights."""
    with LOADING, torch.device("meta"):
        empty = auto_class(config).from_config(config)
    return sum(parameter.numel() for parameter in empty.parameters())


def _load_weights(options: ModelOptions, checkpoint: Checkpoint, config: Any, placement: Placement) -> Any:
    if options.device_map and not is_accelerate_available():
        raise MissingExtraError("device_map needs accelerate: pip install accelerate.")
    with LOADING:
        model, info = auto_class(config).from_pretrained(
            checkpoint.source,
            config=config,
            revision=checkpoint.revision,
            dtype=placement.dtype or "auto",
            use_safetensors=None if options.allow_bin else True,
            weights_only=True,
            trust_remote_code=False,
            device_map="auto" if options.device_map else None,
            output_loading_info=True,
        )
    _refuse_gaps(checkpoint.name, info)
    if not options.device_map:
        model = model.to(placement.device)
    return model.eval().requires_grad_(False)


def _refuse_gaps(name: str, info: dict[str, Any]) -> None:
    gaps = sorted(info["missing_keys"]) + [mismatch[0] for mismatch in info["mismatched_keys"]]
    if gaps:
        raise ModelError(
            f"The weights of '{name}' lack {len(gaps)} tensors of its architecture (such as {gaps[0]}), "
            "which would be initialized at random; use a complete checkpoint with a language-model head."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Disable the progress bar of transformers, which would disturb ours."""
    was_on = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_on:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
