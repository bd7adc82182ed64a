"""A model that is ready to be measured: the result of `load` and the input of every measurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import nn

from neurontui.compute.models.ffns.dense_experts import DenseExpertsFFN
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.passes.length_groups import length_groups
from neurontui.compute.models.prompts.chat import ChatFormat
from neurontui.compute.models.prompts.language_codes import LanguageCodes
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class SelfCheck:
    """Result of the self-check of a model that passed it."""

    tokens: tuple[int, ...]
    """Tokens of its prompts."""
    layers: int
    """Number of layers checked."""
    largest_batch_difference: float
    """Of activations between a prompt alone and in a batch, relative to their size."""
    largest_output_difference: float
    """Of Σ w_i v_i + b from the FFN's output, relative to its size."""


@dataclass(frozen=True)
class ModelFacts:
    """Facts about a model without the model itself; sent between machines."""

    name: str
    """Hub id, or name of the local folder."""
    revision: str | None
    """Resolved commit, or None for a local folder."""
    digest: str | None
    """SHA-256 of the files that determine its numbers; None only if a commit is known and no files are cached."""
    architecture: str
    """model_type of the configuration."""
    dtype: str
    """Precision of the weights, such as float32."""
    device: str
    """Device of the inputs, such as cpu or cuda:0."""
    device_name: str
    """cpu, or the name of the GPU."""
    placement: str
    """Device and precision with the reason, for readers."""
    layers: tuple[Layer, ...]
    notes: tuple[str, ...]
    n_parameters: int
    """Without the embeddings: the parameters that every token is multiplied with."""
    quantization: str | None = None
    """How the weights were stored before they were dequantized; None if they were not quantized."""
    self_check: SelfCheck | None = None
    """None for a model that was not loaded by `load_model`."""
    post_norms: int | None = None
    """Layers with a norm or a constant factor between FFN and residual stream; None if not looked for."""
    language_codes: LanguageCodes | None = None
    opening: tuple[int, ...] = ()
    """See LoadedModel."""
    chat_template: str | None = None
    """SHA-256 of the chat template that prompts are formatted with; None if they are not."""
    n_tokens: int = 0
    """Tokens of the vocabulary."""
    width: int = 0
    """Dimensions of the residual stream."""
    routed: bool = False
    """See LoadedModel."""


