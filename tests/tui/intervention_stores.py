"""Small results files of interventions: sets selected for languages, steering, values with patches, exact effects."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from tests.queries.raw_run import make_run, write_runs
from tests.queries.selected_stores import selected_run, write_outcomes
from tests.queries.test_attribution_truth import made
from tests.queries.test_interventions import conditions_of
from tests.queries.test_steering import steered

KINDS = ("selected", "steered", "valued", "truth")


def write_interventions(folder: Path) -> None:
    """A file for each kind, with its name."""
    raw = make_run(6)
    paths = {kind: folder / f"{kind}.duckdb" for kind in KINDS}
    write_outcomes(paths["selected"], selected_run(2, np.diag([-0.8, -0.6, 0, 0.7])))
    write_outcomes(paths["steered"], steered())
    write_runs(paths["valued"], replace(raw, conditions=tuple(conditions_of(raw.conditions[0]))))
    write_runs(paths["truth"], make_run(seed=1, examples=14, attribution=False))
    with duckdb.connect(str(paths["truth"])) as connection:
        connection.executemany("INSERT INTO neuron_effects VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", made())
