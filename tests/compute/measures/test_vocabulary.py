"""Promoted and suppressed tokens equal a full sort of the dot products in NumPy."""

import numpy as np
import pytest

from neurontui.compute.measures import vocabulary
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.store.schema import shard_schema
from tests.compute.tiny import load_tiny


@pytest.mark.parametrize("architecture", ["bloom", "gpt2"])
@pytest.mark.parametrize("chunk", [7, 1 << 14])
def test_tokens_equal_a_full_sort(architecture: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_TOKENS_AT_ONCE", chunk)
    monkeypatch.setattr(vocabulary, "_LOGITS_AT_ONCE", chunk * 2)
    loaded = load_tiny(architecture)
    pairs = [(1, 5), (0, 3), (0, 11), (0, 0), (0, 3)]
    rows = vocabulary_tables(loaded, pairs, top=4)["neuron_vocabulary"].to_pylist()
    assert len(rows) == 4 * 2 * 4
    weight = loaded.model.get_output_embeddings().weight.double().numpy()[: len(loaded.tokenizer)]
    for layer, neuron in set(pairs):
        value = loaded.ffns[layer].value.weight.double().numpy()
        logits = weight @ (value[neuron] if architecture == "gpt2" else value[:, neuron])
        for direction, order in (
            ("promotes", np.argsort(-logits)),
            ("suppresses", np.argsort(logits)),
        ):
            found = [r for r in rows if (r["layer"], r["neuron"], r["direction"]) == (layer, neuron, direction)]
            assert [r["rank"] for r in found] == [1, 2, 3, 4]
            assert [r["logit"] for r in found] == pytest.approx(logits[order[:4]], rel=1e-4)
            text = loaded.tokenizer.decode([order[0]])
            assert "\ufffd" in text or found[0]["token"] == text


def test_an_encoder_says_nothing_directly() -> None:
    loaded = load_tiny("mt5")
    tables = vocabulary_tables(loaded, [(0, 1), (3, 1)], top=2)
    assert set(tables["neuron_vocabulary"]["layer"].to_pylist()) == {3}
    assert "encoder" in tables["notes"]["text"][0].as_py()
    for name, table in tables.items():
        table.select(shard_schema(name).names).cast(shard_schema(name))
    assert set(vocabulary_tables(loaded, [(0, 1)])) == {"notes"}
