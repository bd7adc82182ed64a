"""Every shipped query: complete header, runs on an empty file and on a full one, returns what it declares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from neurontui.queries import Results, open_results
from neurontui.queries.loader import SHIPPED, Query, load_queries, load_query
from neurontui.queries.values import literal
from neurontui.store.errors import UsageError
from tests.queries.comparing import same
from tests.queries.conftest import Toy
from tests.queries.corpus_stores import add_corpus, make_corpus
from tests.queries.raw_run import make_run, write_runs

QUERIES = load_queries()
NAMES = [query.name for query in QUERIES]
KNOWN: dict[str, Any] = {"layer": 1, "neuron": 5, "example": 3, "other": 3, "text": "promotes"}
OF_CORPORA = {"corpora", "neuron-activity", "average-precision-neurons", "detector-reliability"}
OF_BOTH = {"lape-neurons", "p90-neurons", "detector-agreement", "detectors-by-layer", "activity-matrix"}
OF_ALL = {"runs", "run-languages", "run-settings", "layers", "notes", "warnings", "measures", "health", "schema"}
"""Queries of runs of the task corpus, of these and parallel runs, and of every run."""
ELSEWHERE = {
    "published-effective-scores", "off-target", "steering", "intervention-agreement", "patching", *OF_CORPORA,
}  # fmt: skip
"""Queries that the full file has no rows for; their own tests have."""
NEEDS_A_RUN = [query for query in QUERIES if any(p.kind == "run" for p in query.parameters)]


def needed(query: Query) -> dict[str, Any]:
    """Values for the parameters that have no default."""
    return {p.name: KNOWN[p.name] for p in query.parameters if p.required}


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_the_header_is_complete(query: Query) -> None:
    assert load_query(query.path) == query  # its SQL parses, and its parameters are those that DuckDB sees
    assert {p.name for p in query.parameters} == set(duckdb.extract_statements(query.sql)[0].named_parameters)
    assert query.path == SHIPPED / f"{query.name}.sql"
    assert query.title[0].isupper()
    assert not query.title.endswith(".")
    assert query.description.endswith(".")
    assert query.columns
    assert all(p.description.endswith(".") for p in query.parameters)
    assert all(c.description.endswith(".") for c in query.columns)
    assert max(map(len, query.path.read_text(encoding="utf-8").splitlines())) <= 120


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_full_file_gives_the_declared_columns(results: Results, query: Query) -> None:
    """And the statement with its parameters filled in gives the same."""
    params = needed(query)
    if any(p.name == "run" for p in query.parameters):
        params["run"] = 2 if query.name == "published-ablation" else 1
    table = results.query(query.name, **params)
    assert table.column_names == [column.name for column in query.columns]
    assert not [field.name for field in table.schema if pa.types.is_decimal(field.type)]
    assert table.num_rows > 0 or query.name in ELSEWHERE
    same(results.sql(results.statement(query.name, **params)), table)


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_corpus_has_rows_only_where_they_mean_something(mixed: Results, query: Query) -> None:
    """Run 1 is parallel, run 2, the last one, a corpus."""
    table = mixed.query(query.name, **{**needed(query), "other": 1} if "other" in needed(query) else needed(query))
    assert table.column_names == [column.name for column in query.columns]
    assert not [field.name for field in table.schema if pa.types.is_decimal(field.type)]
    if query.name.startswith("published") or query.name == "compare-runs":
        return
    assert (table.num_rows > 0) == (query.name in OF_CORPORA | OF_BOTH | OF_ALL), table.slice(0, 2).to_pylist()


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_an_empty_file_gives_no_rows(empty: Path, query: Query) -> None:
    with open_results(empty) as results:
        if query in NEEDS_A_RUN:
            with pytest.raises(UsageError, match="holds no run yet"):
                results.query(query.name, **needed(query))
        elif query.name != "schema":
            assert results.query(query.name).num_rows == 0


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """A file with a parallel run and a corpus of the same model."""
    path = write_runs(tmp_path_factory.mktemp("mixed") / "mixed.duckdb", make_run(1))
    with open_results(add_corpus(path, make_corpus(1), 2)) as opened:
        yield opened


@pytest.fixture(scope="module")
def bare(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """A file whose run 1 has nothing but its row and its languages."""
    path = tmp_path_factory.mktemp("bare") / "bare.duckdb"
    path.write_bytes(empty.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO runs SELECT 1, 'k', 'n', 'm', NULL, 'bloom', 't', NULL, 0, ['en', 'de', 'fr'], 7, 0, "
            "'float32', 'cpu', 0, '{}', '{}', now()::TIMESTAMP, 1, 1"
        )
        connection.execute("INSERT INTO run_languages VALUES (1, 0, 'en'), (1, 1, 'de'), (1, 2, 'fr')")
    with open_results(path) as opened:
        yield opened


@pytest.mark.parametrize("query", NEEDS_A_RUN, ids=lambda query: query.name)
@pytest.mark.parametrize("run", [1, 99])
def test_the_sql_itself_stands_empty_tables(bare: Results, query: Query, run: int) -> None:
    """Of a run without rows, and of one that is not there: no error, and no made-up rows."""
    values = {p.name: _empty_value(p.kind, p.default, p.choices, p.name, run) for p in query.parameters}
    found = bare.sql(query.fill({name: literal(value) for name, value in values.items()}))
    if run == 99 or query.name not in ("measures", "health", "run-languages", "claims"):
        assert found.num_rows == 0


def _empty_value(kind: str, default: str | None, choices: tuple[str, ...], name: str, run: int) -> Any:
    if kind == "run":
        return run if name == "run" else 2
    if kind == "languages":
        return ["en", "de", "fr"]
    if choices:
        return default
    fixed = {
        "threshold": 0.0,
        "boolean": default == "true",
        "language": None,
        "integers": None,
        "text": None,
    }
    return fixed.get(kind, 3)


def test_two_threads_can_ask_at_once(results: Results, toy: Toy) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: results.query("type-ratio-by-layer", run=1), range(12)))
    for table in tables:
        same(table, tables[0])
    assert tables[0].num_rows == 12