@dataclass(frozen=True)
class LoadedModel:
    """A model in eval mode with its tokenizer and its FFNs, in the order of `layers`."""

    model: Any
    """The transformers model with its LM head."""
    tokenizer: Any
    name: str
    """Hub id, or name of the local folder."""
    revision: str | None
    """Resolved commit, or None for a local folder."""
    architecture: str
    """model_type of the configuration."""
    dtype: str
    """Precision of the weights, such as float32."""
    device: str
    """Device of the inputs, such as cpu or cuda:0."""
    device_name: str
    """cpu, or the name of the GPU."""
    placement: str
    """Device and precision with the reason, for readers."""
    ffns: tuple[FFN, ...]
    encoder_decoder: bool
    digest: str | None = None
    """SHA-256 of the files that determine its numbers; None only if a commit is known and no files are cached."""
    asks_for_bos: bool | None = None
    """add_bos_token of the tokenizer's configuration; None if it is not set."""
    bos: Literal["keep", "add"] | None = None
    """add: every prompt begins with exactly one BOS; otherwise the tokenizer decides."""
    quantization: str | None = None
    """See `ModelFacts.quantization`."""
    self_check: SelfCheck | None = None
    """None for a model that was not loaded by `load_model`."""
    post_norms: int | None = None
    """Layers with a norm or a constant factor between FFN and residual stream; None if not looked for."""
    measured_at: Literal["last", "subject", "first-generated"] = "last"
    """The token of measurement: the last one of the prompt, the last one of its subject, or the first generated."""
    chat: ChatFormat | None = None
    """Format of prompts as turns of a chat; None: they are read as they are."""
    language_codes: LanguageCodes | None = None
    """Codes of a translation model; None if its inputs have none."""
    opening: tuple[int, ...] = ()
    """Tokens that the decoder of an encoder-decoder reads before the language code or the answer."""

    @property
    def encoder_only(self) -> bool:
        """Whether the model is an encoder without a decoder, which generates nothing."""
        return all(ffn.layer.stack == "encoder" for ffn in self.ffns)

    @property
    def reads_images(self) -> bool:
        """Whether the model has an image encoder, which never runs here."""
        return getattr(self.model.config, "vision_config", None) is not None

    @property
    def text_architecture(self) -> str:
        """model_type of the part of the configuration that is about text; often `architecture` itself."""
        kind: str = self.model.config.get_text_config().model_type
        return kind

    @property
    def n_embeddings(self) -> int:
        """Rows of the input embedding, the limit of token ids."""
        return int(self.model.get_input_embeddings().weight.shape[0])

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The FFN layers through all stacks, encoder first."""
        return tuple(ffn.layer for ffn in self.ffns)

    @property
    def routed(self) -> bool:
        """Whether the model has experts that a token may not be routed to."""
        return any(isinstance(part, (ExpertsFFN, DenseExpertsFFN)) for ffn in self.ffns for part in ffn.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for readers of a run with this model, one sentence each."""
        notes = []
        if self.routed:
            notes.append(
                "The model routes each token to a few experts; neurons of the others have no activation there "
                "and count as not active."
            )
        if self.reads_images:
            notes.append("The model reads images too; only its text decoder is measured, with text alone.")
        if self.encoder_only:
            notes.append(
                "The model is an encoder: it is read at the mask token of a prompt, or at the last token of a prompt "
                "without one, and generates no answers, so none are judged."
            )
        if self.quantization is not None:
            notes.append(
                f"The weights were stored quantized ({self.quantization}); activity and scores are those of the "
                "dequantized weights."
            )
        return tuple(notes)

    @property
    def facts(self) -> ModelFacts:
        """Facts about the model."""
        text = self.model.get_decoder() if self.reads_images else self.model.base_model
        blocks = sum(parameter.numel() for parameter in text.parameters())
        return ModelFacts(
            name=self.name,
            revision=self.revision,
            digest=self.digest,
            architecture=self.architecture,
            dtype=self.dtype,
            device=self.device,
            device_name=self.device_name,
            placement=self.placement,
            layers=self.layers,
            notes=self.notes,
            n_parameters=blocks - self.model.get_input_embeddings().weight.numel(),
            quantization=self.quantization,
            self_check=self.self_check,
            post_norms=self.post_norms,
            language_codes=self.language_codes,
            opening=self.opening,
            chat_template=None if self.chat is None else self.chat.digest,
            n_tokens=min(self.n_embeddings, len(self.tokenizer)),
            width=int(self.model.get_input_embeddings().weight.shape[1]),
            routed=self.routed,
        )

    @property
    def torch_dtype(self) -> torch.dtype:
        """`dtype` as a torch.dtype."""
        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype

    @cached_property  # asked for every prompt, and looks through all modules
    def max_tokens(self) -> int | None:
        """Longest input that the model has positions for; None if positions are relative (BLOOM, mT5)."""
        config = self.model.config.get_text_config()
        if self.architecture in RELATIVE_POSITIONS:
            return None
        limit = getattr(config, "max_position_embeddings", None)
        if not isinstance(limit, int) or limit <= 0:
            return None
        return limit - first_position(self.model)

    def groups(self, lengths: Sequence[int]) -> list[int]:
        """Group number of each prompt; prompts of different groups never share a pass. lengths: tokens of each."""
        return length_groups(self.model.config, lengths)


def first_position(model: Any) -> int:
    """Position of the first token: RoBERTa counts from the id of its pad token on, which leaves fewer positions."""
    tables = [module for name, module in model.named_modules() if name.endswith("position_embeddings")]
    paddings = [table.padding_idx for table in tables if isinstance(table, nn.Embedding)]
    return max((index + 1 for index in paddings if index is not None), default=0)


RELATIVE_POSITIONS = frozenset({"bloom", "mpt", "mt5", "t5", "umt5", "longt5"})
