"""The Python face: choosing runs, checking values, several files, SQL, stopping."""

import threading
import time
from pathlib import Path

import pytest

from neurontui.queries import Results, open_results
from neurontui.queries.running_query import SqlError
from neurontui.store.connection import Limits
from neurontui.store.errors import ExitCode, QueryError, StoreError, UsageError
from tests.queries.comparing import same
from tests.queries.conftest import Toy
from tests.queries.raw_run import make_run, write_runs

ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range * 7 + b.range) % 7 = 3"


@pytest.mark.parametrize("run", [2, "2", "toy · xnli", "2f00d00000002cafe", "2f00d"])
def test_a_run_by_number_name_or_key(results: Results, run: object) -> None:
    assert "run = 2\n" in results.statement("notes", run=run)


def test_the_last_run_where_none_is_named(results: Results) -> None:
    assert "run = 5" in results.statement("notes")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"run": "nothing"},
            r"There is no run 'nothing'; available: 1 \(toy · fact, 1f00d0000000\), 2",
        ),
        (
            {"run": 1, "languages": "en,xx"},
            "Run 1 has no language 'xx'; it has: en, de, fr, ru, zh",
        ),
        ({"run": 1, "languages": []}, "No language is selected"),
        (
            {"run": 1, "threshold": 0.3},
            r"Run 1 was not measured at threshold 0\.3, but at: 0, 0\.5",
        ),
        ({"run": 1, "threshold": "low"}, "'low' is not a number"),
        ({"run": 1, "colour": "red"}, "no parameter 'colour'; it has: languages, run, threshold"),
    ],
)
def test_wrong_values_are_reported_in_a_sentence(results: Results, params: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        results.query("type-ratio-by-layer", **params)


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        (
            "find-neurons",
            {"type": "shared"},
            "'type' cannot be 'shared'; choose one of: all-shared,",
        ),
        ("find-neurons", {"layer": "top"}, "'layer' needs a value of kind integer, not 'top'"),
        ("find-neurons", {"language": "xx"}, "has no language 'xx'"),
        ("type-persistence", {"by_layer": "maybe"}, "'by_layer' is true or false, not 'maybe'"),
        ("neuron-card", {"layer": 1}, "needs a value for 'neuron'"),
        ("compare-runs", {"run": 1}, "needs a value for 'other'"),
        ("zzz", {}, "There is no query 'zzz'; available: ablation-accuracy,"),
    ],
)
def test_wrong_parameters_are_reported_in_a_sentence(
    results: Results, name: str, params: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        results.query(name, **params)


def test_several_runs_of_one_name(tmp_path: Path) -> None:
    path = write_runs(tmp_path / "a.duckdb", make_run(1, examples=4), make_run(2, examples=4))
    with (
        open_results(path) as results,
        pytest.raises(UsageError, match=r"matches several runs; choose one by its number: 1 \("),
    ):
        results.query("notes", run="toy · fact")


def test_languages_in_any_order_and_form(results: Results) -> None:
    ways = ["zh, en", ["zh", "en"], ("en", "zh", "zh")]
    assert len({results.statement("type-ratio-by-layer", run=1, languages=way) for way in ways}) == 1


def test_values_cannot_break_out_of_their_place(results: Results) -> None:
    text = "' OR 1 = 1; DROP TABLE runs --"
    assert results.query("examples-search", run=1, text=text).num_rows == 0
    assert results.sql(results.statement("examples-search", run=1, text=text)).num_rows == 0


def test_several_files_are_one(tmp_path: Path, toy: Toy) -> None:
    other = write_runs(
        tmp_path / "b.duckdb",
        make_run(9, "second · fact", examples=6),
        make_run(3, "twin · fact", model="twin"),
    )
    with open_results(toy.path, other) as both, open_results(other) as alone:
        runs = both.runs()
        assert runs["run"].to_pylist() == [1, 2, 3, 4, 5, 6, 7]
        assert runs["file"].to_pylist() == [str(toy.path.resolve())] * 5 + [str(other.resolve())] * 2
        for name in (
            "type-ratio-by-layer",
            "type-persistence",
            "contribution-by-type",
            "ablation-accuracy",
            "layers",
        ):
            same(both.query(name, run=6), alone.query(name, run=1))
        counted = "SELECT run, count(*) AS n, count(DISTINCT type) AS types FROM neurons GROUP BY run ORDER BY run"
        assert [r["n"] for r in both.sql(counted).to_pylist()] == [
            2560,
            1920,
            2560,
            2560,
            384,
            2560,
        ]
        assert set(both.query("compare-runs", run=3, other=7)["difference"].to_pylist()) == {0.0}
        assert both.query("compare-runs", run=3, other=7)["paired"].to_pylist()[0] is True
        assert both.sql("SELECT count(*) AS n FROM ablation WHERE run = 6")["n"].to_pylist() == [55]


def test_sql_is_read_only_and_reaches_no_file(results: Results) -> None:
    for text in (
        "DELETE FROM runs",
        "COPY runs TO '/tmp/stolen.csv'",
        "SELECT * FROM '/etc/passwd'",
        "SET threads = 1",
    ):
        with pytest.raises(QueryError):
            results.sql(text)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("SELECT nothing FROM runs", 1, 8, 'Referenced column "nothing" not found'),
        ("SELECT\n  nothing(1)", 2, 3, "nothing"),
        ("SELEC 1", 1, 1, "syntax error"),
        ("SELECT 'a'::INTEGER", 1, 11, "Could not convert"),
    ],
)
def test_a_mistake_in_sql_is_reported_with_its_place(
    results: Results, text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(SqlError, match=words) as error:
        results.sql(text)
    assert (error.value.line, error.value.column) == (line, column)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == ExitCode.QUERY


def test_sql_can_be_cut_short(results: Results) -> None:
    job = results.sql_job("SELECT * FROM examples")
    assert job.run(max_rows=3).num_rows == 3
    assert job.truncated
    whole = results.sql_job("SELECT 1 AS one")
    assert whole.run(max_rows=1).to_pylist() == [{"one": 1}]
    assert not whole.truncated
    assert results.sql("CREATE TEMP TABLE mine AS SELECT 1 AS a").num_rows <= 1
    assert results.sql("DESCRIBE runs", max_rows=100).num_rows > 10


def test_cancelling_ends_a_query(results: Results) -> None:
    job, failures = results.sql_job(ENDLESS), list[BaseException]()

    def work() -> None:
        try:
            job.run()
        except QueryError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    job.cancel()
    thread.join(20)
    assert not thread.is_alive()
    assert str(failures[0]) == "The query was cancelled."


def test_cancelled_before_it_began(results: Results) -> None:
    job = results.sql_job(ENDLESS)
    job.cancel()
    with pytest.raises(QueryError, match="cancelled"):
        job.run()


def test_cancelling_leaves_no_thread_behind(results: Results) -> None:
    before = threading.active_count()
    results.sql_job(ENDLESS).cancel()  # never run
    done = results.sql_job("SELECT 1")
    done.run()
    done.cancel()
    time.sleep(0.1)
    assert threading.active_count() <= before


def test_cancelling_one_query_leaves_others_alone(results: Results) -> None:
    first, second = (
        results.sql_job(ENDLESS),
        results.sql_job("SELECT count(*) AS n FROM range(20000000) WHERE hash(range) % 3 = 1"),
    )

    def fail() -> None:
        with pytest.raises(QueryError):
            first.run()

    failing = threading.Thread(target=fail)
    failing.start()
    canceller = threading.Timer(0.05, first.cancel)
    canceller.start()
    assert second.run().num_rows == 1
    failing.join(5)
    canceller.join()


def test_a_time_limit(results: Results, empty: Path) -> None:
    with pytest.raises(QueryError, match=r"it took longer than 0\.2 s"):
        results.sql(ENDLESS, seconds=0.2)
    with (
        open_results(empty, limits=Limits(seconds=0.3)) as limited,
        pytest.raises(QueryError, match=r"it took longer than 0\.3 s"),
    ):
        limited.sql(ENDLESS)


def test_progress_is_a_percentage_or_unknown(results: Results) -> None:
    job = results.job("runs")
    assert job.progress() is None or 0 <= job.progress() <= 100  # type: ignore[operator]
    job.run()
    assert job.progress() == 100


def test_too_much_memory_is_reported_in_a_sentence(empty: Path) -> None:
    with (
        open_results(empty, limits=Limits(memory_bytes=30_000_000)) as small,
        pytest.raises(QueryError, match="memory limit"),
    ):
        small.sql("SELECT list(range) FROM range(30000000)")


def test_files_that_are_not_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no results file at"):
        open_results(tmp_path / "nothing.duckdb")
    (tmp_path / "text.duckdb").write_text("hello")
    with pytest.raises(StoreError):
        open_results(str(tmp_path / "text.duckdb"))


def test_results_are_arrow_tables_for_any_library(results: Results) -> None:
    import duckdb

    ratios = results.query("type-ratio-by-layer", run=1)
    assert duckdb.sql("SELECT count(*) FROM ratios").fetchall() == [(12,)]
    assert ratios["type"].to_pylist()[:4] == [
        "non-activated",
        "specific",
        "partial-shared",
        "all-shared",
    ]
