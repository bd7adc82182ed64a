"""Stores in which a known share of the neurons follows the last token, the language, the example, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema
from tests.queries.raw_run import masks

LANGUAGES = ("en", "de", "es", "fr", "ru", "zh")


@dataclass(frozen=True)
class Design:
    """Clusters of `templates` examples each; every neuron follows one factor, in the given shares."""

    token: float = 0.0
    language: float = 0.0
    example: float = 0.0
    cluster: float = 0.0
    clusters: int = 24
    templates: int = 3
    neurons: int = 200
    layers: int = 3
    tokens: str = "by template"
    """How last tokens are chosen: one of the names in `tokens_of`."""

    def tokens_of(self, rng: np.random.Generator) -> NDArray[Any]:
        """(E, P) texts."""
        E, P = self.clusters * self.templates, len(LANGUAGES)
        cluster, template = np.divmod(np.arange(E), self.templates)
        by_language = np.array(LANGUAGES)
        choices = {
            "by template": [[f"{code} {k}" for code in by_language] for k in template],
            "by template in all languages": [[str(k)] * P for k in template],
            "by language": [list(by_language)] * E,
            "by cluster": [[str(code) for code in rng.permutation(8)[:P]] for _ in range(self.clusters)],
            "by prompt": [[f"{code} {e}" for code in by_language] for e in range(E)],
            # Two languages have their tokens in common; the others have one token twice, or hardly another one.
            "uneven": [
                [str(k), str(k), *(f"{code} {k // 2}" for code in by_language[2:-1]), f"zh {e % 7 == 0}"]
                for e, k in enumerate(template)
            ],
            "equal": [["?"] * P] * E,
        }[self.tokens]
        return np.array(choices if len(choices) == E else [choices[c] for c in cluster], dtype=str)


def activity(design: Design, tokens: NDArray[Any], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(layers, E, P, neurons). A neuron that follows a factor has a random state for each of its levels."""
    E, P = tokens.shape
    example, language = np.meshgrid(np.arange(E), np.arange(P), indexing="ij")
    levels = {
        "token": np.unique(tokens, return_inverse=True)[1].reshape(E, P),
        "language": language,
        "example": example,
        "cluster": example // design.templates,
        "rest": example * P + language,
    }
    shares = [design.token, design.language, design.example, design.cluster]
    counts = np.round(design.neurons * np.array([*shares, 1 - sum(shares)])).astype(int)
    layers = []
    for _ in range(design.layers):
        states = [rng.random((E * P, n)) < 0.5 for n in counts]
        parts = [state[level] for state, level in zip(states, levels.values(), strict=True)]
        layers.append(np.concatenate(parts, axis=2)[:, :, rng.permutation(counts.sum())])
    return np.stack(layers)


def write_designs(
    path: Path, designs: Sequence[Design], seed: int = 0, token: str = "last", task: str = "fact"
) -> Path:
    """A results file with a run for each design, numbered from 1."""
    schema.create(path)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for run, design in enumerate(designs, 1):
            rng = np.random.default_rng([seed, run])
            tokens = design.tokens_of(rng)
            write_run(connection, run, activity(design, tokens, rng), tokens, design.templates, token, task)
        connection.commit()
    return path


def write_run(
    connection: duckdb.DuckDBPyConnection, run: int, active: NDArray[np.bool_], tokens: NDArray[Any], templates: int,
    token: str, task: str,
) -> None:  # fmt: skip
    """The tables that the queries about last tokens read."""
    L, E, P, d = active.shape
    connection.execute(
        "INSERT INTO runs VALUES ($run, $key, $key, 'm', NULL, 'bloom', $task, NULL, 0, $languages, $mask, $n, "
        "'float32', 'cpu', 0, $settings, '{}', TIMESTAMP '2026-01-02', 1, 1)",
        {
            "run": run,
            "key": f"tokens {run}",
            "task": task,
            "languages": list(LANGUAGES),
            "mask": (1 << P) - 1,
            "n": E,
            "settings": f'{{"token": "{token}"}}',
        },
    )
    for bit, code in enumerate(LANGUAGES):
        connection.execute("INSERT INTO run_languages VALUES (?, ?, ?)", [run, bit, code])
    for layer in range(L):
        connection.execute("INSERT INTO layers VALUES (?, ?, 'decoder', ?, ?, 0)", [run, layer, layer, d])
    connection.register("texts", pa.table({"token": tokens.ravel()}))
    connection.execute(
        "INSERT INTO examples BY NAME SELECT $run AS run, i // $p AS example, 'e' || example AS id, "
        "'c' || example // $k AS cluster, example // $k * 20 // $n AS fold, $languages[i % $p + 1] AS language, "
        "'p' AS prompt, 1 AS n_tokens, token AS last_token "
        "FROM (SELECT token, row_number() OVER () - 1 AS i FROM texts)",
        {"run": run, "p": P, "k": templates, "n": E // templates, "languages": list(LANGUAGES)},
    )
    connection.unregister("texts")
    example, layer, neuron = (part.ravel() for part in np.meshgrid(range(E), range(L), range(d), indexing="ij"))
    mask = np.stack([masks(layer) for layer in active], axis=1).ravel()
    _insert(connection, "activations", run=run, example=example, layer=layer, neuron=neuron, mask=mask)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, **columns: Any) -> None:
    n = len(columns["mask"])
    incoming = pa.table({name: np.full(n, value) if np.isscalar(value) else value for name, value in columns.items()})
    connection.register("incoming", incoming)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    connection.unregister("incoming")
