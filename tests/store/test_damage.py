"""Damaged results files: a plain sentence or the right data, in a process that lives on."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

from neurontui.store.admin.verify import verify
from neurontui.store.reader import open_reader
from tests.store.content import content
from tests.store.made_up import MadeUp
from tests.store.sessions import ROOT

# In its own process: a crash of DuckDB must be seen as one. One line of JSON a file.
LOOK = """
import json, sys
from pathlib import Path
from neurontui.store.errors import NeurontuiError
from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.reader import open_reader
from neurontui.store.schema import layout
from neurontui.store.admin.verify import verify
path = Path(sys.argv[1])
for line in sys.stdin:
    offset, bit, size = json.loads(line)
    data = bytearray(Path(sys.argv[2]).read_bytes())
    if size is not None:
        data = data[:size]
    else:
        data[offset] ^= 1 << bit
    path.write_bytes(data)
    try:
        with open_reader(path) as reader, translate_read_errors(path):
            cursor = reader.cursor()
            held = {t: sorted(map(repr, cursor.execute(f"FROM {t}").fetchall())) for t in layout()}
            problems = verify(reader)
        answer = {"held": held, "reported": problems}
    except NeurontuiError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""
Damage = tuple[int, int, int | None]


def test_a_few_truncations_and_flips(store: Callable[..., Path], tmp_path: Path) -> None:
    path = store(MadeUp(examples=5))
    size = path.stat().st_size
    chance = random.Random(3)
    header = [(at, 0, None) for at in (0, 8, 12, 60, 4096, 4104, 8192, 8200)]
    flips = [(chance.randrange(size), chance.randrange(8), None) for _ in range(12)]
    cuts = [(0, 0, cut) for cut in (0, 1, 4095, 4096, 12288, 12289, size // 2, size - 1)]
    outcome = try_damage(path, tmp_path, [*header, *flips, *cuts])
    assert outcome["reported"] > 10


def try_damage(path: Path, folder: Path, damages: Iterable[Damage]) -> dict[str, int]:
    """Look at a damaged copy for each damage; every answer is a sentence, or everything as it was."""
    [whole] = look(path, folder, [(0, 0, path.stat().st_size)])
    assert whole["reported"] == []
    outcome = {"reported": 0, "unharmed": 0}
    damages = list(damages)
    for damage, answer in zip(damages, look(path, folder, damages), strict=True):
        if "error" in answer:
            outcome["reported"] += 1
            assert "\n" not in str(answer["error"])
        else:
            assert answer == whole, damage
            outcome["unharmed"] += 1
    return outcome


def look(path: Path, folder: Path, damages: Iterable[Damage]) -> list[dict[str, object]]:
    """What another process finds in damaged copies; fails where it dies."""
    asked = "".join(json.dumps(damage) + "\n" for damage in damages)
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(folder / "damaged.duckdb"), str(path)],
        input=asked,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        (
            "neuron_masks",
            "UPDATE neuron_masks SET n = n + 1 WHERE neuron = 3",
            "has changed since it was merged",
        ),
        ("example_types", "DELETE FROM example_types WHERE example = 1", "has changed since it was merged"),
        (
            "mask_histogram",
            "UPDATE mask_histogram SET n = n + 1 WHERE scope = 'last'",
            "do not follow",
        ),
        (
            "activations",
            "UPDATE activations SET mask = xor(mask, 1) WHERE neuron = 2",
            "do not follow",
        ),
        ("runs", "UPDATE runs SET model = 'another'", "has changed since it was merged"),
    ],
)
def test_changed_rows_are_found(table: str, change: str, words: str, store: Callable[..., Path]) -> None:
    path = store()
    with duckdb.connect(str(path)) as connection:
        connection.execute(change)
    with open_reader(path) as reader:
        sentences = verify(reader)
    assert any(words in each for each in sentences)
    assert any(f" {table} of run 1" in each for each in sentences)


def test_content_is_untouched_by_looking(store: Callable[..., Path]) -> None:
    path = store()
    before = (path.read_bytes(), content(path))
    with open_reader(path) as reader:
        assert verify(reader) == []
    assert (path.read_bytes(), content(path)) == before
