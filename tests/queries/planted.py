"""Stores whose truth is known: every effect that a claim is about is planted, left out, or turned round.

Neurons come in pairs that mirror each other, so that with no effect planted all-shared and non-activated neurons are
exactly alike, in number, contribution and effective score; and all layers have the same neurons. Examples of one
cluster are near copies, so that intervals which took them for independent would be far too narrow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema
from tests.queries.raw_run import TYPES, masks

Array = NDArray[Any]
LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
RELATED = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], bool)  # Indo-European
CLUSTERS, COPIES = 60, 2


@dataclass(frozen=True)
class Effects:
    """How strongly each effect is planted; 0 is none, a negative number turns it round."""

    inactive: float = 0.0
    """Fewer active neurons: non-activated prevail."""
    task: float = 0.0
    """More activity in the second run."""
    family: float = 0.0
    """Related languages move together; turned round, each of them goes its own way."""
    contribution: float = 0.0
    """Neurons active in more languages contribute more."""
    score: float = 0.0
    """Neurons active in more languages have larger effective scores."""
    upper: float = 0.0
    """Larger effective scores in the upper layers."""
    encoder: float = 0.0
    """More activity in the encoder."""
    ablation: float = 0.0
    """Harm of all-shared beyond that of other types, in accuracy, and of its paired control, in nats."""
    harmless: float = 0.0
    """Share of the accuracy kept by random ablation, above 0.9."""
    competence: float = 0.5
    """Accuracy above chance, which is a third."""
    ranked: float = 0.0
    """Share of answers that are ranked first in any case, of three candidates; the others have a random rank."""
    generated: bool = True
    """Whether any answer is generated; otherwise all predictions are wrong, and only the ranks differ."""


def write_planted(path: Path, seed: int, effects: Effects) -> Path:
    """A results file of two runs of one model, on fact and on xnli."""
    schema.create(path)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for number, task in ((1, "fact"), (2, "xnli")):
            rng = np.random.default_rng([seed, number])
            noise = np.random.default_rng(seed).uniform(0.1, 0.4, len(LANGUAGES))
            shift = effects.task if number == 2 else 0.0
            _write_run(connection, number, task, rng, noise, effects, shift)
        connection.commit()
    return path


def _write_run(
    connection: duckdb.DuckDBPyConnection,
    run: int,
    task: str,
    rng: np.random.Generator,
    noise: Array,
    effects: Effects,
    shift: float,
) -> None:
    E, P = CLUSTERS * COPIES, len(LANGUAGES)
    folds = np.repeat(np.arange(CLUSTERS) * 20 // CLUSTERS, COPIES)
    _one(
        connection,
        "runs",
        [
            run,
            f"key{run}",
            f"planted · {task}",
            "planted",
            None,
            "bloom",
            task,
            None,
            0,
            list(LANGUAGES),
            (1 << P) - 1,
            E,
            "float32",
            "cpu",
            0.0,
            "{}",
            "{}",
            np.datetime64("2026-01-02", "us"),
            1.0,
            1,
        ],
    )
    for bit, code in enumerate(LANGUAGES):
        _one(connection, "run_languages", [run, bit, code])
    fixed = np.random.default_rng(7)
    half_means, half_signs = fixed.normal(0, 1, 8), fixed.choice([-1.0, 1.0], 8)
    means = np.concatenate([half_means, -half_means])
    signs = np.concatenate([half_signs, -half_signs])
    noise = noise * np.where(RELATED, 1 + 3 * max(0.0, -effects.family), 1.0)
    for layer, stack in enumerate(("encoder", "decoder", "decoder")):
        _one(connection, "layers", [run, layer, stack, max(0, layer - 1), len(means), 0])
        level = shift - effects.inactive + (effects.encoder if stack == "encoder" else 0.0)
        A = _activations(rng, means + level, noise, max(0.0, effects.family))
        upper = 1 + effects.upper * (layer == 2)
        _write_layer(connection, run, layer, folds, A, signs * upper, effects, rng)
    if run == 1:
        _write_outcomes(connection, run, folds, rng, effects)


def _activations(rng: np.random.Generator, means: Array, noise: Array, family: float) -> Array:
    """(E, P, d), symmetric about the means; copies differ a little."""
    d, P = len(means), len(noise)

    def draw(*shape: int) -> Array:
        return np.repeat(rng.normal(0, 1, (CLUSTERS, *shape)), COPIES, axis=0)

    A = means + draw(1, d) + draw(P, d) * noise[:, None]
    A = A + family * RELATED[:, None] * draw(1, d)
    return A + rng.normal(0, 0.1, A.shape)


def _write_layer(
    connection: duckdb.DuckDBPyConnection, run: int, layer: int, folds: Array, A: Array, signs: Array, effects: Effects,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    E, P, d = A.shape
    active = A > 0
    table, centred = masks(active), active.mean(axis=1, keepdims=True) - 0.5
    example, neuron = np.divmod(np.arange(E * d), d)
    mask = table.ravel()
    _count(
        connection,
        "mask_histogram",
        run,
        {"threshold": 0.0, "scope": "last", "fold": folds[example], "layer": layer, "mask": mask},
    )
    if run != 1:  # the run to compare with needs its types only
        return
    _count(connection, "neuron_masks", run, {"layer": layer, "neuron": neuron, "mask": mask})
    connection.execute(
        "INSERT INTO neuron_types SELECT run, layer, neuron, count_if(c = 0), count_if(c = 1), "
        "count_if(c > 1 AND c < p), count_if(c = p) FROM ("
        "SELECT *, unnest(range(n)), bit_count(mask) AS c, $p AS p FROM neuron_masks WHERE run = $run"
        ") GROUP BY run, layer, neuron",
        {"run": run, "p": len(LANGUAGES)},
    )
    silent = (table == 0) & (rng.random((E, d)) < 0.5)
    for code in LANGUAGES:
        _count(
            connection,
            "mask_joint",
            run,
            {"language": code, "fold": folds[example], "layer": layer, "last_mask": mask},
            silent.ravel(),
        )
    raw = np.abs(A) * np.exp(2 * effects.contribution * centred)
    share = raw / raw.sum(-1, keepdims=True)
    top = np.argsort(np.argsort(-share, axis=-1), axis=-1) < 2
    score = A * signs * np.exp(2 * effects.score * centred)
    count = active.sum(axis=1)
    kind = np.where(count == 0, 0, np.where(count == P, 3, np.where(count == 1, 1, 2)))
    rows = pa.table(
        {
            "fold": np.broadcast_to(folds[:, None, None], A.shape).ravel(),
            "example": np.broadcast_to(np.arange(E)[:, None, None], A.shape).ravel(),
            "language": np.broadcast_to(np.array(LANGUAGES)[None, :, None], A.shape).ravel(),
            "mask": np.broadcast_to(table[:, None, :], A.shape).ravel(),
            "type": np.broadcast_to(np.array(TYPES)[kind][:, None, :], A.shape).ravel(),
            "top": top.ravel(),
            "cs": share.ravel(),
            "raw": raw.ravel(),
            "es": score.ravel(),
        }
    )
    connection.register("scores", rows)
    sums = "sum(cs), {} sum(raw), sum(es), sum(es * es), min(es), max(es)"
    connection.execute(
        f"INSERT INTO attribution_masks SELECT {run}, fold, language, {layer}, mask, count(*), count_if(top), "
        f"{sums.format('')} FROM scores GROUP BY ALL"
    )
    connection.execute(
        f"INSERT INTO attribution SELECT {run}, example, language, {layer}, type, count(*), count_if(top), "
        f"{sums.format('max(cs),')} "
        "FROM scores GROUP BY ALL"
    )
    connection.unregister("scores")


def _count(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    run: int,
    columns: dict[str, Any],
    silent: Array | None = None,
) -> None:
    size = max(len(c) for c in columns.values() if isinstance(c, np.ndarray))
    rows = pa.table({k: v if isinstance(v, np.ndarray) else pa.array([v] * size) for k, v in columns.items()})
    extra = ""
    if silent is not None:
        rows, extra = rows.append_column("silent", pa.array(silent)), ", count_if(silent)"
    connection.register("counted", rows)
    connection.execute(
        f"INSERT INTO {table} SELECT {run}, {', '.join(columns)}, count(*){extra} FROM counted GROUP BY ALL"
    )
    connection.unregister("counted")


def _write_outcomes(
    connection: duckdb.DuckDBPyConnection,
    run: int,
    folds: Array,
    rng: np.random.Generator,
    effects: Effects,
) -> None:
    E, P = len(folds), len(LANGUAGES)
    skill = 1 / 3 + effects.competence
    harmed = skill * 0.5
    chances = [
        ("baseline", None, None, skill),
        *(("type", name, None, harmed - (effects.ablation if name == "all-shared" else 0.0)) for name in TYPES),
        *(("random", None, 0.25, skill * (0.9 + effects.harmless)) for _ in range(2)),
        ("dose", "all-shared", 0.05, harmed),
        ("dose", "all-shared", 0.05, harmed),
    ]  # fmt: skip
    luck = np.repeat(rng.random((CLUSTERS, 1)), COPIES, axis=0) * 0.7 + 0.3 * rng.random((E, P))
    order = np.argsort(np.argsort(luck.ravel())).reshape(E, P) / (E * P)  # uniform, alike within a cluster
    e, p = np.divmod(np.arange(E * P), P)
    answers = np.array(["true", "false", "inconclusive"])[(np.arange(E) // COPIES) % 3]
    correct = None
    for number, (kind, name, fraction, chance) in enumerate(chances):
        flip = np.repeat(rng.random((CLUSTERS, P)), COPIES, axis=0)
        hit = np.where(rng.random((E, P)) < 0.5, order, flip).ravel() < chance
        correct = hit if number == 0 else correct
        control = kind == "dose" and chances[number - 1][0] == "dose"
        _one(connection, "conditions", [
            run, number, kind, name, fraction, number, "all", None, "0", number - 1 if control else None, 10.0, kind,
            None, None, None,
        ])  # fmt: skip
        sure = -1.0 - effects.ablation * (kind == "dose" and not control)
        spread = np.repeat(rng.normal(0, 0.1, (CLUSTERS, 1)), COPIES, axis=0)
        logprob = (sure + spread + rng.normal(0, 0.1, (E, P))).ravel()
        connection.register(
            "outcome",
            pa.table({"e": e, "language": np.array(LANGUAGES)[p], "hit": hit, "logprob": logprob}),
        )
        connection.execute(
            f"INSERT INTO ablation_examples SELECT {run}, {number}, e, language, 'x', hit AND {effects.generated}, "
            "hit, true, logprob, 3, NULL, NULL, NULL FROM outcome"
        )
        connection.unregister("outcome")
    connection.register(
        "said",
        pa.table(
            {
                "e": e,
                "fold": folds[e],
                "language": np.array(LANGUAGES)[p],
                "answer": answers[e],
                "hit": correct & effects.generated,
                "rank": _ranks(effects, e * P + p),
            }
        ),
    )
    connection.execute(
        f"INSERT INTO examples SELECT {run}, e, 'id' || e, 'c' || (e // {COPIES}), fold, language, 'prompt', answer, "
        "'x', hit, 5, '?', rank, 3, -1, language, 'und', 'und' FROM said"
    )
    connection.unregister("said")


def _ranks(effects: Effects, rows: Array) -> Array:
    """Rank of every answer among three, alike for copies."""
    rng = np.random.default_rng([11, len(rows)])
    first = rng.random(len(rows)) < effects.ranked
    return np.where(first, 1, rng.integers(1, 4, len(rows)))


def _one(connection: duckdb.DuckDBPyConnection, table: str, values: list[Any]) -> None:
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
