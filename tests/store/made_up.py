"""A small run made of random numbers, and what each table must hold, computed with plain loops from the same numbers.

Shards are computed a batch at a time, expectations over all examples at once, so adding up is what gets tested.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations_with_replacement

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store.journal.manifest import Condition, Layer, Manifest
from neurontui.store.schema import shard_schema, shard_tables

TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
THRESHOLDS = (0.0, 0.5)
FINAL = ("neuron_vocabulary", "prompt_tokens", "neuron_token_values", "neuron_precision")
"""Tables of the whole run, written after the batches."""
Row = tuple[object, ...]


@dataclass(frozen=True)
class MadeUp:
    """A run of `examples` examples; `last` and `other` are activations at the last and at another token."""

    seed: int = 0
    layers: int = 2
    neurons: int = 7
    examples: int = 13
    languages: tuple[str, ...] = ("en", "de", "zh")
    batch: int = 5
    folds: tuple[int, ...] = field(default=(0, 3, 19))

    @cached_property
    def last(self) -> NDArray[np.float64]:
        """(examples, languages, layers, neurons), with propensities so that some neurons keep their type."""
        rng = np.random.default_rng(self.seed)
        shape = (self.examples, len(self.languages), self.layers, self.neurons)
        return rng.normal(0, 1, shape) + rng.normal(0, 1.5, shape[2:])

    @cached_property
    def other(self) -> NDArray[np.float64]:
        """As `last`, at another token of the same prompt."""
        rng = np.random.default_rng(self.seed + 1000)
        return rng.normal(-1, 1, self.last.shape)

    @property
    def manifest(self) -> Manifest:
        """The run's manifest."""
        return Manifest(
            key=f"made-up-{self.seed}-{self.examples}",
            name=f"made up · {self.seed}",
            model="made-up",
            revision=None,
            architecture="bloom",
            task="made-up",
            setting=None,
            n_shots=0,
            languages=self.languages,
            n_examples=self.examples,
            n_batches=len(list(self.batches)),
            dtype="float32",
            device="cpu",
            threshold=0.0,
            started="2025-01-02T03:04:05",
            layers=tuple(Layer(n, "decoder", n, self.neurons) for n in range(self.layers)),
            conditions=(
                Condition(0, "baseline", "nothing switched off"),
                Condition(1, "type", "without all-shared", type="all-shared", layers=(0, 1)),
                Condition(2, "random", "never run", fraction=0.5, seed=1),
            ),
            settings={"model_digest": "0" * 64, "seed": self.seed, "thresholds": list(THRESHOLDS)},
            versions={"numpy": np.__version__},
            notes=(("data", "Made up."), ("data", "Nothing was left out.")),
        )

    @property
    def batches(self) -> Iterator[list[int]]:
        """Example numbers of each batch."""
        for first in range(0, self.examples, self.batch):
            yield list(range(first, min(self.examples, first + self.batch)))

    def shards(self, examples: Sequence[int]) -> dict[str, pa.Table]:
        """The tables of one batch."""
        return _shards(self, tuple(examples))

    def final(self) -> dict[str, pa.Table]:
        """Tables of the run as a whole."""
        return {table: _table(self, table, ()) for table in FINAL}

    def rows(self, table: str, examples: Sequence[int] | None = None) -> list[Row]:
        """Rows of a table, without `run`, over these examples (default: all)."""
        chosen = range(self.examples) if examples is None else examples
        rows: list[Row] = list(getattr(self, f"_{table}")(chosen))
        return rows

    def mask(self, e: int, layer: int, n: int, threshold: float = 0.0, scope: str = "last") -> int:
        """Mask of a neuron, from the definition."""
        active = self.last[e, :, layer, n] > threshold
        if scope == "any":
            active = active | (self.other[e, :, layer, n] > threshold)
        return sum(1 << bit for bit, each in enumerate(active) if each)

    def type_of(self, mask: int) -> str:
        """Type of a mask, Eq. 3 to 6."""
        n = bin(mask).count("1")
        if n == 0:
            return "non-activated"
        if n == len(self.languages):
            return "all-shared"
        return "specific" if n == 1 else "partial-shared"

    def fold(self, e: int) -> int:
        """Fold of an example; two neighbours share one."""
        return self.folds[e // 2 % len(self.folds)]

    def cells(self, examples: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """(example, layer, neuron) in the order of `activations`."""
        for layer in range(self.layers):
            for e in examples:
                for n in range(self.neurons):
                    yield e, layer, n

    def _activations(self, examples: Sequence[int]) -> Iterator[Row]:
        for e, layer, n in self.cells(examples):
            yield e, layer, n, self.mask(e, layer, n)

    def _examples(self, examples: Sequence[int]) -> Iterator[Row]:
        for e in examples:
            for code in self.languages:
                yield (
                    e,
                    f"id{e}",
                    f"c{e // 2}",
                    self.fold(e),
                    code,
                    f"“{code}” \x1b[31m{e}",
                    "a",
                    (None if e % 3 else "b"),
                    None if e % 3 else e % 2 == 0,
                    5 + e,
                    "?",
                    None if e % 4 else 1 + e % 3,
                    None if e % 4 else 3,
                    None if e % 4 else -0.5 * e,
                    code,
                    None if e % 4 else "und",
                    None if e % 4 else "de",
                )

    def _layers(self, examples: Sequence[int]) -> Iterator[Row]:
        for layer in range(self.layers):
            yield layer, int((abs(self.last[list(examples), :, layer]) < 0.05).sum())

    def _example_types(self, examples: Sequence[int]) -> Iterator[Row]:
        for e in examples:
            for layer in range(self.layers):
                kinds = [self.type_of(self.mask(e, layer, n)) for n in range(self.neurons)]
                yield e, layer, *(kinds.count(kind) for kind in TYPES)

    def _neuron_masks(self, examples: Sequence[int]) -> Iterator[Row]:
        counted = Counter((layer, n, self.mask(e, layer, n)) for e, layer, n in self.cells(examples))
        yield from ((*key, n) for key, n in counted.items())

    def _neuron_types(self, examples: Sequence[int]) -> Iterator[Row]:
        for layer in range(self.layers):
            for n in range(self.neurons):
                kinds = [self.type_of(self.mask(e, layer, n)) for e in examples]
                yield layer, n, *(kinds.count(kind) for kind in TYPES)

    def _mask_histogram(self, examples: Sequence[int]) -> Iterator[Row]:
        counted = Counter(
            (threshold, scope, self.fold(e), layer, self.mask(e, layer, n, threshold, scope))
            for threshold in THRESHOLDS
            for scope in ("last", "any")
            for e, layer, n in self.cells(examples)
        )
        yield from ((*key, n) for key, n in counted.items())

    def _active_histogram(self, examples: Sequence[int]) -> Iterator[Row]:
        counted: Counter[Row] = Counter()
        for *key, mask, n in self._mask_histogram(examples):
            counted[(*key, int(str(mask)).bit_count())] += int(str(n))
        yield from ((*key, n) for key, n in counted.items())

    def _language_pairs(self, examples: Sequence[int]) -> Iterator[Row]:
        counted: dict[Row, list[int]] = {}
        pairs = list(combinations_with_replacement(range(len(self.languages)), 2))
        for e, layer, n in self.cells(examples):
            mask = self.mask(e, layer, n)
            partial = self.type_of(mask) == "partial-shared"
            for a, b in pairs:
                both = mask >> a & mask >> b & 1
                key = (self.fold(e), layer, self.languages[a], self.languages[b])
                sums = counted.setdefault(key, [0, 0, 0])
                alone = mask == (1 << a | 1 << b)
                for place, each in enumerate((both, both and partial, both and alone)):
                    sums[place] += int(each)
        yield from ((*key, *sums) for key, sums in counted.items())

    def _mask_joint(self, examples: Sequence[int]) -> Iterator[Row]:
        seen: Counter[Row] = Counter()
        silent: Counter[Row] = Counter()
        for bit, code in enumerate(self.languages):
            for e, layer, n in self.cells(examples):
                key = (code, self.fold(e), layer, self.mask(e, layer, n))
                seen[key] += 1
                silent[key] += not self.mask(e, layer, n, scope="any") >> bit & 1
        yield from ((*key, n, silent[key]) for key, n in seen.items())

    def _neuron_tokens_active(self, examples: Sequence[int]) -> Iterator[Row]:
        some = list(examples)
        active = (self.last[some] > 0).sum(0) + (self.other[some] > 0).sum(0)
        for bit, code in enumerate(self.languages):
            for layer in range(self.layers):
                for n in range(self.neurons):
                    yield code, layer, n, 2 * len(some), int(active[bit, layer, n])

    def _neuron_density(self, examples: Sequence[int]) -> Iterator[Row]:
        for bit, code in enumerate(self.languages):
            for layer in reversed(range(self.layers)):
                for n in range(self.neurons):
                    on = int((self.last[list(examples), bit, layer, n] > 0).sum())
                    for number, count in ((18, on), (15, len(examples) - on)):
                        if count:
                            yield layer, n, code, number, count

    def _scored(self, e: int, bit: int, layer: int) -> list[tuple[int, float, float, float, bool]]:
        """(mask, CS, raw, ES, in the top set) of every neuron of a layer."""
        raw = abs(self.last[e, bit, layer]) * np.linspace(1, 2, self.neurons)
        es = self.last[e, bit, layer] * np.linspace(-1, 1, self.neurons)
        top = set(np.argsort(-raw)[:2].tolist())
        return [(self.mask(e, layer, n), raw[n] / raw.sum(), raw[n], es[n], n in top) for n in range(self.neurons)]

    def _grouped(self, examples: Sequence[int], kind: str) -> dict[Row, list[tuple[float, ...]]]:
        groups: dict[Row, list[tuple[float, ...]]] = defaultdict(list)
        for e in examples:
            for bit, code in enumerate(self.languages):
                for layer in range(self.layers):
                    for n, (mask, cs, raw, es, top) in enumerate(self._scored(e, bit, layer)):
                        key = {
                            "attribution": (e, code, layer, self.type_of(mask)),
                            "attribution_masks": (self.fold(e), code, layer, mask),
                            "neuron_attribution": (code, layer, n),
                        }[kind]
                        groups[key].append((top, cs, raw, es))
        return groups

    def _attribution(self, examples: Sequence[int]) -> Iterator[Row]:
        for key, members in self._grouped(examples, "attribution").items():
            top, cs, raw, es = map(np.array, zip(*members, strict=True))
            yield *key, len(top), int(top.sum()), cs.sum(), cs.max(), raw.sum(), *_moments(es)

    def _attribution_masks(self, examples: Sequence[int]) -> Iterator[Row]:
        for key, members in self._grouped(examples, "attribution_masks").items():
            top, cs, raw, es = map(np.array, zip(*members, strict=True))
            yield *key, len(top), int(top.sum()), cs.sum(), raw.sum(), *_moments(es)

    def _neuron_attribution(self, examples: Sequence[int]) -> Iterator[Row]:
        for key, members in self._grouped(examples, "neuron_attribution").items():
            top, cs, _, es = map(np.array, zip(*members, strict=True))
            yield *key, len(top), int(top.sum()), cs.sum(), *_moments(es)

    def _neuron_gradients(self, examples: Sequence[int]) -> Iterator[Row]:
        for bit, code in enumerate(self.languages):
            for layer in range(self.layers):
                for n in range(self.neurons):
                    g = np.exp(self.last[list(examples), bit, layer, n] / 3)
                    yield code, layer, n, len(g), float(g.sum()), float((g**2).sum())

    def _neuron_effects(self, examples: Sequence[int]) -> Iterator[Row]:
        for layer in range(self.layers):
            for e in examples:
                for bit, code in enumerate(self.languages):
                    for n in range(0, self.neurons, 3):
                        _, cs, _, es, _ = self._scored(e, bit, layer)[n]
                        effective = None if layer == 0 else float(es)
                        yield e, code, layer, n, float(cs), effective, 0.5 * float(es), 0.25 * e - n

    def _corpora(self, examples: Sequence[int]) -> Iterator[Row]:
        for code in self.languages:
            for half in (0, 1):
                n = sum(e % 2 == half for e in examples)
                if n:
                    yield code, half, n, 2 * n, 40 * n, 3 * n, 0.5 * n, 0.125 * n

    def _neuron_activity(self, examples: Sequence[int]) -> Iterator[Row]:
        for code, half, _, _, n_tokens, *_ in self._corpora(examples):
            for layer in range(self.layers):
                for n in range(self.neurons):
                    active = n_tokens // 4 * (n % 5)
                    yield code, half, layer, n, active, active // 2, n_tokens - active

    def _neuron_moments(self, examples: Sequence[int]) -> Iterator[Row]:
        for code in self.languages:
            for layer in range(self.layers):
                for n in range(self.neurons):
                    yield code, layer, n, *(value * len(examples) for value in (0.5 * n, 2.5 * n, -0.25 * n, 1.5))

    def _neuron_precision(self, _: Sequence[int]) -> Iterator[Row]:
        for code in self.languages:
            for layer in range(self.layers):
                for n in range(self.neurons):
                    yield code, layer, n, 1 / (1 + n), 1 / (2 + n), 1 / (3 + n)

    def _top_neurons(self, examples: Sequence[int]) -> Iterator[Row]:
        for e in examples:
            for bit, code in enumerate(self.languages):
                for layer in range(self.layers):
                    scored = self._scored(e, bit, layer)
                    order = sorted(range(self.neurons), key=lambda n: -scored[n][1])[:3]
                    for rank, n in enumerate(order, 1):
                        yield e, code, layer, rank, n, scored[n][0], scored[n][1], scored[n][3]

    def _neuron_examples(self, examples: Sequence[int]) -> Iterator[Row]:
        for layer in range(self.layers):
            for n in range(self.neurons):
                inputs = [
                    # Rounded, so that ties occur and their order is tested.
                    (-round(float(self.last[e, bit, layer, n]), 1), e, code)
                    for e in examples
                    for bit, code in enumerate(self.languages)
                ]
                for rank, (value, e, code) in enumerate(sorted(inputs)[:10], 1):
                    yield layer, n, rank, e, code, -value

    def _ablation_examples(self, examples: Sequence[int]) -> Iterator[Row]:
        for condition in (0, 1):
            for e in examples:
                for bit, code in enumerate(self.languages):
                    right = (e + bit + condition) % 2 == 0
                    yield (
                        condition,
                        e,
                        code,
                        "yes",
                        right,
                        None,
                        None,
                        -0.1 * e,
                        condition * (3 + e % 2),
                        1 + e % 3,
                        4,
                        None,
                    )

    def _neuron_vocabulary(self, _: Sequence[int]) -> Iterator[Row]:
        for n in range(self.neurons):
            for rank in (1, 2):
                yield 0, n, "promotes", rank, f"▁t{n}", 1.0 / rank
                yield 0, n, "suppresses", rank, f"\x00{n}", -1.0 / rank

    def _prompt_tokens(self, _: Sequence[int]) -> Iterator[Row]:
        for e in self._ends:
            for code in self.languages:
                yield e, code, "decoder", e % 3, [f"{code} ", "", "\x00"][: 1 + e % 3]

    def _neuron_token_values(self, _: Sequence[int]) -> Iterator[Row]:
        for layer in reversed(range(self.layers)):
            for n in range(self.neurons):
                for e in self._ends:
                    value = float(np.float32(self.last[e, 0, layer, n]))
                    yield layer, n, e, self.languages[0], [value] * (1 + e % 3)

    @property
    def _ends(self) -> list[int]:
        """The last example and the first, so that their order is tested."""
        return sorted({0, self.examples - 1}, reverse=True)

    def _notes(self, examples: Sequence[int]) -> Iterator[Row]:
        if 0 in examples or len(examples) == self.examples:
            yield "data", "Made up."
        yield "precision", "One sentence that every batch brings."


def _moments(es: NDArray[np.float64]) -> tuple[float, float, float, float]:
    return float(es.sum()), float((es**2).sum()), float(es.min()), float(es.max())


@cache
def _shards(run: MadeUp, examples: tuple[int, ...]) -> dict[str, pa.Table]:
    return {table: _table(run, table, examples) for table in shard_tables() if table not in FINAL}


def _table(run: MadeUp, table: str, examples: Sequence[int]) -> pa.Table:
    schema = shard_schema(table)
    columns = list(zip(*run.rows(table, examples), strict=True)) or [()] * len(schema)
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
