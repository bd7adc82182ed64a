"""Makes a results file of any size with made-up but plausible neurons, through the real journal and merge.

python -m tests.benchmarks.synthetic_store --layers 30 --neurons 16384 --examples 5000 --languages 10 --out big.duckdb

Every neuron has its own propensity to fire, shifted in each language; languages of a family move together; a few
neurons belong to one language. Masks and what is counted from them agree; attribution and ablation are drawn to look
right, not computed.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurontui.store.journal.journal import Journal
from neurontui.store.journal.manifest import Layer, Manifest
from neurontui.store.merge.merge import merge
from tests.benchmarks.synthetic_tables import (
    Masks,
    Scale,
    Tables,
    activations,
    conditions,
    tables,
    token_values,
    vocabulary,
)

DRAWS = 64
"""States that a neuron can be in; each example draws one of them."""
_ODD = 5
"""In so many of 256 examples a neuron that changes at all is in an odd state: one language more or less."""
_PIECE = 32
"""Examples whose masks are written at once: bounds the memory."""


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
        conditions=conditions() if scale.attribution else (),
        settings={"synthetic": True, "seed": scale.seed},
        notes=(("data", "Made up by a generator: no model ran."),),
    )


def population(scale: Scale) -> NDArray[np.uint64]:
    """The masks that each neuron can have: (layers · neurons, DRAWS)."""
    rng = np.random.default_rng(scale.seed)
    family = rng.integers(0, max(1, scale.languages // 3), scale.languages)
    return np.concatenate([_layer_masks(rng, scale, family, n) for n in range(scale.layers)])


def pieces(scale: Scale) -> Iterator[tuple[int, Tables]]:
    """(number of the batch, tables), a batch in several pieces: masks a few examples at a time, then the rest."""
    states = population(scale).astype(np.uint16 if scale.languages <= 16 else np.uint64)
    changing = (states != states[:, :1]).any(axis=1)
    for number in range(scale.n_batches):
        rng = np.random.default_rng((scale.seed, number))
        first = number * scale.batch
        numbers = np.arange(first, min(scale.examples, first + scale.batch))
        masks = np.stack([_draw(rng, states, changing, scale.languages) for _ in numbers])
        masks = masks.reshape(len(numbers), scale.layers, scale.neurons)
        for start in range(0, len(numbers), _PIECE):
            part = slice(start, start + _PIECE)
            yield number, {"activations": activations(numbers[part], masks[part])}
        yield number, tables(rng, scale, numbers, masks)


def journal_of(scale: Scale, results: Path, written: Callable[[int, float, float], None] = lambda *_: None) -> Path:
    """Journal a synthetic run; returns its journal. `written` receives masks, seconds and CPU seconds of each piece."""
    with Journal.open(results, manifest_of(scale)) as journal:
        writers = {}
        for number, made in pieces(scale):
            began, busy = time.perf_counter(), time.process_time()
            if number not in writers:
                writers[number] = journal.writer(number)
            writers[number].append(made)
            if "examples" in made:  # the last piece
                writers[number].publish(1.0, 20 * scale.batch * scale.languages)
            masks = made["activations"].num_rows if "activations" in made else 0
            written(masks, time.perf_counter() - began, time.process_time() - busy)
        if scale.attribution:
            journal.write_final({"neuron_vocabulary": vocabulary(scale)} | token_values(scale))
    return journal.path


def generate(scale: Scale, results: Path) -> int:
    """Journal and merge a synthetic run into `results`; returns its number."""
    return merge(journal_of(scale, results), results)


def _layer_masks(rng: np.random.Generator, scale: Scale, family: NDArray[np.int64], layer: int) -> NDArray[np.uint64]:
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


def _draw(rng: np.random.Generator, states: Masks, changing: NDArray[np.bool_], languages: int) -> Masks:
    choice, chance = np.frombuffer(rng.bytes(2 * len(states)), dtype=np.uint8).reshape(2, -1)
    masks = np.take(states.reshape(-1), np.arange(len(states)) * DRAWS + choice % DRAWS)
    odd = np.flatnonzero((chance < _ODD) & changing)
    masks[odd] ^= masks.dtype.type(1) << rng.integers(0, languages, len(odd)).astype(masks.dtype)
    return masks


def scale_of(parser: argparse.ArgumentParser) -> tuple[Scale, argparse.Namespace]:
    """Add the arguments of a scale to a parser and read them."""
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--neurons", type=int, default=768)
    parser.add_argument("--examples", type=int, default=120)
    parser.add_argument("--languages", type=int, default=10)
    parser.add_argument("--batch", type=int, default=250, help="examples a batch of the journal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="synthetic · xnli")
    parser.add_argument("--no-attribution", dest="attribution", action="store_false")
    options = parser.parse_args()
    return Scale(**{each.name: getattr(options, each.name) for each in fields(Scale)}), options


def main() -> None:
    """Read the arguments, make the file, say how long it took."""
    parser = argparse.ArgumentParser(description="Make a synthetic results file.")
    parser.add_argument("--out", type=Path, required=True)
    scale, options = scale_of(parser)
    began = time.perf_counter()
    run = generate(scale, options.out)
    sys.stderr.write(f"run {run} in {options.out} after {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
