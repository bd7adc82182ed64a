"""A run over a corpus against plain PyTorch: one passage at a time, by the equations, without padding."""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from neurontui.compute.config import RunConfig
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.passes import corpus_pass
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results
from neurontui.store.admin.verify import verify
from neurontui.store.errors import MeasureError, UsageError
from neurontui.store.journal.position import Position
from neurontui.store.reader import open_reader
from tests.compute.models.encoders import MASK, load_encoder, save_encoder
from tests.compute.models.encoders import plain as plain_encoder
from tests.compute.models.reference import ids_of, reference
from tests.compute.models.test_moe import plain as plain_mixture
from tests.compute.tiny import save_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
LONG = " ".join(f"The {i}th capital is far away." for i in range(9))
TEXTS = {
    "en": ["Ankara is the capital.", LONG, "Yes.", "It rains in Lisbon today, and the train is late."],
    "de": ["Die Hauptstadt von Portugal ist Lissabon.", "Nein.", "Es regnet heute in Ankara."],
    "zh": ["葡萄牙的首都是里斯本。", "今天下雨。"],
}
MOST = 24
"""Tokens of a passage."""
COLUMNS = ("n_active", "n_positive", "n_negative", "a_sum", "a_sumsq", "w_sum", "w_sumsq")


def save_corpus(folder: Path) -> Path:
    """One file of each format; blank lines and other files are ignored."""
    folder.mkdir()
    (folder / "en.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(TEXTS["en"]).encode())
    lines = [json.dumps({"id": i, "text": text}, ensure_ascii=False) for i, text in enumerate(TEXTS["de"])]
    (folder / "deu_Latn.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "zh").mkdir()
    (folder / "zh" / "part-1.tsv").write_text("id\ttext\n" + "".join(f"{i}\t{t}\n" for i, t in enumerate(TEXTS["zh"])))
    (folder / "README.md").write_text("about")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """A corpus of three languages, in batches of two texts."""
    return RunConfig(
        model=str(save_tiny("llama", tmp_path / "llama")), task="corpus", data=save_corpus(tmp_path / "texts"),
        out=tmp_path / "results.duckdb", device="cpu", passage_tokens=MOST, batch_examples=2,
    )  # fmt: skip


def pieces(ids: list[int], n_opening: int, n_ending: int, most: int = MOST) -> Iterator[list[int]]:
    """A text in pieces of at most `most` tokens, each with the special tokens of the whole."""
    end = len(ids) - n_ending
    room = most - n_opening - n_ending
    for start in range(n_opening, end, room):
        yield [*ids[:n_opening], *ids[start : min(end, start + room)], *ids[end:]]


def expected(model: str, architecture: str, most: int) -> dict[tuple[str, int], list[NDArray[np.float64]]]:
    """Per language and half, per layer: the rows of COLUMNS."""
    loaded = load_model(ModelOptions(model, device="cpu"))
    special = set(loaded.tokenizer.all_special_ids)
    sums: dict[tuple[str, int], list[NDArray[np.float64]]] = {}
    for language, texts in TEXTS.items():
        for index, text in enumerate(texts):
            ids = ids_of(loaded.tokenizer, text, ends=architecture == "mt5")
            n_opening, n_ending = int(ids[0] in special), int(ids[-1] in special)
            half = int(index >= (len(texts) + 1) // 2)
            for piece in pieces(ids, n_opening, n_ending, most):
                counted = [i for i, token in enumerate(piece) if i and token not in special]
                of_piece = by_layer(loaded, architecture, piece)
                rows = [statistics(a[counted].double(), w[counted].double()) for a, w in of_piece]
                before = sums.get((language, half), [np.zeros_like(row) for row in rows])
                sums[language, half] = [a + b for a, b in zip(before, rows, strict=True)]
    return sums


def by_layer(loaded, architecture: str, piece: list[int]):
    if architecture in ("mixtral", "qwen3_moe"):
        text = loaded.tokenizer.decode(piece, skip_special_tokens=True)
        layers = [(layer.activations, layer.weights) for layer in plain_mixture(architecture, text)]
        assert len(layers[0][0]) == len(piece), "decoding changed the tokens"
        return layers
    whole = reference(loaded.model, architecture, piece)
    n = sum(ffn.layer.stack == "encoder" for ffn in loaded.ffns) or len(loaded.ffns)
    return list(zip(whole.activations, whole.products, strict=True))[:n]


def statistics(a: torch.Tensor, w: torch.Tensor) -> NDArray[np.float64]:
    rows = ((a > 0).sum(0), (w > 0).sum(0), (w < 0).sum(0), a.sum(0), (a * a).sum(0), w.sum(0), (w * w).sum(0))
    return np.stack([row.double().numpy() for row in rows])


Table = dict[tuple[str, int | None], list[NDArray[np.float64]]]


def measured(path: Path) -> Table:
    """Counts by language and half, and sums by language, per layer."""
    rows = defaultdict(list)
    with open_results(path) as results:
        order = "ORDER BY language, half, layer, neuron"
        counts = results.sql(f"SELECT language, half, layer, {', '.join(COLUMNS[:3])} FROM neuron_activity {order}")
        sums = results.sql(
            f"SELECT language, NULL AS half, layer, {', '.join(COLUMNS[3:])} FROM neuron_moments {order}"
        )
    for row in (*counts.to_pylist(), *sums.to_pylist()):
        language, half, layer, *values = row.values()
        rows[language, half, layer].append(values)
    found = defaultdict(list)
    for (language, half, _), values in rows.items():
        found[language, half].append(np.array(values, float).T)
    return dict(found)


def as_stored(sums: dict[tuple[str, int], list[NDArray[np.float64]]]) -> Table:
    """Counts by half, and sums over both halves."""
    table: Table = {key: [layer[:3] for layer in layers] for key, layers in sums.items()}
    for (code, _), layers in sums.items():
        before = table.get((code, None), [np.zeros_like(layer[3:]) for layer in layers])
        table[code, None] = [a + b[3:] for a, b in zip(before, layers, strict=True)]
    return table


def require_equal(found: Table, right: Table) -> None:
    assert found.keys() == right.keys()
    for key, layers in right.items():
        for mine, theirs in zip(found[key], layers, strict=True):
            if key[1] is not None:
                np.testing.assert_array_equal(mine, theirs)
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("architecture", ["llama", "bloom", "xglm", "gpt2", "mt5", "qwen2", "mixtral"])
def test_activity_equals_that_of_one_passage_at_a_time(config: RunConfig, tmp_path: Path, architecture: str) -> None:
    model = str(save_tiny(architecture, tmp_path / architecture))
    most = 128 if architecture == "mixtral" else MOST
    run(replace(config, model=model, passage_tokens=most), NullProgress())
    require_equal(measured(config.out), as_stored(expected(model, architecture, most)))


def test_an_encoder_reads_a_corpus_and_has_no_loss(config: RunConfig, tmp_path: Path) -> None:
    run(replace(config, model=str(save_encoder("xlm-roberta", tmp_path / "encoder"))), NullProgress())
    loaded = load_encoder("xlm-roberta")
    ids = loaded.tokenizer(TEXTS["de"][1])["input_ids"]
    counted = [i for i, token in enumerate(ids) if i and token not in loaded.tokenizer.all_special_ids]
    assert MASK not in ids
    only = replace(config, model=str(tmp_path / "encoder"), out=tmp_path / "one.duckdb", languages=("de",), limit=2)
    run(only, NullProgress())
    right = [statistics(a[counted].double(), w[counted].double())
             for a, w in plain_encoder(loaded.model, "xlm-roberta", ids)]  # fmt: skip
    found = measured(only.out)
    require_equal({("de", 1): found["de", 1]}, {("de", 1): [layer[:3] for layer in right]})
    with open_results(config.out) as results:
        assert results.sql("SELECT sum(n_loss) AS n, sum(n_tokens) > 100 AS several FROM corpora").to_pylist() == [
            {"n": 0, "several": True}
        ]


def test_losses_are_those_of_every_so_many_tokens(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_pass, "LOSS_EVERY", 3)
    run(config, NullProgress())
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    right: dict[tuple[str, int], list[float]] = defaultdict(list)
    for language, texts in TEXTS.items():
        for index, text in enumerate(texts):
            ids = ids_of(loaded.tokenizer, text, ends=False)
            for place, piece in enumerate(pieces(ids, 1, 0)):
                with torch.no_grad():
                    logits = loaded.model(torch.tensor([piece])).logits[0].log_softmax(-1)
                for i in range(1, len(piece)):
                    if (i + index + place) % 3 == 0:
                        half = int(index >= (len(texts) + 1) // 2)
                        right[language, half].append(-float(logits[i - 1, piece[i]]))
    with open_results(config.out) as results:
        rows = results.sql("FROM corpora").to_pylist()
    for row in rows:
        losses = np.array(right[row["language"], row["half"]])
        assert row["n_loss"] == len(losses)
        np.testing.assert_allclose([row["loss_sum"], row["loss_sumsq"]], [losses.sum(), (losses**2).sum()], rtol=1e-5)


def test_the_tables_do_not_depend_on_passes_and_batches(config: RunConfig, tmp_path: Path) -> None:
    run(config, NullProgress())
    other = replace(config, out=tmp_path / "other.duckdb", batch_tokens=30, batch_examples=1)
    run(other, NullProgress())
    require_equal(measured(other.out), measured(config.out))
    with open_results(config.out) as one, open_results(other.out) as two:
        question = "SELECT language, half, n_texts, n_passages, n_tokens, n_loss FROM corpora ORDER BY ALL"
        assert one.sql(question).equals(two.sql(question))
        assert one.sql("SELECT key FROM runs").equals(two.sql("SELECT key FROM runs"))


class Interrupted(NullProgress):
    """Stops a run when its third batch begins."""

    def show(self, position: Position) -> None:
        if any(level.name == "batch" and level.done >= 2 for level in position):
            raise KeyboardInterrupt


def test_an_interrupted_run_resumes_and_gives_the_same(config: RunConfig, tmp_path: Path) -> None:
    whole = replace(config, out=tmp_path / "whole.duckdb")
    run(whole, NullProgress())
    with pytest.raises(KeyboardInterrupt):
        run(config, Interrupted())
    said: list[str] = []

    class Listening(NullProgress):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    run(config, Listening())
    assert any("resuming after 2 of 6 batches" in sentence for sentence in said)
    require_equal(measured(config.out), measured(whole.out))
    assert not run(config, NullProgress()).measured


def test_average_precision_is_that_of_mean_activations(config: RunConfig) -> None:
    run(config, NullProgress())
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    # As many texts of each language and half as the smallest has: one of zh.
    chosen = {code: (texts[0], texts[(len(texts) + 1) // 2]) for code, texts in TEXTS.items()}
    means = {}
    for code, texts in chosen.items():
        for half, text in enumerate(texts):
            first = next(pieces(ids_of(loaded.tokenizer, text, ends=False), 1, 0))
            means[code, half] = np.concatenate(
                [a[1:].mean(0).numpy() for a in reference(loaded.model, "llama", first).activations]
            )
    with open_results(config.out) as results:
        rows = results.sql("FROM neuron_precision ORDER BY language, layer, neuron").to_pylist()
    for code in TEXTS:
        of_language = [row for row in rows if row["language"] == code]
        for column, halves in (("precision_all", (0, 1)), ("precision_first", (0,)), ("precision_second", (1,))):
            keys = [key for key in means if key[1] in halves]
            right = [precision([means[key][n] for key in keys], [key[0] == code for key in keys])
                     for n in range(len(of_language))]  # fmt: skip
            np.testing.assert_allclose([row[column] for row in of_language], right, rtol=1e-6)


def precision(scores: list[float], own: list[bool]) -> float:
    """Average precision without ties."""
    order = np.argsort(-np.array(scores))
    hits = np.array(own)[order]
    at = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(at) + 1) / at))


def test_one_language_has_no_precision_and_its_file_is_sound(config: RunConfig, tmp_path: Path) -> None:
    run(replace(config, languages=("en",)), NullProgress())
    with open_results(config.out) as results:
        assert results.sql("SELECT count(*) AS n FROM neuron_precision")["n"].to_pylist() == [0]
        [row] = results.sql("SELECT task, setting, n_examples, tokens FROM runs").to_pylist()
    assert (row["task"], row["setting"], row["n_examples"]) == ("corpus", "texts", 4)
    with open_reader(config.out) as reader:
        assert verify(reader) == []


def test_the_prompts_of_a_task_are_a_corpus_too(config: RunConfig, tmp_path: Path) -> None:
    task = tmp_path / "asked.jsonl"
    rows = [{"id": str(i), "prompts": {"en": TEXTS["en"][i], "de": TEXTS["de"][i]}} for i in range(3)]
    task.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(replace(config, data=task), NullProgress())
    with open_results(config.out) as results:
        rows = results.sql("SELECT language, sum(n_texts)::INT AS n FROM corpora GROUP BY ALL ORDER BY ALL").to_pylist()
        assert rows == [{"language": "de", "n": 3}, {"language": "en", "n": 3}]
        assert results.sql("SELECT name FROM runs")["name"].to_pylist() == ["llama · corpus asked"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measures": ("types", "ablation")}, "--measures is about prompts and answers"),
        ({"token": "subject"}, "--token is about"),
        ({"thresholds": (0.0, 0.5)}, "--thresholds is about"),
        ({"chat": True}, "--chat is about"),
    ],
)
def test_options_of_prompts_are_refused(config: RunConfig, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        replace(config, **options)


@pytest.mark.parametrize("what", ["activations", "losses"])
def test_numbers_that_are_not_finite_stop_the_run(
    config: RunConfig, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments, **options):
        sums = corpus_pass.sum_passages(*arguments, **options)
        if what == "losses":
            return replace(sums, losses=sums.losses * math.nan)
        broken_layer = sums.neurons[1].clone()
        broken_layer[1, 3] = math.nan
        return replace(sums, neurons=[sums.neurons[0], broken_layer])

    monkeypatch.setattr("neurontui.compute.corpus.measure.sum_passages", broken)
    with pytest.raises(MeasureError, match=r"One of the texts 1 to .* in en has activations or losses that are not"):
        run(config, NullProgress())
