"""What all prompts of a language begin with, compared with the standard library."""

import os
import random
import shutil
from pathlib import Path

import duckdb
import pytest

from neurontui.queries import open_results
from tests.queries.conftest import Toy

WORDS = ["Frage: ", "ভারত ", "é", "e\u0301", "👩‍👩‍👧 ", "\n", " ", "x"]
EXAMPLES = 40


def prompts(chance: random.Random, n: int) -> list[str]:
    """Texts with a beginning in common, which may be empty, or be all of the shortest text."""
    shared = "".join(chance.choices(WORDS, k=chance.randint(0, 30)))
    return [shared + "".join(chance.choices(WORDS, k=chance.randint(0, 5))) for _ in range(n)]


@pytest.mark.parametrize("seed", range(6))
def test_they_are_the_longest_common_prefixes(seed: int, toy: Toy, tmp_path: Path) -> None:
    path, chance = tmp_path / "prompts.duckdb", random.Random(seed)
    shutil.copy(toy.path, path)
    languages = toy[5].languages
    texts = {language: prompts(chance, EXAMPLES) for language in languages}
    if seed == 0:
        texts["en"] = [texts["en"][0]] * EXAMPLES
    with duckdb.connect(str(path)) as connection:
        connection.executemany(
            "UPDATE examples SET prompt = ? WHERE run = 5 AND language = ? AND example = ?",
            [(text, language, example) for language, of in texts.items() for example, text in enumerate(of)],
        )
    with open_results(path) as results:
        rows = results.query("prompt-beginnings", run=5).to_pylist()
    assert [row["language"] for row in rows] == list(languages)
    for row in rows:
        wanted = os.path.commonprefix(texts[row["language"]])  # noqa: RUF071 - character by character
        assert (row["beginning"], row["shared"], row["n_examples"]) == (wanted, len(wanted), EXAMPLES)
