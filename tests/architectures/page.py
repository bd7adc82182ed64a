"""docs/models.md: what is measured, measured without generation, and refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import transformers

from neurontui.compute.models.ffns.encoders import ENCODERS
from neurontui.compute.models.ffns.multimodal import MULTIMODAL
from tests.architectures.trial import MEASURED, NOT_BUILT, REFUSED, WITHOUT_GENERATION, WRONG, Outcome

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
RELEASE = f"transformers {transformers.__version__}"

_SCORES = {"FFNs": "ffns", "scores": "scores"}
_GROUPS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (MEASURED, "Measured", _SCORES),
    (WITHOUT_GENERATION, "Measured without generation", _SCORES | {"why no answers": "reason"}),
    (REFUSED, "Refused", {"why": "reason"}),
    (NOT_BUILT, "Not tried", {"why no tiny model can be made from the configuration class": "reason"}),
    (WRONG, "Wrong or failing", {"what": "reason"}),
)
"""Group, heading, and columns with the field of an outcome."""


def page(outcomes: Sequence[Outcome]) -> str:
    """The whole page."""
    return "\n".join([*_introduction(outcomes), *_tables(outcomes)])


def _introduction(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "# Models"
    yield ""
    yield (
        f"Every text architecture of {RELEASE} ({len(outcomes)}), tried by `make models` on tiny random weights made "
        "from its configuration class. An architecture is *measured* if, for prompts of unequal length in one batch, "
        "masks and activations of every layer are those of plain PyTorch on one unpadded prompt; if weights times "
        "value vectors, plus the bias, are the output of the FFN; if the FFN returns its bias when all neurons are "
        "off; if contribution and effective scores of all neurons, the latter also with `--contrast`, are those "
        "of plain PyTorch and NumPy; and if greedy answers are those of passes over one prompt without a cache."
    )
    yield ""
    yield (
        "For the scores, what a neuron adds to the residual stream is computed without neurontui: the derivative of "
        "what is added, by the neuron's weights in the value matrix, with the statistics of all norms held fixed, so "
        "that norms and factors behind the FFN are included. *contribution* alone: effective scores are NULL, because "
        "the FFN is in an encoder, or its width is not that of the output embedding."
    )
    yield ""
    yield (
        "A name alone is a decoder; *(seq2seq)* and *(encoder)* are the other kinds. Of models that read images too, "
        f"the text decoders of these are measured: {', '.join(f'`{name}`' for name in sorted(MULTIMODAL))}; "
        "tests compare them with plain PyTorch in the same way."
    )
    yield ""
    yield (
        "Encoders are measured if their architecture is in a table, because FFNs of encoders have many forms: "
        f"{', '.join(f'`{name}`' for name in sorted(ENCODERS))}. A run with another encoder is refused and names these."
    )
    yield ""
    yield "| | architectures |"
    yield "|---|---|"
    for group, title, _ in _GROUPS:
        count = sum(outcome.group == group for outcome in outcomes)
        if count or group != WRONG:
            yield f"| {title.lower()} | {count} |"
    scored = [outcome for outcome in outcomes if outcome.group in (MEASURED, WITHOUT_GENERATION)]
    yield f"| scores refused, of those measured | {sum(outcome.scores.startswith('refused') for outcome in scored)} |"
    yield ""


def _tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for group, title, columns in _GROUPS:
        members = [outcome for outcome in outcomes if outcome.group == group]
        if not members:
            continue
        yield f"## {title}"
        yield ""
        yield f"| architecture | {' | '.join(columns)} |"
        yield "|---" * (len(columns) + 1) + "|"
        for outcome in members:
            cells = [f"`{outcome.architecture.label}`", *(getattr(outcome, field) for field in columns.values())]
            yield f"| {' | '.join(cells)} |"
        yield ""
