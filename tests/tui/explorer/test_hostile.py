"""A results file from a stranger, full of attacks on the terminal: nothing of it happens."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.tabs import TABS
from tests.conftest import Tally
from tests.tui.driving import NARROW, WIDE, press, settle, text_of
from tests.tui.sample import Plan, write_sample
from tests.tui.terminal import read_terminal

PAYLOAD = base64.b64encode(b"rm -rf").decode()
ATTACK = (
    f"\x1b]52;c;{PAYLOAD}\x07\x1b]0;owned\x07\x1b[2J\x9b31m\x9d0;owned\x9c\x90q\x1b\\"
    "[@click=app.quit]click me[/][bold red]\u202egnp.exe\u2066\r\x08\x00\u2028"
)
LONG = "x" * 10_000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample store with every text in it replaced by attacks, and views that want to read files."""
    path = write_sample(
        tmp_path_factory.mktemp("hostile") / "results.duckdb",
        Plan(examples=12, neurons=16, layers=3),
    )
    with duckdb.connect(str(path)) as connection:
        texts = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND data_type = 'VARCHAR' "
            "AND table_name IN (SELECT table_name FROM duckdb_tables()) "
            "AND table_name NOT IN ('meta', 'languages', 'mask_histogram') "
            "AND column_name NOT IN ('key', 'stack', 'kind', 'scope', 'direction', 'language')"
        ).fetchall()
        for table, column in texts:
            connection.execute(
                f'UPDATE "{table}" SET "{column}" = ? || "{column}" || ? WHERE "{column}" IS NOT NULL',
                [ATTACK, LONG],
            )
        evil = ATTACK + "en"
        for table in (
            "run_languages",
            "examples",
            "mask_joint",
            "attribution",
            "attribution_masks",
            "neuron_examples",
        ):
            connection.execute(f"UPDATE {table} SET language = ? WHERE language = 'en'", [evil])
        connection.execute(
            "UPDATE runs SET languages = list_transform(languages, lambda x: if(x = 'en', ?, x))",
            [evil],
        )
        connection.execute("CREATE VIEW secrets AS SELECT * FROM read_text('/etc/passwd')")
        connection.execute("CREATE VIEW lines AS SELECT * FROM read_csv('/etc/passwd', sep = ':')")
        connection.execute(f"COMMENT ON VIEW secrets IS '{ATTACK.replace(chr(0), '')}'")
    return path


@pytest.mark.parametrize("size", [NARROW, pytest.param(WIDE, marks=pytest.mark.faults)])
async def test_every_screen_shows_attacks_as_text(
    explorer: Callable[..., Explorer], hostile: Path, size: tuple[int, int]
) -> None:
    app = explorer(hostile)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for tab in TABS:
            await press(
                pilot,
                *(["escape"] if app.page is not None and app.page.PAGE == "sql" else []),
                tab.digit,
            )
            shown = text_of(app)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), tab.page
            assert isinstance(app.screen, Page)
        await press(pilot, "escape", "1")
        shown = text_of(app)
        assert "␛]52;c;" in shown
        assert "[@click=app.quit]" in shown


@pytest.mark.faults
async def test_clicking_stored_markup_runs_nothing(explorer: Callable[..., Explorer], hostile: Path) -> None:
    app = explorer(hostile)
    async with app.run_test(size=WIDE) as pilot:
        for digit in "146":
            await press(pilot, digit)
            for row in range(4, 40, 5):
                for column in range(4, 150, 37):
                    await pilot.click(offset=(column, row))
            await settle(pilot)
            assert app.is_running
            while not isinstance(app.screen, Page):
                app.pop_screen()


async def test_what_is_copied_holds_no_control(explorer: Callable[..., Explorer], hostile: Path) -> None:
    app = explorer(hostile)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4", "y")
        assert "␛]52" in app.clipboard
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", app.clipboard)


async def test_sql_reaches_no_file(explorer: Callable[..., Explorer], hostile: Path) -> None:
    app = explorer(hostile)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "9")
        for statement in (
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT * FROM secrets",
            "SELECT * FROM lines",
            "FROM '/etc/passwd'",
            "COPY runs TO '/tmp/stolen.csv'",
            "ATTACH '/tmp/other.duckdb'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
            "DELETE FROM runs",
        ):
            app.page.query_one("#editor").text = statement  # type: ignore[union-attr]
            await press(pilot, "ctrl+r")
            shown = text_of(app)
            assert "✗" in shown, statement
            assert "root:" not in shown


@pytest.mark.faults
def test_no_stored_byte_reaches_the_terminal_as_a_command(hostile: Path, tmp_path: Path, tally: Tally) -> None:
    raw = read_terminal(
        hostile,
        tmp_path,
        keys=[*"23456789", "\x12", "from secrets", "\x12", "\x1b", "\x1b", "1", "?"],
    )
    text = raw.decode("utf-8", "replace")
    assert "]52;c;" in text  # it was shown,
    assert f"\x1b]52;c;{PAYLOAD}" not in text  # but as text
    assert "\x1b]0;" not in text
    assert "owned" in text
    assert "secrets" in text
    assert "root:" not in text
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069]", text)
    allowed = re.compile(
        r"\x1b(\[[?>=<]?[0-9;:]*[ $]?[a-zA-Z]|\]22;[a-z]*(\x07|\x1b\\)?|\]11;\?(\x07|\x1b\\)"
        r"|P\+q[0-9a-f;]*\x1b\\|_G[^\x1b]*\x1b\\|[78=>])"
    )
    left = allowed.sub("", text)
    assert "\x1b" not in left, left[left.index("\x1b") : left.index("\x1b") + 60]
    assert not set("\x07\x08\x0b\x0c\x0e\x0f\x00\x7f") & set(left)
    came = f"{len(raw):,} raw bytes from a pty hold no sequence of the file's"
    tally("attack", "the explorer, screen by screen, on a file whose every text is an attack", 9, came)
