"""The facts: a country and its capital, named in every language. Reads the committed file only."""

import json
from dataclasses import dataclass
from pathlib import Path

FACTS_FILE = Path(__file__).parents[1] / "data" / "facts.json"


@dataclass(frozen=True)
class Fact:
    """A country and its capital; both names by language code."""

    id: str
    country: dict[str, str]
    capital: dict[str, str]


def load_facts(path: Path = FACTS_FILE) -> tuple[Fact, ...]:
    """All facts, in the file's order, which is by English country name."""
    return tuple(Fact(**record) for record in json.loads(path.read_text("utf-8")))
