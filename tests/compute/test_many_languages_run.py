"""A run in twenty languages, from a model's folder to the answers, against NumPy on its own masks."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries.results import open_results
from neurontui.store.admin.verify import verify
from neurontui.store.reader import open_reader
from tests.compute.tiny import save_tiny
from tests.many import CODES

N = 4


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four examples of made-up prompts, measured in batches of two."""
    folder = tmp_path_factory.mktemp("many")
    lines = [
        {
            "id": f"e{i}",
            "prompts": {code: f"{code} the capital {i * j} of {code * (j % 3)} is" for j, code in enumerate(CODES)},
            "answers": dict.fromkeys(CODES, "Lisbon"),
        }
        for i in range(N)
    ]
    task = folder / "many.jsonl"
    task.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    out = folder / "results.duckdb"
    model = save_tiny("bloom", folder / "bloom")
    run(
        RunConfig(
            model=str(model), task=str(task), out=out, device="cpu", batch_examples=2,
            measures=("types", "attribution"), thresholds=(0.0, 0.1),
        ),
        NullProgress(),
    )  # fmt: skip
    return out


def test_types_sharing_and_scores_of_twenty_languages(results: Path) -> None:
    with open_results(results) as opened:
        stored = opened.sql("SELECT mask FROM activations ORDER BY example, layer, neuron")
        layers = opened.query("layers")["n_neurons"].to_pylist()
        masks = stored["mask"].to_numpy().reshape(N, len(layers), layers[0])
        active = (masks[..., None] >> np.arange(20, dtype=np.uint64)) & np.uint64(1) == 1
        count = active.sum(-1)
        ratios = {(row["layer"], row["type"]): row["ratio"] for row in opened.query("type-ratio-by-layer").to_pylist()}
        for layer in range(len(layers)):
            n_active = count[:, layer]
            expected = {
                "non-activated": n_active == 0,
                "specific": n_active == 1,
                "partial-shared": (n_active > 1) & (n_active < 20),
                "all-shared": n_active == 20,
            }
            for name, chosen in expected.items():
                assert ratios[layer, name] == pytest.approx(100 * chosen.mean())
        shared = {(row["language"], row["other"]): row["ratio"] for row in opened.query("sharing-matrix").to_pylist()}
        for a in range(20):
            for b in range(20):
                both = (active[..., a] & active[..., b]).sum()
                assert shared[CODES[a], CODES[b]] == pytest.approx(100 * both / active[..., a].sum())
        totals = opened.query("contribution-by-type", by_layer=False)["total"].to_pylist()
        assert sum(each or 0 for each in totals) == pytest.approx(100, rel=1e-5)
        assert set(opened.query("type-ratio-by-threshold")["threshold"].to_pylist()) == {0.0, 0.1}
        [note] = [t for t in opened.query("notes")["text"].to_pylist() if "15 languages" in t]
        assert "without intervals" in note


def test_its_tables_follow_from_its_masks(results: Path) -> None:
    with open_reader(results) as reader:
        assert verify(reader) == []
        cursor = reader.cursor()
        for table, filled in (
            ("active_histogram", True),
            ("language_pairs", True),
            ("mask_histogram", False),
            ("mask_joint", False),
            ("attribution_masks", False),
        ):
            found = cursor.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()
            assert bool(found) == filled, table
