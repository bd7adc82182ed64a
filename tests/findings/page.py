"""docs/findings.md: each table follows the command that prints it, and is replaced by what the command prints now."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.findings.runs import CORPUS, INTERVENTIONS, RUNS, shell_lines
from tests.findings.tables import TABLES, Measured

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
_TABLE = re.compile(r"(```sh\npython -m tests\.findings table ([a-z]+)\n```\n\n)(.*?)(?=\n\n|\n*\Z)", re.DOTALL)
_COMMANDS = re.compile(r"(```sh\npython -m tests\.findings commands\n```\n\n```sh\n)(.*?)(```)", re.DOTALL)


def table_texts(folder: Path, names: Iterable[str] = TABLES) -> dict[str, str]:
    """Tables by name from the results files in a folder, without a final line feed."""
    with Measured(folder) as measured:
        return {name: "\n".join(TABLES[name](measured)) for name in names}


def commands_text() -> str:
    """Each run as a comment with its time, and a shell line."""
    runs = (*RUNS, *INTERVENTIONS, *CORPUS)
    lines = zip(runs, shell_lines(runs), strict=True)
    return "".join(f"# {run.model_name} · {run.name}: {run.minutes:g} min\n{line}\n" for run, line in lines)


def refreshed(text: str, texts: Mapping[str, str]) -> str:
    """The text of the page with the commands of now and these tables."""
    text = _COMMANDS.sub(lambda block: f"{block[1]}{commands_text()}{block[3]}", text)
    return _TABLE.sub(lambda block: f"{block[1]}{texts[block[2]]}", text)


def shown_tables(text: str) -> list[str]:
    """Names of the tables in a page, in order."""
    return [name for _, name, _ in _TABLE.findall(text)]
