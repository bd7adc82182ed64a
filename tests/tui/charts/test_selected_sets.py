"""Sets that were selected from data, among the charts of an ablation: each has its name, and its control behind it."""

from pathlib import Path

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.tui.charts.builders.ablation import accuracy_matrix, change_dots
from neurontui.tui.charts.builders.controls import control_table
from tests.queries.selected_stores import LANGUAGES, selected_run, write_outcomes


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> Results:
    path: Path = tmp_path_factory.mktemp("selected") / "r.duckdb"
    return open_results(write_outcomes(path, selected_run(3, np.zeros((4, 4)))))


def test_each_set_is_before_its_control(selected: Results) -> None:
    rows = selected.query("ablation-accuracy").to_pylist()
    in_turn = [name for code in LANGUAGES for name in (f"w/o {code} by lape", "  its control")]
    assert list(accuracy_matrix(rows, LANGUAGES, []).rows) == ["", *in_turn]
    labels = [dot.label for dot in change_dots(rows)[0].dots]
    assert labels == [name for code in LANGUAGES for name in (f"w/o {code} by lape", f"w/o control of {code} by lape")]


def test_a_set_is_not_called_a_dose(selected: Results) -> None:
    names = {row["name"].strip() for row in control_table(selected.query("ablation-controls")).to_pylist()}
    assert names == {f"w/o {code} by lape" for code in LANGUAGES}
