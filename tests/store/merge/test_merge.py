"""What a merged file holds, against plain loops over the same random numbers."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from neurontui.store.admin.verify import verify
from neurontui.store.errors import StoreError
from neurontui.store.journal.journal import Journal, list_journals
from neurontui.store.merge import statements
from neurontui.store.merge.existing_run import merged_run
from neurontui.store.merge.merge import merge
from neurontui.store.reader import open_reader
from neurontui.store.schema import shard_tables
from tests.store.conftest import measure
from tests.store.content import alike, content, ordered, rows
from tests.store.made_up import MadeUp

DERIVED = ("example_types", "neuron_masks", "neuron_types")
MEASURED = tuple(set(shard_tables()) - {"layers", "notes"})
RUNS = {
    "three languages": MadeUp(),
    "one batch": MadeUp(seed=1, batch=100),
    "one example": MadeUp(seed=2, examples=1),
    "one language": MadeUp(seed=3, languages=("en",)),
    "two languages": MadeUp(seed=4, languages=("en", "de")),
    "one neuron": MadeUp(seed=5, neurons=2, layers=1, folds=(7,)),
    "64 languages": MadeUp(
        seed=6,
        languages=tuple(f"l{n}" for n in range(64)),
        examples=3,
        batch=2,
        layers=1,
        neurons=4,
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_every_table_is_what_the_numbers_say(name: str, store: Callable[..., Path]) -> None:
    run = RUNS[name]
    path = store(run)
    for table in (*MEASURED, *DERIVED):
        assert alike(rows(path, table), ordered(run.rows(table))), table


def test_small_tables_follow_from_the_manifest(store: Callable[..., Path]) -> None:
    run = MadeUp()
    path = store(run)
    assert rows(path, "run_languages") == [(0, "en"), (1, "de"), (2, "zh")]
    near_zero = dict(run.rows("layers"))
    assert rows(path, "layers") == [(n, "decoder", n, run.neurons, near_zero[n]) for n in range(2)]
    assert rows(path, "notes") == ordered(
        [
            ("data", "Made up."),
            ("data", "Nothing was left out."),
            ("precision", "One sentence that every batch brings."),
        ]
    )
    [stored] = rows(path, "runs")
    assert stored[0:3] == (run.manifest.key, run.manifest.name, "made-up")
    assert stored[8:11] == (["en", "de", "zh"], 7, 13)
    assert json.loads(str(stored[14])) == run.manifest.settings
    assert stored[16:] == (datetime(2025, 1, 2, 3, 4, 5), 3 * 0.5 + 0.25, 130)


def test_percent_of_a_condition_is_the_mean_share_of_neurons_switched_off(
    store: Callable[..., Path],
) -> None:
    run = MadeUp()
    conditions = rows(store(run), "conditions")
    switched_off = [row[8] for row in run.rows("ablation_examples") if row[0] == 1]
    mean = sum(map(int, switched_off)) / len(switched_off)
    assert [row[0] for row in conditions] == [0, 1]  # what was never run has no row
    assert conditions[1][6:8] == ([0, 1], "0")
    assert conditions[1][9] == pytest.approx(100 * mean / (run.layers * run.neurons))


def test_views_agree_with_the_tables(store: Callable[..., Path]) -> None:
    run = MadeUp()
    with duckdb.connect(str(store(run)), read_only=True) as connection:
        neurons = connection.execute("SELECT example, layer, neuron, type, languages FROM neurons")
        found = {tuple(row[:3]): (row[3], row[4]) for row in neurons.fetchall()}
        ablated = connection.execute(
            "SELECT condition, language, n, n_correct, n_rank_correct, percent FROM ablation ORDER BY ALL"
        ).fetchall()
    for e, layer, n in run.cells(range(run.examples)):
        mask = run.mask(e, layer, n)
        active = [code for bit, code in enumerate(run.languages) if mask >> bit & 1]
        assert found[e, layer, n] == (run.type_of(mask), active)
    outcomes = run.rows("ablation_examples")
    for condition, code, n, correct, ranked, percent in ablated:
        mine = [row for row in outcomes if row[0] == condition and row[2] == code]
        off = sum(int(row[8]) for row in mine) / len(mine)
        assert percent == pytest.approx(100 * off / (run.layers * run.neurons))
        assert (n, correct, ranked) == (
            len(mine),
            sum(bool(row[4]) for row in mine),
            None,
        )  # without choices no rank


def test_masks_lie_layer_by_layer_where_there_are_many(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(statements._ROWS, "heap", 1)
    statements.statements.cache_clear()
    merge(measure(MadeUp(), results), results)
    statements.statements.cache_clear()
    with duckdb.connect(str(results), read_only=True) as connection:
        lie = connection.execute("SELECT layer, example, neuron FROM activations").fetchall()
    assert lie == sorted(lie)
    assert len({layer for layer, *_ in lie}) > 1


def test_a_merged_run_is_not_merged_twice(results: Path, store: Callable[..., Path]) -> None:
    run = MadeUp()
    before = content(store(run))
    assert merge(measure(run, results), results) == 1
    assert content(results) == before
    assert not list(results.parent.glob("*.journal"))


def test_force_replaces_a_run_under_its_number(results: Path, store: Callable[..., Path]) -> None:
    store(MadeUp(seed=1), MadeUp(seed=2))
    before = content(results, (1, 2))
    assert merge(measure(MadeUp(seed=1), results), results, force=True) == 1
    assert content(results, (1, 2)) == before


def test_several_runs_live_in_one_file(store: Callable[..., Path]) -> None:
    first, second = MadeUp(seed=1), MadeUp(seed=2, languages=("fr", "en"), examples=4)
    path = store(first, second)
    for number, run in enumerate((first, second), 1):
        for table in (*MEASURED, *DERIVED):
            assert alike(rows(path, table, number), ordered(run.rows(table))), table
    with open_reader(path) as reader:
        assert verify(reader) == []
    assert merged_run(path, second.manifest.key) == 2
    assert merged_run(path, "another") is None
    assert merged_run(path.with_name("absent"), "another") is None


def test_aggregates_leave_out_the_masks_alone(results: Path, store: Callable[..., Path]) -> None:
    whole = content(store())
    lean = results.with_name("lean.duckdb")
    merge(measure(MadeUp(), lean), lean, keep="aggregates")
    found = content(lean)
    differing = {table for table, held in whole.items() if found[table] != held}
    assert differing == {"activations 1", "checksums 1"}
    assert found["activations 1"] == []
    with open_reader(lean) as reader:
        assert verify(reader) == []


def test_an_unfinished_run_is_refused_in_a_sentence(results: Path) -> None:
    run = MadeUp()
    with Journal.open(results, run.manifest) as journal:
        journal.write(0, run.shards([0]), 1.0, 1)
    with pytest.raises(StoreError, match="2 of 3 batches are missing"):
        merge(journal.path, results)
    assert [(each.done, each.total) for each in list_journals(results)] == [(1, 3)]


def test_a_run_without_examples_merges(results: Path) -> None:
    run = MadeUp(examples=0)
    with Journal.open(results, run.manifest) as journal:
        pass
    assert merge(journal.path, results) == 1
    assert rows(results, "activations") == []
    assert rows(results, "runs")[0][10] == 0
