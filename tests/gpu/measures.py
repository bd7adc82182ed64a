"""All tables of a batch on the device, against the same on the CPU: masks, scores, answers and ablation conditions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.answers.targets import answer_book
from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.measurer import Ablation, Measurer, Tables
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.run_options import ablation_options
from neurontui.store.journal.manifest import Condition
from tests.gpu.models import Setting, batch, load, saved_model
from tests.gpu.table import Mismatch

RELATIVE = 1e-3
"""Largest difference of a sum of scores, as a share of the largest sum of its layer."""
NATS = 2e-3
"""Largest difference of a log-probability."""


def config_of(**options: Any) -> RunConfig:
    """All measures, with a type's and a random ablation, controls and doses."""
    chosen: dict[str, Any] = {
        "measures": ("types", "attribution", "ablation"), "ablation_fractions": (0.25,), "ablation_seeds": 1,
        "ablation_doses": (0.05,), "max_new_tokens": 4,
    }  # fmt: skip
    return RunConfig(model="", task="", out=Path(), **(chosen | options))


def measured(loaded: LoadedModel, config: RunConfig, some: Batch) -> tuple[Tables, tuple[Condition, ...]]:
    """All shard tables of a batch, and the conditions of its ablation."""
    ablation = Ablation()
    if "ablation" in config.measures:
        options = ablation_options(config, loaded.layers, some.languages)
        ablation = Ablation(plan_conditions(options, loaded.layers, len(some.languages)), options)
    book = answer_book(loaded, some.examples, some.languages)
    pieces = [piece.tables() for piece in Measurer(config, loaded, book, ablation)(some)]
    names = dict.fromkeys(name for tables in pieces for name in tables)
    joined = {name: pa.concat_tables([tables[name] for tables in pieces if name in tables]) for name in names}
    return joined, ablation.conditions


def same_tables(setting: Setting, architecture: str, size: str) -> str:
    """Every table of a batch has the CPU's numbers, except where a sign within rounding of 0 differs.

    The CPU reads tiny models one unpadded prompt at a time.
    """
    some, alone = (batch(2), config_of(batch_tokens=1)) if size == "tiny" else (batch(), config_of())
    with saved_model(setting, architecture, size) as folder:
        ours, conditions = measured(load(folder, setting.device), config_of(), some)
        reference, _ = measured(load(folder, "cpu"), alone, some)
    return "; ".join(compare(ours, reference, conditions))


def compare(ours: Tables, reference: Tables, conditions: tuple[Condition, ...]) -> list[str]:
    """Sentences with numbers, of the scores where there are some; raises Mismatch."""
    if list(ours) != list(reference):
        raise Mismatch(f"tables {list(ours)} instead of {list(reference)}")
    other = masks_that_differ(ours["activations"], reference["activations"])
    limit = 3 + len(ours["activations"]) // 10_000
    if other > limit:
        raise Mismatch(f"{other} of {len(ours['activations'])} masks differ")
    return [
        f"{other} of {len(ours['activations']):,} masks differ",
        *(_sums(ours, reference, column) for column in ("cs_sum", "es_sum") if "attribution" in ours),
        _predictions(ours["examples"], reference["examples"], "answers"),
        _ablated(ours["ablation_examples"], reference["ablation_examples"], conditions, other),
    ]


def masks_that_differ(ours: pa.Table, reference: pa.Table) -> int:
    """Rows of `activations` with another mask."""
    keys = ["example", "layer", "neuron"]
    a, b = (table.sort_by([(key, "ascending") for key in keys])["mask"].to_numpy() for table in (ours, reference))
    return int((a != b).sum())


def _sums(ours: Tables, reference: Tables, column: str) -> str:
    """Sums over all types: a neuron whose sign differs only moves between types."""
    a, b = (_by_input(tables["attribution"], column) for tables in (ours, reference))
    largest = max(map(abs, b.values()), default=0.0)
    apart = max((abs(a[key] - b[key]) for key in b), default=0.0)
    if a.keys() != b.keys() or apart > RELATIVE * largest:
        raise Mismatch(f"{column} differs by {apart:.2e}; the largest is {largest:.2e}")
    return f"{column} ±{apart / max(largest, 1e-30):.0e}"


def _by_input(table: pa.Table, column: str) -> Mapping[tuple[Any, ...], float]:
    keys = ["example", "language", "layer"]
    table = table.set_column(table.schema.get_field_index("language"), "language", table["language"].cast("string"))
    sums = table.group_by(keys).aggregate([(column, "sum")])
    rows = zip(*(sums[name].to_pylist() for name in (*keys, f"{column}_sum")), strict=True)
    return {tuple(key): value for *key, value in rows if value is not None}


def _predictions(ours: pa.Table, reference: pa.Table, what: str) -> str:
    """Generated texts; in some hundred, two tokens may be equally likely up to rounding."""
    a, b = (table["prediction"].to_pylist() for table in (ours, reference))
    other = sum(x != y for x, y in zip(a, b, strict=True))
    if other > 1 + len(a) // 50:
        first = next((x, y) for x, y in zip(a, b, strict=True) if x != y)
        raise Mismatch(f"{other} of {len(a)} {what} differ, such as {first}")
    return f"{other} of {len(a)} {what} differ"


def _ablated(ours: pa.Table, reference: pa.Table, conditions: tuple[Condition, ...], moved: int) -> str:
    """Types and random sets are the same neurons; controls choose among near-equal scores, so only their number is."""
    exact = {c.condition for c in conditions if c.kind in ("baseline", "type", "random")}
    fixed = np.isin(reference["condition"].to_numpy(), list(exact))
    a, b = (table["n_ablated"].to_numpy() for table in (ours, reference))
    if (off := int(np.abs(a - b).max())) > moved + 2 * (not fixed.all()) or np.abs(a - b)[fixed].max() > moved:
        raise Mismatch(f"an ablation has {off} neurons more or fewer")
    a, b = (table["answer_logprob"].to_numpy(zero_copy_only=False)[fixed] for table in (ours, reference))
    apart = float(np.nanmax(np.abs(a - b)))
    if apart > NATS or (np.isnan(a) != np.isnan(b)).any():
        raise Mismatch(f"a log-probability under ablation differs by {apart:.2e}")
    texts = _predictions(ours.filter(pa.array(fixed)), reference.filter(pa.array(fixed)), "answers under ablation")
    return f"log-probabilities ±{apart:.0e}; {texts}"
