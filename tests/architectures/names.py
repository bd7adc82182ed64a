"""The text architectures of the installed transformers release."""

from dataclasses import dataclass

from transformers.models.auto import modeling_auto

# Encoder-decoders such as BART are tried as such.
_ENCODERS = {
    name: model
    for name, model in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES.items()
    if name not in modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
}

KINDS = {
    "causal": ("AutoModelForCausalLM", modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
    "seq2seq": ("AutoModelForSeq2SeqLM", modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES),
    "encoder": ("AutoModelForMaskedLM", _ENCODERS),
}
"""The auto classes whose architectures are tried, and their architectures: model_type to class name.

A row for another auto class is enough to try its architectures too.
"""


@dataclass(frozen=True, order=True)
class Architecture:
    """One architecture as one auto class makes it."""

    name: str
    """model_type."""
    kind: str
    """A key of KINDS."""

    @property
    def label(self) -> str:
        """Name in the table."""
        return self.name if self.kind == "causal" else f"{self.name} ({self.kind})"


def text_architectures() -> tuple[Architecture, ...]:
    """All architectures of KINDS, by name."""
    return tuple(sorted(Architecture(name, kind) for kind, (_, names) in KINDS.items() for name in names))
