"""What the pass over a corpus costs beside a bare forward pass over the same texts, and its peak memory.

The bare pass tokenizes the texts and runs the base model, without the output layer, hooks and losses. The goal is a
ratio of at most 1.15, and memory that does not grow with the tokens.

    python -m tests.benchmarks.corpus [--model FOLDER] [--device cuda] [--rounds 5] [--texts 48]
"""

import argparse
import os
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import CorpusBatch, Part
from neurontui.compute.corpus.measure import measure_corpus
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.prompts.passages import longest_passage, passages
from neurontui.compute.models.prompts.tokenize import pad
from tests.benchmarks.extraction import timed
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import batch_of, build

HIDDEN, LAYERS = 640, 6
"""Width of Gemma 3 270M; a wider model makes the ratio smaller."""
GROWTH = 8


def config(device: str) -> RunConfig:
    """Default options."""
    return RunConfig(model="none", task="corpus", out=Path(tempfile.gettempdir()) / "none.duckdb", device=device,
                     batch_tokens=4096 if device == "cpu" else 16384)  # fmt: skip


def texts_of(n: int) -> tuple[str, ...]:
    """Texts of mixed lengths."""
    prompts = batch_of(max(1, n // 4), random.Random(5)).prompts
    return tuple(" ".join(prompts[i : i + 3]) for i in range(n))


def batch(texts: Sequence[str]) -> CorpusBatch:
    return CorpusBatch(Part(0, "en", 0, 0, len(texts)), tuple(texts))


@torch.inference_mode()
def bare(loaded: LoadedModel, options: RunConfig, texts: Sequence[str]) -> int:
    """Forward passes over the passages alone; returns the number of tokens."""
    pieces = list(passages(loaded, "en", texts, 0, longest_passage(loaded, options.passage_tokens)))
    lengths = [len(piece) for piece in pieces]
    for rows in by_length(range(len(pieces)), lengths, loaded.groups(lengths), options.batch_tokens):
        forward(loaded, pad(loaded, [pieces[row].encoded for row in rows]))
    return sum(lengths)


def table(device: str = "cpu", model: str | None = None, rounds: int = 5, n_texts: int = 48) -> Iterator[str]:
    """Markdown, row by row."""
    loaded = build("llama", device, HIDDEN, LAYERS) if model is None else load_model(ModelOptions(model, device=device))
    options, texts = config(device), texts_of(n_texts)
    pairs = []
    for _ in range(rounds + 1):
        alone = timed(lambda: bare(loaded, options, texts), device)[0]
        pairs.append((alone, timed(lambda: measure_corpus(options, loaded, batch(texts)), device)[0]))
    ratio = statistics.median(b / a for a, b in pairs[1:])
    peaks = []
    for some in (texts, texts_of(GROWTH * n_texts)):
        with peak_memory(device) as peak:
            measure_corpus(options, loaded, batch(some))
        peaks.append(f"{peak.bytes / 1e6:.0f} MB")
    n_tokens, seconds = bare(loaded, options, texts), statistics.median(b for _, b in pairs[1:])
    name = f"{loaded.name}, {len(loaded.layers)} × {loaded.layers[0].n_neurons}, {loaded.dtype}"
    yield f"| model | corpus pass / bare forward pass | tokens a second | peak memory | of {GROWTH} × the texts |"
    yield "|---|---|---|---|---|"
    yield f"| {name} | {ratio:.2f} | {n_tokens / seconds:,.0f} | {peaks[0]} | {peaks[1]} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=48)
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, torch threads {torch.get_num_threads()}")
    for line in table(given.device, given.model, given.rounds, given.texts):
        print(line, flush=True)


if __name__ == "__main__":
    main()
