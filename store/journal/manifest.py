"""What a run is, written down before its first batch: the journal's manifest and the row in `runs`."""

import json
from dataclasses import asdict, dataclass, field, is_dataclass
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Layer:
    """One FFN layer of a model: `layer` counts through all stacks, `position` within its own."""

    layer: int
    stack: str
    position: int
    n_neurons: int


@dataclass(frozen=True)
class Condition:
    """What an ablation switches off; the columns of `conditions` without `percent`, which is measured."""

    condition: int
    kind: str
    label: str
    type: str | None = None
    fraction: float | None = None
    seed: int | None = None
    scope: str = "all"
    layers: tuple[int, ...] | None = None
    value: str = "0"
    matched_to: int | None = None


@dataclass(frozen=True)
class Manifest:
    """One run. `key` is a digest of everything that decides the numbers, so the same run has the same key."""

    key: str
    name: str
    model: str
    revision: str | None
    architecture: str
    task: str
    setting: str | None
    n_shots: int
    languages: tuple[str, ...]
    n_examples: int
    n_batches: int
    dtype: str
    device: str
    threshold: float
    started: str
    """ISO 8601, UTC, without offset."""
    layers: tuple[Layer, ...]
    conditions: tuple[Condition, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    """(topic, sentence) pairs for the table `notes`."""

    @property
    def all_mask(self) -> int:
        """The mask of a neuron that is active in every language."""
        return (1 << len(self.languages)) - 1

    def require_sound(self) -> None:
        """Raise ValueError, with a few words, where no run can be like this."""
        if not 1 <= len(self.languages) <= 64:
            raise ValueError(f"{len(self.languages)} languages, a mask has room for 1 to 64")
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("a language is named twice")
        if not self.key or not self.name:
            raise ValueError("no key or no name")
        if not 0 <= self.n_batches <= self.n_examples <= 2**31 - 1:
            raise ValueError(f"{self.n_batches} batches of {self.n_examples} examples")
        if len({each.layer for each in self.layers}) < len(self.layers):
            raise ValueError("a layer is named twice")

    def to_json(self) -> str:
        """The manifest as JSON text, keys in a fixed order."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read back what `to_json` wrote; raises ValueError, KeyError or TypeError on anything else."""
        raw = json.loads(text)
        json.dumps(raw, ensure_ascii=False).encode()  # half a surrogate pair is no text: ValueError
        read = cls(
            **{
                **raw,
                "languages": tuple(raw["languages"]),
                "layers": tuple(Layer(**layer) for layer in raw["layers"]),
                "conditions": tuple(_condition(each) for each in raw["conditions"]),
                "notes": tuple((topic, text) for topic, text in raw["notes"]),
            }
        )
        if not _fits(read, cls):
            raise TypeError("a field is of another kind")
        read.require_sound()
        return read


def _condition(raw: dict[str, Any]) -> Condition:
    layers = raw["layers"]
    return Condition(**{**raw, "layers": None if layers is None else tuple(layers)})


def _fits(value: object, kind: Any) -> bool:
    """Whether a value read from JSON is what a field's annotation says, all the way down."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if is_dataclass(kind):
        fields = get_type_hints(kind).items()
        return type(value) is kind and all(_fits(getattr(value, k), v) for k, v in fields)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(each, inner[1]) for each in value.values())
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    return type(value) is kind or (kind is float and type(value) is int)
