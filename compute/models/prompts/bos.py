"""The beginning-of-sequence token (BOS): which models were trained with one, and which prompts lack it.

Many tokenizers define a BOS that their model was not trained with (GPT-2, GPT-NeoX, BLOOM, Qwen, Phi-3, SmolLM2), so a
missing BOS is an error only if the tokenizer's configuration requires it or the model family was trained with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from transformers.models.auto.tokenization_auto import get_tokenizer_config

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.store.errors import UsageError


@dataclass(frozen=True)
class Family:
    """Architectures whose models were trained with a BOS at the beginning of every text."""

    architectures: frozenset[str]
    """Values of model_type."""
    tokens: frozenset[str] | None
    """The BOS that identifies the family; None: any. Other model families share the Llama architecture."""
    name: str


FAMILIES = (
    Family(
        frozenset({
            "gemma", "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text", "gemma4", "gemma4_text",
            "gemma4_unified", "gemma4_unified_text", "recurrent_gemma", "vaultgemma",
        }),
        None,
        "Gemma",
    ),
    Family(frozenset({"cohere", "cohere2", "cohere2_moe"}), None, "Cohere"),
    Family(
        frozenset({
            "llama", "llama4", "llama4_text", "mistral", "mistral3", "mistral4", "mixtral", "ministral", "ministral3",
        }),
        frozenset({"<s>", "<|begin_of_text|>"}),
        "Llama and Mistral",
    ),
)  # fmt: skip


def configured(model: str, revision: str | None) -> bool | None:
    """`add_bos_token` of tokenizer_config.json; None if it is not set.

    It is not available from the loaded tokenizer: transformers drops it if there is a tokenizer.json.
    """
    value = get_tokenizer_config(model, revision=revision).get("add_bos_token")
    return value if isinstance(value, bool) else None


def reason_for_bos(loaded: LoadedModel) -> str | None:
    """Why prompts of this model should begin with BOS, as the end of a sentence; None if they need not."""
    if loaded.tokenizer.bos_token_id is None:
        return None
    if loaded.asks_for_bos or getattr(loaded.tokenizer, "add_bos_token", False) is True:
        return "the tokenizer's configuration requires it (add_bos_token)"
    family = _family(loaded)
    if family is None or declines_bos(loaded):
        return None
    return f"{family.name} models were trained with it"


def declines_bos(loaded: LoadedModel) -> bool:
    """Whether the configuration of a model of a family with BOS sets add_bos_token to false.

    The setting is trusted for architectures that other models share, which may have been trained without BOS.
    """
    family = _family(loaded)
    return family is not None and family.tokens is not None and loaded.asks_for_bos is False


def _family(loaded: LoadedModel) -> Family | None:
    token = loaded.tokenizer.bos_token
    for family in FAMILIES:
        is_member = family.architectures & {loaded.architecture, loaded.text_architecture}
        if is_member and (family.tokens is None or token in family.tokens):
            return family
    return None


def require_bos_token(tokenizer: Any, model: str) -> None:
    """Raise UsageError if `--bos add` has no token to add."""
    if tokenizer.bos_token_id is None:
        raise UsageError(f"--bos add needs a BOS token, and the tokenizer of {model} has none; omit --bos.")


def with_one_bos(ids: Sequence[int], bos: int) -> tuple[int, ...]:
    """The ids after exactly one BOS; empty ids stay empty."""
    return (bos, *dropwhile(lambda token: token == bos, ids)) if ids else ()


def lacks_bos(ids: Sequence[int], bos: int | None) -> bool:
    """Whether the ids do not begin with BOS."""
    return bos is not None and bool(ids) and ids[0] != bos


def repeats_bos(ids: Sequence[int], bos: int | None) -> bool:
    """Whether the ids begin with BOS twice."""
    return bos is not None and len(ids) > 1 and ids[0] == bos == ids[1]
