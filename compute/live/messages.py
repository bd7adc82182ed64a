"""Requests to the worker of a live prompt and its replies, one JSON object on a line each.

The only module of compute that the explorer imports, so it imports neither torch nor any other part of compute.
"""

import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

Neuron = tuple[int, int]
"""Layer and number."""

TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
"""The order of the counts by type, that of `measures.masks`."""
MOST_CHARACTERS = 20_000
"""Characters of one prompt."""


@dataclass(frozen=True)
class ModelSettings:
    """A run's model, and the settings of the run that its activity depends on."""

    model: str | None
    """Hub id, or local folder; None if only the name of the run's folder is stored."""
    name: str = ""
    """Name of the run's model."""
    digest: str | None = None
    """Digest of the run's weights."""
    revision: str | None = None
    dtype: str | None = None
    bos: str | None = None
    chat: bool = False
    system: str | None = None
    activation: str = "gate"
    threshold: float = 0.0
    weight: str = "product"
    post_norm: bool = True
    token: str = "last"  # noqa: S105 - a position, not a secret
    encoder_token: str = "last"  # noqa: S105


@dataclass(frozen=True)
class Change:
    """Neurons whose contribution to the FFN's output is multiplied by a factor, at every position."""

    neurons: tuple[Neuron, ...] = ()
    type: str | None = None
    """Also all neurons that have this type in the prompts asked."""
    factor: float = 0.0
    """0 switches them off."""


# -- requests


@dataclass(frozen=True)
class Describe:
    """Which model is it, and how much memory does it need? Reads no weights."""

    settings: ModelSettings


@dataclass(frozen=True)
class Load:
    """Load the model."""

    settings: ModelSettings


@dataclass(frozen=True)
class Ask:
    """Read one prompt in some languages, and continue it."""

    number: int
    prompts: tuple[tuple[str, str], ...]
    """Language and prompt."""
    neuron: Neuron | None = None
    """Neuron whose activation at every token is returned."""
    change: Change | None = None
    n_tokens: int = 8
    """Most tokens of an answer."""


@dataclass(frozen=True)
class Cancel:
    """Stop the questions up to this number, between two layers."""

    number: int


@dataclass(frozen=True)
class Quit:
    """End the worker."""


# -- replies


@dataclass(frozen=True)
class Described:
    """The model, before its weights are read."""

    name: str
    architecture: str
    n_parameters: int
    placement: str
    """Device and precision, two sentences."""
    needed: int
    """Bytes of memory that loading takes."""
    available: int
    """Bytes that are free on the device."""
    download: bool
    """Whether its weights must be downloaded first."""


@dataclass(frozen=True)
class Loaded:
    """The model is ready."""

    name: str
    placement: str
    layers: tuple[int, ...]
    """Neurons of each layer."""
    same_weights: bool | None
    """Whether the weights are those of the run; None if their digest is unknown."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Working:
    """What the worker is doing, in words."""

    words: str


@dataclass(frozen=True)
class Refused:
    """A request has no result."""

    sentence: str
    number: int | None = None
    """Number of the question; None for other requests."""


@dataclass(frozen=True)
class NextToken:
    """A candidate for the next token."""

    text: str
    probability: float


@dataclass(frozen=True)
class Outcome:
    """How the model continues one prompt."""

    answer: str
    """Greedily generated."""
    next_tokens: tuple[NextToken, ...]
    """The most likely ones, largest probability first."""


@dataclass(frozen=True)
class LanguageAnswer:
    """One prompt in one language."""

    language: str
    tokens: tuple[str, ...]
    heat: tuple[float, ...]
    """A of the chosen neuron at each token; empty without a neuron, or if its stack does not read the prompt."""
    value: float | None
    """A of the chosen neuron at the token of measurement."""
    before: Outcome | None
    """None if the model generates nothing."""
    after: Outcome | None = None
    """With the change."""


@dataclass(frozen=True)
class StrongNeuron:
    """A neuron that contributes much to these prompts."""

    layer: int
    neuron: int
    type: str
    share: float
    """Contribution score (share of its layer), mean over the languages."""


@dataclass(frozen=True)
class Answered:
    """The answer to a question."""

    number: int
    languages: tuple[LanguageAnswer, ...]
    types: tuple[tuple[int, ...], ...]
    """Neurons by layer and type, in the order of `TYPES`, for the prompts as one example in these languages."""
    strongest: tuple[StrongNeuron, ...]
    n_changed: int
    """Neurons that were changed."""
    seconds: float
    notes: tuple[str, ...] = ()


Request = Describe | Load | Ask | Cancel | Quit
Reply = Described | Loaded | Working | Refused | Answered
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (*get_args(Request), *get_args(Reply))}


def to_line(message: Request | Reply) -> str:
    """A message as one line of ASCII; half a surrogate pair in a text stays what it is."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}) + "\n"


def from_line(line: str) -> Any:
    """The message of a line. Raises ValueError for anything else."""
    try:
        raw = json.loads(line)
        return _built(_KINDS[raw.pop("kind")], raw)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a message: {line[:80]!r}") from error


def _built(kind: Any, raw: Any) -> Any:
    """A value of a type from what JSON made of it."""
    parts = get_args(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: _built(hints[field.name], raw[field.name]) for field in fields(kind)})  # type: ignore[operator]
    if get_origin(kind) is UnionType:
        return None if raw is None else _built(next(part for part in parts if part is not NoneType), raw)
    if get_origin(kind) is tuple:
        kinds = parts[:1] * len(raw) if parts[-1] is Ellipsis else parts
        return tuple(_built(part, value) for part, value in zip(kinds, raw, strict=True))
    return raw
