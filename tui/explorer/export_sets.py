"""Neurons on a screen as a named set beside the results file, as `neurontui sets` saves them."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.store.neuron_sets.neuron_set import Description, NeuronSet
from neurontui.tui.common.neuron_sets import model_of, neurons_of, new_name, save_set
from neurontui.tui.explorer.run_catalog import RunInfo


@dataclass(frozen=True)
class SetTarget:
    """Where a set is saved: beside the file of a run, whose model its neurons must have."""

    results: Results
    run: RunInfo

    def save(self, name: str, table: pa.Table) -> NeuronSet:
        """Save the neurons of a table under a new name. Raises NeurontuiError."""
        file = Path(self.run.file)
        _, model, layers = model_of(self.results, self.run.number)
        described = Description(f"explorer: {name}, run {self.run.number} ({self.run.name})", None, model, layers)
        return save_set(file, NeuronSet(new_name(file, name), tuple(neurons_of(table, name)), described))


def neurons_in(table: pa.Table, *, own_sql: bool) -> pa.Table | None:
    """The columns of a table that make a set; None if its rows are not neurons of one run.

    Only the user's own SQL has languages: in a named query, a language can be that of an input, or the most frequent.
    """
    names = table.column_names
    if "run" in names or names.count("layer") != 1 or names.count("neuron") != 1:
        return None
    return table if own_sql else table.select(["layer", "neuron"])
