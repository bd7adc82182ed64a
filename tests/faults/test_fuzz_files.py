"""Ten thousand malformed task files, TOML files and manifests: no traceback, exit codes as documented."""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.compute.demo import demo_task
from neurontui.store.errors import NeurontuiError
from neurontui.store.journal.journal import Journal, list_journals, read_manifest
from neurontui.store.merge.merge import merge
from tests.conftest import Tally
from tests.faults.mutate import mutate, mutate_json
from tests.store.conftest import measure
from tests.store.made_up import MadeUp
from tests.tui.cli.command_line import Said, neurontui

TASK_FILES, TOML_FILES, MANIFESTS, FEW = 4_000, 3_000, 3_000, 60
PAPER = """
[defaults]
out = "paper.duckdb"
limit = 3
thresholds = [0.0, 0.1]

[[run]]
model = ["bigscience/bloomz-560m", "bigscience/bloomz-3b"]
task = "xnli"
languages = "en,de"
measures = ["types", "attribution"]

[[run]]
model = "m"
task = "fact"
seed = 3
every_token = false
"""


def amounts(many: int) -> pytest.MarkDecorator:
    """A few, and with `make faults` many."""
    long = pytest.param(many, id="many", marks=pytest.mark.faults)
    return pytest.mark.parametrize("amount", [pytest.param(FEW, id="few"), long])


def _sane(said: Said, codes: tuple[int, ...], content: bytes) -> None:
    assert said.code in codes, (said, content)
    assert "Traceback" not in said.err, content
    assert all(each.isprintable() or each in "\n\u200c\u200d" for each in said.out + said.err), content


@amounts(TASK_FILES)
def test_task_files(amount: int, tmp_path: Path, tally: Tally) -> None:
    chance = random.Random(1)
    whole = b"".join(demo_task("fact").read_bytes().splitlines(keepends=True)[:3])
    path = tmp_path / "t.jsonl"
    refused = 0
    for _ in range(amount):
        content = mutate(whole, chance)
        path.write_bytes(content)
        said = neurontui("check", path)
        _sane(said, (0, 3), content)
        refused += said.code == 3
    assert refused > amount // 3
    tally("input", "malformed task files through `neurontui check`", amount,
          f"exit code 3 and line and field for {refused:,}, 0 for those still good")  # fmt: skip


@amounts(TOML_FILES)
def test_toml_files(amount: int, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurontui.compute.estimate.dry_run.preview", lambda config, progress: "shown")
    chance = random.Random(2)
    path = tmp_path / "paper.toml"
    refused = 0
    for _ in range(amount):
        content = mutate(PAPER.encode(), chance)
        path.write_bytes(content)
        said = neurontui("run", path, "--dry-run")
        _sane(said, (0, 2, 3), content)
        refused += said.code != 0
    assert refused > amount // 3
    tally("input", "malformed TOML files through `neurontui run FILE.toml --dry-run`", amount,
          f"exit code 2 or 3 and an error for {refused:,}, 0 for those still good")  # fmt: skip


@amounts(MANIFESTS)
def test_manifests(amount: int, tmp_path: Path, tally: Tally, store: Callable[..., Path]) -> None:
    chance = random.Random(3)
    results = store(MadeUp(seed=5, examples=3))
    run = MadeUp(seed=1, examples=3)
    journal = measure(run, results)
    manifest = journal / "manifest.json"
    whole = manifest.read_bytes()
    text = json.loads(json.loads(whole.split(b"\n", 1)[1])["manifest"])
    outside = sorted(each for each in tmp_path.rglob("*") if journal not in each.parents)
    refused, errors = 0, set()
    for number in range(amount):
        broken = mutate(whole, chance) if number % 2 else _sealed(mutate_json(text, chance))
        manifest.write_bytes(broken)
        list_journals(results)
        try:
            read_manifest(journal)
        except NeurontuiError as error:
            errors.add(str(error))
            refused += 1
        if number % 50 == 0:
            _sane(neurontui("info", results), (0,), broken)
    for _ in range(amount // 50):
        errors.add(_merge_hostile(_sealed(mutate_json(text, chance)), journal, results, run))
    assert not any("\n" in error for error in errors)
    assert refused > amount // 2
    assert sorted(each for each in tmp_path.rglob("*") if journal not in each.parents) == outside
    tally("input", "malformed journal manifests, half of them sealed anew", amount,
          f"{refused:,} reported as errors, the others describe a run; nothing outside the journal")  # fmt: skip


def _sealed(text: str) -> bytes:
    body = json.dumps({"manifest": text})
    return f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}\n".encode()


def _merge_hostile(manifest: bytes, journal: Path, results: Path, run: MadeUp) -> str:
    """Merging a forged journal ends in a sentence or a run; the journal is made anew for the next."""
    before = results.read_bytes()
    (journal / "manifest.json").write_bytes(manifest)
    try:
        merge(journal, results)
        said = ""
    except NeurontuiError as error:
        said = str(error)
    results.write_bytes(before)
    with Journal.open(results, run.manifest):
        pass
    measure(run, results)
    return said
