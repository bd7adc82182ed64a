"""A run of an encoder from a folder and a task file to the results file."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries.results import open_results
from neurontui.store.errors import InputError
from tests.compute.models.encoders import load_encoder, plain, save_encoder

PROMPTS = {
    "en": ("The capital of Portugal is <mask>.", "Ankara is the capital of <mask>"),
    "de": ("Die Hauptstadt von Portugal ist <mask>", "<mask> ist eine Hauptstadt"),
    "tr": ("Portekiz'in başkenti <mask>", "Ankara <mask> ülkesinin başkentidir"),
}
ANSWERS = {"en": "Lisbon", "de": "Lissabon", "tr": "Lizbon"}


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Two examples in three languages, with answers."""
    task = tmp_path / "capitals.jsonl"
    examples = [
        {"id": f"e{i}", "prompts": {code: PROMPTS[code][i] for code in PROMPTS}, "answers": ANSWERS} for i in range(2)
    ]
    task.write_text("".join(json.dumps(example) + "\n" for example in examples), encoding="utf-8")
    folder = save_encoder("xlm-roberta", tmp_path / "encoder")
    return RunConfig(
        model=str(folder), task=str(task), out=tmp_path / "results.duckdb", device="cpu",
        measures=("types", "attribution"), final_norm=True,
    )  # fmt: skip


def test_types_and_contributions_are_stored_and_nothing_is_judged(config: RunConfig) -> None:
    run(config, NullProgress())
    loaded = load_encoder("xlm-roberta")
    expected, norms = [], []
    for i in range(2):
        rows = []
        for code in PROMPTS:
            ids = loaded.tokenizer(PROMPTS[code][i])["input_ids"]
            rows.append(
                [a[ids.index(loaded.tokenizer.mask_token_id)] for a, _ in plain(loaded.model, "xlm-roberta", ids)]
            )
        expected.append(sum((np.stack([a.numpy() for a in row]) > 0) << bit for bit, row in enumerate(rows)))
        norms.append(
            [
                [ffn.value_vectors().norm(dim=1) * a.abs() for ffn, a in zip(loaded.ffns, row, strict=True)]
                for row in rows
            ]
        )
    with open_results(config.out) as results:
        masks = results.sql("SELECT mask FROM activations ORDER BY example, layer, neuron")["mask"].to_numpy()
        examples = results.sql("SELECT prediction, correct, last_token FROM examples").to_pydict()
        raw = results.sql(
            "SELECT sum(raw_sum) AS raw, count(es_sum) AS scored FROM attribution "
            "GROUP BY example, language, layer ORDER BY example, language, layer"
        ).to_pydict()
        notes = results.sql("SELECT text FROM notes")["text"].to_pylist()
    assert np.array_equal(masks, np.stack(expected).reshape(-1))
    assert set(examples["prediction"]) == set(examples["correct"]) == {None}
    assert set(examples["last_token"]) == {"<mask>"}
    order = [list(PROMPTS).index(code) for code in sorted(PROMPTS)]
    by_hand = [float(layer.sum()) for example in norms for bit in order for layer in example[bit]]
    np.testing.assert_allclose(raw["raw"], by_hand, rtol=1e-5)
    assert set(raw["scored"]) == {0}
    assert any("is an encoder" in note for note in notes)
    assert any("Effective scores are empty: between the FFNs of an encoder" in note for note in notes)


def test_an_ablation_of_an_encoder_is_refused(config: RunConfig) -> None:
    ablation = replace(config, measures=("types", "ablation"))
    for measure in (lambda: run(ablation, NullProgress()), lambda: preview(ablation)):
        with pytest.raises(InputError, match="is an encoder and generates no answers"):
            measure()
    assert not config.out.exists()


def test_the_preview_marks_the_mask_token(config: RunConfig) -> None:
    assert "→ 384 '<mask>'" in preview(config)
