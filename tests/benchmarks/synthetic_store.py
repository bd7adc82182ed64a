"""Makes a results file of any size with made-up but plausible neurons, through the real journal and merge.

python tests/benchmarks/synthetic_store.py --layers 30 --neurons 16384 --examples 5000 --languages 10 --out big.duckdb

Every neuron has its own propensity to fire, shifted in each language; languages of a family and the examples themselves
move together; a few neurons belong to one language. Attribution and ablation are drawn to look right, not computed.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema
from neurontui.store.journal import Journal
from neurontui.store.manifest import Condition, Layer, Manifest
from neurontui.store.merge import merge

PAPER = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
DRAWS = 64
"""States that a neuron can be in; each example draws one of them."""
FOLDS = 20

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Scale:
    """What to make."""

    layers: int = 6
    neurons: int = 768
    examples: int = 120
    languages: int = 10
    batch: int = 250
    attribution: bool = True
    seed: int = 0
    name: str = "synthetic · xnli"

    @property
    def codes(self) -> tuple[str, ...]:
        """Language codes: the paper's ten, then the other ones that we know."""
        with (Path(schema.__file__).parent / "languages.csv").open(encoding="utf-8") as file:
            known = [row["code"] for row in csv.DictReader(file)]
        return tuple(dict.fromkeys([*PAPER, *known]))[: self.languages]

    @property
    def all_mask(self) -> int:
        """Mask of an all-shared neuron."""
        return (1 << self.languages) - 1

    @property
    def n_batches(self) -> int:
        """Batches of the journal."""
        return -(-self.examples // self.batch)


def manifest_of(scale: Scale) -> Manifest:
    """The manifest of a synthetic run."""
    return Manifest(
        key=f"synthetic{scale.layers}x{scale.neurons}x{scale.examples}x{scale.languages}s{scale.seed}",
        name=scale.name,
        model="synthetic",
        revision=None,
        architecture="bloom",
        task="xnli",
        setting=None,
        n_shots=0,
        languages=scale.codes,
        n_examples=scale.examples,
        n_batches=scale.n_batches,
        dtype="float32",
        device="cpu",
        threshold=0.0,
        started="2025-01-01T00:00:00",
        layers=tuple(Layer(n, "decoder", n, scale.neurons) for n in range(scale.layers)),
        conditions=_conditions() if scale.attribution else (),
        settings={"synthetic": True, "seed": scale.seed},
        notes=(("data", "Made up by a generator: no model ran."),),
    )


def population(scale: Scale) -> NDArray[np.uint64]:
    """The masks that each neuron can have: (layers · neurons, DRAWS)."""
    rng = np.random.default_rng(scale.seed)
    family = rng.integers(0, max(1, scale.languages // 3), scale.languages)
    return np.concatenate([_layer_masks(rng, scale, family, n) for n in range(scale.layers)])


def batches(scale: Scale) -> Iterator[tuple[int, Tables]]:
    """The shards of every batch, activations first."""
    states = population(scale).astype(_mask_type(scale))
    for number in range(scale.n_batches):
        rng = np.random.default_rng((scale.seed, number))
        first = number * scale.batch
        numbers = np.arange(first, min(scale.examples, first + scale.batch))
        masks = np.stack([_draw(rng, states) for _ in numbers])
        yield number, _tables(rng, scale, numbers, masks.reshape(len(numbers), scale.layers, -1))


def generate(scale: Scale, results: Path, keep: str = "all") -> int:
    """Journal and merge a synthetic run into `results`; returns its number."""
    with Journal.open(results, manifest_of(scale)) as journal:
        for number, tables in batches(scale):
            if number not in journal.finished:
                tokens = 20 * scale.batch * scale.languages
                journal.write(number, tables, seconds=1.0, tokens=tokens)
        if scale.attribution:
            journal.write_final({"neuron_vocabulary": _vocabulary(scale)})
    return merge(journal.path, results, keep=keep)


def _mask_type(scale: Scale) -> type[np.unsignedinteger]:
    return np.uint16 if scale.languages <= 16 else np.uint64


def _layer_masks(
    rng: np.random.Generator, scale: Scale, family: NDArray[np.int64], layer: int
) -> NDArray[np.uint64]:
    n, p = scale.neurons, scale.languages
    depth = layer / max(1, scale.layers - 1)
    draw = partial(rng.standard_normal, dtype=np.float32)
    level = draw((n, 1)) * 2.0 - 1.2 + 1.2 * depth
    level = level + 0.5 * draw((n, family.max() + 1))[:, family] + 0.4 * draw((n, p))
    own = rng.random(n) < 0.03 * (1 + 2 * abs(depth - 0.5))
    home = rng.integers(0, p, n)
    level[own] = np.where(np.arange(p) == home[own, None], 1.5, -3.0)
    noise = draw((n, DRAWS, 1)) + 0.4 * draw((n, DRAWS, p))
    active = level[:, None, :] + noise > 0
    bits = np.uint64(1) << np.arange(p, dtype=np.uint64)
    return np.asarray((active * bits).sum(-1, dtype=np.uint64))


def _draw(
    rng: np.random.Generator, states: NDArray[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    choice = np.frombuffer(rng.bytes(len(states)), dtype=np.uint8) % DRAWS
    return np.take(states.reshape(-1), np.arange(len(states)) * DRAWS + choice)


def _tables(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> Tables:
    tables = {
        "activations": _activations(numbers, masks),
        "examples": _examples(rng, scale, numbers),
        "layers": _columns(
            layer=np.arange(scale.layers), n_near_zero=rng.integers(0, 9, scale.layers)
        ),
        "neuron_tokens_active": _tokens_active(scale, masks),
        "neuron_examples": _strongest(rng, scale, numbers, masks),
    }
    if scale.languages <= 15:
        tables |= _histograms(rng, scale, numbers, masks)
    if scale.attribution:
        tables |= _attribution(rng, scale, numbers, masks)
        tables["ablation_examples"] = _ablation(rng, scale, numbers)
    return tables


def _columns(**arrays: object) -> pa.Table:
    return pa.table(arrays)


def _grid(**axes: NDArray[np.generic] | list[str]) -> dict[str, NDArray[np.generic]]:
    """Every combination of the axes, the last one running fastest."""
    mesh = np.meshgrid(*map(np.asarray, axes.values()), indexing="ij")
    return {name: each.reshape(-1) for name, each in zip(axes, mesh, strict=True)}


def _activations(numbers: NDArray[np.int64], masks: NDArray[np.unsignedinteger]) -> pa.Table:
    e, layers, n = masks.shape
    return _columns(
        example=np.repeat(numbers.astype(np.int32), layers * n),
        layer=np.tile(np.repeat(np.arange(layers, dtype=np.int32), n), e),
        neuron=np.tile(np.arange(n, dtype=np.int32), e * layers),
        mask=masks.reshape(-1).astype(np.uint64),
    )


def _examples(rng: np.random.Generator, scale: Scale, numbers: NDArray[np.int64]) -> pa.Table:
    rows = [(int(n), code) for n in numbers for code in scale.codes]
    answer = ["yes" if n % 3 else "no" for n, _ in rows]
    correct = rng.random(len(rows)) < 0.55
    return _columns(
        example=[n for n, _ in rows],
        id=[f"made-up-{n}" for n, _ in rows],
        cluster=[f"premise {n // 3}" for n, _ in rows],
        fold=[n // 3 % FOLDS for n, _ in rows],
        language=[code for _, code in rows],
        prompt=[
            f"A made-up premise {n // 3} and hypothesis {n % 3}, in {c}: is it true?"
            for n, c in rows
        ],
        answer=answer,
        prediction=[a if c else "maybe" for a, c in zip(answer, correct, strict=True)],
        correct=correct,
        n_tokens=rng.integers(12, 40, len(rows)),
        last_token=["?"] * len(rows),
    )


def _tokens_active(scale: Scale, masks: NDArray[np.unsignedinteger]) -> pa.Table:
    e, layers, n = masks.shape
    active = np.stack([_bit(masks, bit).sum(0) for bit in range(scale.languages)])
    axes = _grid(language=list(scale.codes), layer=np.arange(layers), neuron=np.arange(n))
    return _columns(**axes, n_tokens=np.full(active.size, 20 * e), n_active=active.reshape(-1) * 20)


def _bit(masks: NDArray[np.unsignedinteger], bit: int) -> NDArray[np.bool_]:
    return (masks >> masks.dtype.type(bit)) & masks.dtype.type(1) == 1


def _strongest(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> pa.Table:
    """As if the ten most active of a neuron's inputs were drawn from the examples in which it fires."""
    e, layers, n = masks.shape
    ranks = min(10, e)
    axes = _grid(layer=np.arange(layers), neuron=np.arange(n), rank=np.arange(1, ranks + 1))
    size = len(axes["rank"])
    value = -np.sort(-rng.gamma(1.0, 1.0, (size // ranks, ranks)), axis=1).reshape(-1)
    pick = rng.integers(0, e, size)
    mask = masks[pick, axes["layer"], axes["neuron"]]
    fires = mask != 0
    language = np.asarray(scale.codes)[_lowest_bit(mask)]
    table = _columns(**axes, example=numbers[pick], language=language, activation=value)
    return table.filter(pa.array(fires))


def _lowest_bit(mask: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
    wide = mask.astype(np.uint64)
    lowest = wide & (~wide + np.uint64(1))
    return np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)).astype(np.int64)


def _histograms(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> Tables:
    counts = _fold_counts(scale, numbers, masks)
    fold, layer, mask = np.nonzero(counts)
    n = counts[fold, layer, mask]
    axes = {"fold": fold, "layer": layer, "mask": mask.astype(np.uint64)}
    last = [_histogram(t, "last", axes, np.maximum(n - int(20 * t), 1)) for t in (0.0, 0.1, 0.2)]
    wider = {
        **axes,
        "mask": axes["mask"] | axes["mask"] << np.uint64(1) & np.uint64(scale.all_mask),
    }
    joint = [_joint(rng, code, bit, axes, n) for bit, code in enumerate(scale.codes)]
    return {
        "mask_histogram": pa.concat_tables([*last, _histogram(0.0, "any", wider, n)]),
        "mask_joint": pa.concat_tables(joint),
    }


def _fold_counts(
    scale: Scale, numbers: NDArray[np.int64], masks: NDArray[np.unsignedinteger]
) -> NDArray[np.int64]:
    width = scale.all_mask + 1
    counts = np.zeros((FOLDS, scale.layers, width), dtype=np.int64)
    offsets = np.arange(scale.layers)[:, None] * width
    for number, example in zip(numbers, masks, strict=True):
        flat = np.bincount((example + offsets).reshape(-1), minlength=scale.layers * width)
        counts[number // 3 % FOLDS] += flat.reshape(scale.layers, width)
    return counts


def _histogram(
    threshold: float, scope: str, axes: dict[str, NDArray[np.generic]], n: NDArray[np.int64]
) -> pa.Table:
    return _columns(
        threshold=np.full(len(n), threshold), scope=pa.array([scope] * len(n)), **axes, n=n
    )


def _joint(
    rng: np.random.Generator,
    code: str,
    bit: int,
    axes: dict[str, NDArray[np.generic]],
    n: NDArray[np.int64],
) -> pa.Table:
    silent = np.where(_bit(axes["mask"].astype(np.uint64), bit), 0, rng.binomial(n, 0.6))
    return _columns(
        language=[code] * len(n),
        fold=axes["fold"],
        layer=axes["layer"],
        last_mask=axes["mask"],
        n=n,
        n_silent=silent,
    )


def _attribution(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> Tables:
    return {
        "attribution": _by_type(rng, scale, numbers, masks),
        "attribution_masks": _by_mask(rng, scale, numbers, masks),
        "neuron_attribution": _by_neuron(rng, scale, masks),
        "top_neurons": _top(rng, scale, numbers, masks),
    }


def _scores(rng: np.random.Generator, n: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    mean = rng.normal(0.0, 0.02, len(n))
    return {
        "es_sum": mean * n,
        "es_sumsq": (mean**2 + 0.01) * n,
        "es_min": mean - 0.3,
        "es_max": mean + 0.3,
    }


def _by_type(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> pa.Table:
    counts = np.stack([(_type_of(masks, scale) == kind).sum(-1) for kind in range(4)], axis=-1)
    axes = _grid(
        example=numbers, language=list(scale.codes), layer=np.arange(scale.layers), type=list(TYPES)
    )
    shape = (len(numbers), scale.languages, scale.layers, 4)
    n = np.broadcast_to(counts[:, None], shape).reshape(-1)
    weight = (
        n.reshape(-1, 4) * np.array([0.3, 0.8, 1.0, 2.5]) * rng.gamma(20.0, 0.05, (n.size // 4, 4))
    )
    share = (weight / weight.sum(1, keepdims=True)).reshape(-1)
    table = _columns(
        **axes,
        n=n,
        n_top=np.minimum(n, (share * scale.neurons * 0.05).astype(np.int64)),
        cs_sum=share,
        cs_max=share / np.maximum(n, 1) * 9,
        raw_sum=share * rng.gamma(50.0, 1.0, len(share)),
        **_scores(rng, n),
    )
    return table.filter(pa.array(n > 0))


def _type_of(masks: NDArray[np.unsignedinteger], scale: Scale) -> NDArray[np.int8]:
    one = masks.dtype.type(1)
    kind = np.full(masks.shape, 2, dtype=np.int8)
    kind[masks & (masks - one) == 0] = 1
    kind[masks == 0] = 0
    kind[masks == scale.all_mask] = 3
    return kind


def _by_mask(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> pa.Table:
    if scale.languages > 15:
        return schema.shard_schema("attribution_masks").empty_table()
    counts = _fold_counts(scale, numbers, masks)
    fold, layer, mask = np.nonzero(counts)
    n = counts[fold, layer, mask]
    parts = []
    for code in scale.codes:
        share = n / (scale.neurons * len(numbers)) * rng.gamma(20.0, 0.05, len(n))
        parts.append(
            _columns(
                fold=fold,
                language=pa.array([code] * len(n)),
                layer=layer,
                mask=mask.astype(np.uint64),
                n=n,
                n_top=n // 20,
                cs_sum=share,
                raw_sum=share * 50,
                **_scores(rng, n),
            )
        )
    return pa.concat_tables(parts)


def _by_neuron(
    rng: np.random.Generator, scale: Scale, masks: NDArray[np.unsignedinteger]
) -> pa.Table:
    e, layers, n = masks.shape
    axes = _grid(language=list(scale.codes), layer=np.arange(layers), neuron=np.arange(n))
    size = len(axes["layer"])
    seen = np.full(size, e)
    top = rng.binomial(e, 0.05, size)
    share = rng.gamma(0.5, 2.0, size) * e / n
    return _columns(**axes, n=seen, n_top=top, cs_sum=share, **_scores(rng, seen))


def _top(
    rng: np.random.Generator,
    scale: Scale,
    numbers: NDArray[np.int64],
    masks: NDArray[np.unsignedinteger],
) -> pa.Table:
    ranks = min(10, scale.neurons)
    axes = _grid(
        example=numbers,
        language=list(scale.codes),
        layer=np.arange(scale.layers),
        rank=np.arange(1, ranks + 1),
    )
    size = len(axes["rank"])
    neuron = rng.integers(0, scale.neurons, size)
    cs = -np.sort(-rng.gamma(2.0, 0.004, (size // ranks, ranks)), axis=1).reshape(-1)
    mask = masks[axes["example"] - numbers[0], axes["layer"], neuron].astype(np.uint64)
    return _columns(**axes, neuron=neuron, mask=mask, cs=cs, es=rng.normal(0.0, 0.1, size))


def _conditions() -> tuple[Condition, ...]:
    types = [Condition(1 + i, "type", f"without {kind}", type=kind) for i, kind in enumerate(TYPES)]
    random = [
        Condition(5 + i, "random", f"without a random {share:.0%}", fraction=share, seed=0)
        for i, share in enumerate((0.05, 0.15, 0.25, 0.55, 0.75))
    ]
    return (Condition(0, "baseline", "nothing switched off"), *types, *random)


def _ablation(rng: np.random.Generator, scale: Scale, numbers: NDArray[np.int64]) -> pa.Table:
    conditions = _conditions()
    chance = np.array([0.55, 0.54, 0.50, 0.35, 0.05, 0.5, 0.45, 0.4, 0.2, 0.1])
    share = np.array([0.0, 0.45, 0.1, 0.25, 0.2, 0.05, 0.15, 0.25, 0.55, 0.75])
    axes = _grid(condition=np.arange(len(conditions)), example=numbers, language=list(scale.codes))
    correct = rng.random(len(axes["example"])) < chance[axes["condition"]]
    return _columns(
        **axes,
        prediction=pa.array(np.where(correct, "yes", "maybe")),
        correct=correct,
        rank_correct=correct,
        valid=correct | (rng.random(len(correct)) < 0.8),
        answer_logprob=-rng.gamma(2.0, 1.0, len(correct)),
        n_ablated=(share[axes["condition"]] * scale.layers * scale.neurons).astype(np.int32),
    )


def _vocabulary(scale: Scale) -> pa.Table:
    rng = np.random.default_rng(scale.seed)
    axes = _grid(
        layer=np.arange(scale.layers),
        neuron=np.arange(0, scale.neurons, 16),
        direction=["promotes", "suppresses"],
        rank=np.arange(1, 11),
    )
    size = len(axes["rank"])
    sign = np.where(axes["direction"] == "promotes", 1.0, -1.0)
    token = pa.array([f"▁token{n}" for n in rng.integers(0, 5000, size)])
    return _columns(**axes, token=token, logit=sign * (4.0 - 0.3 * axes["rank"]))


def main() -> None:
    """Read the arguments, make the file, say how long it took."""
    parser = argparse.ArgumentParser(description="Make a synthetic results file.")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--neurons", type=int, default=768)
    parser.add_argument("--examples", type=int, default=120)
    parser.add_argument("--languages", type=int, default=10)
    parser.add_argument("--batch", type=int, default=250, help="examples a batch of the journal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-attribution", dest="attribution", action="store_false")
    parser.add_argument("--keep", choices=["all", "aggregates"], default="all")
    parser.add_argument("--out", type=Path, required=True)
    options = vars(parser.parse_args())
    out, keep = options.pop("out"), options.pop("keep")
    started = time.perf_counter()
    run = generate(Scale(**options), out, keep)
    sys.stderr.write(f"run {run} in {out} after {time.perf_counter() - started:.0f} s\n")


if __name__ == "__main__":
    main()
