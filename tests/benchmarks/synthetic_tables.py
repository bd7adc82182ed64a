"""The tables of a synthetic run: plausible numbers around given masks. See synthetic_store."""

import csv
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.compute.measures.density import AT_MOST, BINS
from neurontui.store.journal.manifest import Condition
from neurontui.store.languages.reference import REFERENCE_CSV
from tests.benchmarks.synthetic_pairs import many_language_tables

PAPER = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
FOLDS = 20

Tables = dict[str, pa.Table]
Masks = NDArray[np.unsignedinteger]
Numbers = NDArray[np.int64]


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
        with REFERENCE_CSV.open(encoding="utf-8") as file:
            known = [row["code"] for row in csv.DictReader(file)]
        return tuple(dict.fromkeys([*PAPER, *known]))[: self.languages]

    @property
    def all_mask(self) -> int:
        """Mask of an all-shared neuron."""
        return (1 << self.languages) - 1

    def fold(self, example: int) -> int:
        """Fold of an example: blocks of neighbours, as real runs have them."""
        return int(example) * FOLDS // self.examples

    @property
    def n_batches(self) -> int:
        """Batches of the journal."""
        return -(-self.examples // self.batch)


def tables(rng: np.random.Generator, scale: Scale, numbers: Numbers, masks: Masks) -> Tables:
    """Every shard of a batch but its activations; masks: (examples, layers, neurons)."""
    made = {
        "examples": _examples(rng, scale, numbers),
        "layers": _columns(layer=np.arange(scale.layers), n_near_zero=rng.integers(0, 9, scale.layers)),
        "neuron_tokens_active": _tokens_active(scale, masks),
        "neuron_examples": _strongest(rng, scale, numbers, masks),
    }
    counts = _fold_counts(scale, numbers, masks) if scale.languages <= 15 else None
    if counts is not None:
        made |= _histograms(rng, scale, counts)
    else:
        folds = np.array([scale.fold(int(number)) for number in numbers])
        made |= many_language_tables(scale.codes, folds, masks)
    if scale.layers * scale.neurons * scale.languages * BINS <= AT_MOST:
        made["neuron_density"] = _density(rng, scale, len(numbers))
    if scale.attribution:
        made |= _attribution(rng, scale, numbers, masks, counts)
        made["ablation_examples"] = _ablation(rng, scale, numbers)
    return made


def _columns(**arrays: object) -> pa.Table:
    return pa.table(arrays)


def _grid(**axes: NDArray[np.generic] | list[str]) -> dict[str, NDArray[np.generic]]:
    """Every combination of the axes, the last one running fastest."""
    mesh = np.meshgrid(*map(np.asarray, axes.values()), indexing="ij")
    return {name: each.reshape(-1) for name, each in zip(axes, mesh, strict=True)}


def activations(numbers: Numbers, masks: Masks) -> pa.Table:
    """The masks as shards have them, layer by layer."""
    e, layers, n = masks.shape
    return _columns(
        example=np.tile(np.repeat(numbers.astype(np.int32), n), layers),
        layer=np.repeat(np.arange(layers, dtype=np.int32), e * n),
        neuron=np.tile(np.arange(n, dtype=np.int32), e * layers),
        mask=masks.swapaxes(0, 1).reshape(-1).astype(np.uint64),
    )


def _examples(rng: np.random.Generator, scale: Scale, numbers: Numbers) -> pa.Table:
    rows = [(int(n), code) for n in numbers for code in scale.codes]
    answer = ["yes" if n % 3 else "no" for n, _ in rows]
    correct = rng.random(len(rows)) < 0.55
    return _columns(
        example=[n for n, _ in rows],
        id=[f"made-up-{n}" for n, _ in rows],
        cluster=[f"premise {n // 3}" for n, _ in rows],
        fold=[scale.fold(n) for n, _ in rows],
        language=[code for _, code in rows],
        prompt=[f"A made-up premise {n // 3} and hypothesis {n % 3}, in {c}: is it true?" for n, c in rows],
        answer=answer,
        prediction=[a if c else "maybe" for a, c in zip(answer, correct, strict=True)],
        correct=correct,
        n_tokens=rng.integers(12, 40, len(rows)),
        last_token=["?"] * len(rows),
        rank=rng.integers(1, 3, len(rows)).astype(np.int32),
        n_candidates=np.full(len(rows), 2, np.int32),
        answer_logprob=-rng.random(len(rows)),
        answer_language=[code for _, code in rows],
        output_language=["und"] * len(rows),
        detected_language=["und"] * len(rows),
    )


def _tokens_active(scale: Scale, masks: Masks) -> pa.Table:
    e, layers, n = masks.shape
    active = np.stack([_bit(masks, bit).sum(0, dtype=np.uint16) for bit in range(scale.languages)]).astype(np.int64)
    axes = _grid(language=list(scale.codes), layer=np.arange(layers), neuron=np.arange(n))
    return _columns(**axes, n_tokens=np.full(active.size, 20 * e), n_active=active.reshape(-1) * 20)


def _bit(masks: Masks, bit: int) -> NDArray[np.bool_]:
    return (masks >> masks.dtype.type(bit)) & masks.dtype.type(1) == 1


def _strongest(
    rng: np.random.Generator,
    scale: Scale,
    numbers: Numbers,
    masks: Masks,
) -> pa.Table:
    """As if the most active of a neuron's inputs were drawn from the examples in which it fires.

    Ten of the first batch; of later ones those that enter the list, which are fewer and fewer.
    """
    e, layers, n = masks.shape
    ranks = min(10, e, -(-10 * e // (int(numbers[0]) + e)))
    axes = _grid(layer=np.arange(layers), neuron=np.arange(n), rank=np.arange(1, ranks + 1))
    size = len(axes["rank"])
    value = -np.sort(-rng.gamma(1.0, 1.0, (size // ranks, ranks)), axis=1).reshape(-1)
    pick = rng.integers(0, e, size)
    mask = masks[pick, axes["layer"], axes["neuron"]]
    fires = mask != 0
    language = np.asarray(scale.codes)[_lowest_bit(mask)]
    table = _columns(**axes, example=numbers[pick], language=language, activation=value)
    return table.filter(pa.array(fires))


def _lowest_bit(mask: Masks) -> Numbers:
    wide = mask.astype(np.uint64)
    lowest = wide & (~wide + np.uint64(1))
    return np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)).astype(np.int64)


def _histograms(rng: np.random.Generator, scale: Scale, counts: Numbers) -> Tables:
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


def _fold_counts(scale: Scale, numbers: Numbers, masks: Masks) -> Numbers:
    width = scale.all_mask + 1
    counts = np.zeros((FOLDS, scale.layers, width), dtype=np.int64)
    offsets = np.arange(scale.layers)[:, None] * width
    for number, example in zip(numbers, masks, strict=True):
        flat = np.bincount((example + offsets).reshape(-1), minlength=scale.layers * width)
        counts[scale.fold(int(number))] += flat.reshape(scale.layers, width)
    return counts


def _histogram(threshold: float, scope: str, axes: dict[str, NDArray[np.generic]], n: Numbers) -> pa.Table:
    return _columns(threshold=np.full(len(n), threshold), scope=pa.array([scope] * len(n)), **axes, n=n)


def _joint(
    rng: np.random.Generator,
    code: str,
    bit: int,
    axes: dict[str, NDArray[np.generic]],
    n: Numbers,
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
    rng: np.random.Generator, scale: Scale, numbers: Numbers, masks: Masks, counts: Numbers | None
) -> Tables:
    made = {
        "attribution": _by_type(rng, scale, numbers, masks),
        "neuron_attribution": _by_neuron(rng, scale, masks),
        "top_neurons": _top(rng, scale, numbers, masks),
    }
    if counts is not None:
        made["attribution_masks"] = _by_mask(rng, scale, counts)
    return made


def _scores(rng: np.random.Generator, n: Numbers) -> dict[str, NDArray[np.float64]]:
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
    numbers: Numbers,
    masks: Masks,
) -> pa.Table:
    types = _type_of(masks, scale)
    counts = np.stack([np.count_nonzero(types == kind, axis=-1) for kind in range(4)], axis=-1)
    axes = _grid(example=numbers, language=list(scale.codes), layer=np.arange(scale.layers), type=list(TYPES))
    shape = (len(numbers), scale.languages, scale.layers, 4)
    n = np.broadcast_to(counts[:, None], shape).reshape(-1)
    weight = n.reshape(-1, 4) * np.array([0.3, 0.8, 1.0, 2.5]) * rng.gamma(20.0, 0.05, (n.size // 4, 4))
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


def _type_of(masks: Masks, scale: Scale) -> NDArray[np.int8]:
    if scale.languages <= 16:  # looking each mask up is four times quicker than telling it
        every = np.arange(scale.all_mask + 1, dtype=masks.dtype)
        return np.take(_types_of(every, scale), masks)
    return _types_of(masks, scale)


def _types_of(masks: Masks, scale: Scale) -> NDArray[np.int8]:
    one = masks.dtype.type(1)
    kind = np.full(masks.shape, 2, dtype=np.int8)
    kind[masks & (masks - one) == 0] = 1
    kind[masks == 0] = 0
    kind[masks == scale.all_mask] = 3
    return kind


def _by_mask(rng: np.random.Generator, scale: Scale, counts: Numbers) -> pa.Table:
    fold, layer, mask = np.nonzero(counts)
    n = counts[fold, layer, mask]
    parts = []
    for code in scale.codes:
        share = n / scale.neurons * rng.gamma(20.0, 0.05, len(n))
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


def _by_neuron(rng: np.random.Generator, scale: Scale, masks: Masks) -> pa.Table:
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
    numbers: Numbers,
    masks: Masks,
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


def conditions() -> tuple[Condition, ...]:
    """What the ablation switches off."""
    types = [Condition(1 + i, "type", f"without {kind}", type=kind) for i, kind in enumerate(TYPES)]
    random = [
        Condition(5 + i, "random", f"without a random {share:.0%}", fraction=share, seed=0)
        for i, share in enumerate((0.05, 0.15, 0.25, 0.55, 0.75))
    ]
    return (Condition(0, "baseline", "nothing switched off"), *types, *random)


def _ablation(rng: np.random.Generator, scale: Scale, numbers: Numbers) -> pa.Table:
    chance = np.array([0.55, 0.54, 0.50, 0.35, 0.05, 0.5, 0.45, 0.4, 0.2, 0.1])
    share = np.array([0.0, 0.45, 0.1, 0.25, 0.2, 0.05, 0.15, 0.25, 0.55, 0.75])
    axes = _grid(condition=np.arange(len(conditions())), example=numbers, language=list(scale.codes))
    correct = rng.random(len(axes["example"])) < chance[axes["condition"]]
    return _columns(
        **axes,
        prediction=pa.array(np.where(correct, "yes", "maybe")),
        correct=correct,
        rank_correct=correct,
        valid=correct | (rng.random(len(correct)) < 0.8),
        answer_logprob=-rng.gamma(2.0, 1.0, len(correct)),
        n_ablated=(share[axes["condition"]] * scale.layers * scale.neurons).astype(np.int32),
        first_rank=np.where(correct, 1, 4).astype(np.int32),
        n_first=np.full(len(correct), 50, np.int32),
        output_language=np.full(len(correct), None, object),
    )


def vocabulary(scale: Scale) -> pa.Table:
    """Tokens that every sixteenth neuron raises or lowers."""
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


def token_values(scale: Scale) -> Tables:
    """Activity of every sixteenth neuron at the 24 tokens of inputs of the first 20 examples."""
    rng = np.random.default_rng(scale.seed)
    examples = np.arange(min(20, scale.examples))
    inputs = _grid(example=examples, language=list(scale.codes), stack=["decoder"])
    tokens = [[f" word{n}" for n in row] for row in rng.integers(0, 5000, (len(inputs["example"]), 24))]
    axes = _grid(layer=np.arange(scale.layers), neuron=np.arange(0, scale.neurons, 16), input=np.arange(10))
    size = len(axes["input"])
    chosen = rng.integers(0, len(tokens), size)
    offsets = pa.array(np.arange(0, 24 * size + 1, 24, dtype=np.int32))
    values = pa.array(rng.normal(0, 1, 24 * size).astype(np.float32))
    return {
        "prompt_tokens": _columns(**inputs, measured=np.full(len(tokens), 23), tokens=tokens),
        "neuron_token_values": _columns(
            layer=axes["layer"],
            neuron=axes["neuron"],
            example=inputs["example"][chosen],
            language=inputs["language"][chosen],
            activations=pa.ListArray.from_arrays(offsets, values),
        ),
    }


def _density(rng: np.random.Generator, scale: Scale, n_examples: int) -> pa.Table:
    """Eight bins of every neuron and language, as many as the inputs of most neurons fill."""
    bins = np.arange(12, 20)
    axes = _grid(layer=np.arange(scale.layers), neuron=np.arange(scale.neurons), language=list(scale.codes), bin=bins)
    n = rng.multinomial(n_examples, np.full(len(bins), 1 / len(bins)), len(axes["bin"]) // len(bins))
    return _columns(**axes, n=n.ravel())
