"""Stores of right and wrong answers in which some neurons follow the answer, or none does.

Languages differ in how often they are right and in their neurons, examples in how hard they are, and examples of one
cluster have the same answers and nearly the same activity: none of this is a difference between right and wrong.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from neurontui.store import schema
from tests.queries.token_stores import LANGUAGES, write_run

LAYERS, NEURONS, COPIES = 2, 150, 2


@dataclass(frozen=True)
class Answers:
    """One run: (layers, E, P, d) activity and (E, P) answers; `planted` follow the answers: (layer, neuron)."""

    active: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    planted: tuple[tuple[int, int], ...]


def make_answers(seed: int, planted: int = 0, clusters: int = 30) -> Answers:
    """`planted` neurons are active where the answer is right and nowhere else."""
    rng = np.random.default_rng(seed)
    P = len(LANGUAGES)
    easy = rng.normal(0, 0.7, (clusters, 1)) + np.linspace(-2, 2, P)
    correct = np.repeat(rng.random((clusters, P)) < 1 / (1 + np.exp(-easy)), COPIES, axis=0)
    rate = rng.normal(-1, 1.5, NEURONS) + rng.normal(0, 1.5, (LAYERS, 1, P, NEURONS))
    rate = rate + rng.normal(0, 0.7, (LAYERS, clusters, 1, NEURONS))
    same = np.repeat(rng.random((LAYERS, clusters, P, NEURONS)) < 1 / (1 + np.exp(-rate)), COPIES, axis=1)
    active = same ^ (rng.random(same.shape) < 0.02)
    chosen = rng.choice(LAYERS * NEURONS, planted, replace=False)
    pairs = tuple((int(number) // NEURONS, int(number) % NEURONS) for number in sorted(chosen))
    for layer, neuron in pairs:
        active[layer, :, :, neuron] = correct
    return Answers(active, correct, pairs)


def write_answers(path: Path, *runs: Answers) -> Path:
    """A results file with these runs, numbered from 1."""
    schema.create(path)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for number, run in enumerate(runs, 1):
            tokens = np.full(run.correct.shape, "?")
            write_run(connection, number, run.active, tokens, COPIES, "last", "fact")
            _set_answers(connection, number, run.correct)
        connection.commit()
    return path


def _set_answers(connection: duckdb.DuckDBPyConnection, run: int, correct: NDArray[Any]) -> None:
    connection.execute(
        "UPDATE examples SET correct = $right[example * $p + list_position($languages, language)] WHERE run = $run",
        {"run": run, "right": correct.ravel().tolist(), "p": correct.shape[1], "languages": list(LANGUAGES)},
    )
