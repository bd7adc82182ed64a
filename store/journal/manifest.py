"""Description of a run, written to its journal before the first batch; becomes its row in `runs`."""

import json
from dataclasses import asdict, dataclass, field, is_dataclass
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Layer:
    """One FFN layer of a model. `layer` counts through all stacks, `position` within the layer's own stack."""

    layer: int
    stack: str
    position: int
    n_neurons: int


@dataclass(frozen=True)
class Condition:
    """One condition of an ablation: the columns of `conditions` except `percent`, which is measured."""

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
    rule: str | None = None
    set_language: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Manifest:
    """One run. `key` is a digest of everything that determines its numbers, so the same run has the same key."""

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
    batch_examples: int | None = None
    """Most examples of a batch; None in a journal that does not have it."""

    @property
    def all_mask(self) -> int:
        """The mask of a neuron that is active in every language."""
        return (1 << len(self.languages)) - 1

    def require_sound(self) -> None:
        """Raise ValueError, with a short reason, for an impossible run."""
        if not 1 <= len(self.languages) <= 64:
            raise ValueError(f"{len(self.languages)} languages, but a mask holds 1 to 64")
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("a language occurs twice")
        if not self.key or not self.name:
            raise ValueError("no key or no name")
        if not 0 <= self.n_batches <= self.n_examples <= 2**31 - 1:
            raise ValueError(f"{self.n_batches} batches of {self.n_examples} examples")
        if self.batch_examples is not None and self.batch_examples < 1:
            raise ValueError(f"batches of at most {self.batch_examples} examples")
        if len({layer.layer for layer in self.layers}) < len(self.layers):
            raise ValueError("a layer occurs twice")

    def to_json(self) -> str:
        """The manifest as JSON text, keys in a fixed order."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the output of `to_json`; raises ValueError, KeyError or TypeError for anything else."""
        raw = json.loads(text)
        json.dumps(raw, ensure_ascii=False).encode()  # raises ValueError for a lone surrogate
        read = cls(
            **{
                **raw,
                "languages": tuple(raw["languages"]),
                "layers": tuple(Layer(**layer) for layer in raw["layers"]),
                "conditions": tuple(_condition(condition) for condition in raw["conditions"]),
                "notes": tuple((topic, text) for topic, text in raw["notes"]),
                "batch_examples": _batch_examples(raw),
            }
        )
        if not _fits(read, cls):
            raise TypeError("a field has the wrong type")
        read.require_sound()
        return read


def _batch_examples(raw: dict[str, Any]) -> Any:
    """The batch size; older journals have it among the settings only."""
    settings = raw["settings"]
    return raw.get("batch_examples", settings.get("batch_examples") if isinstance(settings, dict) else None)


def _condition(raw: dict[str, Any]) -> Condition:
    layers = raw["layers"]
    return Condition(**{**raw, "layers": None if layers is None else tuple(layers)})


def _fits(value: object, kind: Any) -> bool:
    """Whether a value read from JSON matches a field's annotation, recursively."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if is_dataclass(kind):
        fields = get_type_hints(kind).items()
        return type(value) is kind and all(_fits(getattr(value, k), v) for k, v in fields)
    if origin in (Union, UnionType):
        return any(_fits(value, member) for member in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(item, inner[1]) for item in value.values())
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    return type(value) is kind or (kind is float and type(value) is int)
