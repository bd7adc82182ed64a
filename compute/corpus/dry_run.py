"""Preview of a run over a corpus: its first texts as tokens, warnings, and the resources it would need."""

import shutil
from collections.abc import Iterator

from neurontui.compute.batch import unplanned
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import plan
from neurontui.compute.corpus.precision import plan_precision
from neurontui.compute.corpus.run import batch_size
from neurontui.compute.estimate.estimate import memory_free, nearest_folder, size
from neurontui.compute.estimate.preview_parts import first_example, model_lines, report_of, warned
from neurontui.compute.estimate.throughput import seconds_per_pass
from neurontui.compute.models.load.load import load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.corpus_pass import COLUMNS, LOSS_EVERY, measured_layers
from neurontui.compute.models.prompts.tokenize import encode_prompts
from neurontui.compute.progress import Phase
from neurontui.compute.run_options import model_options, task_options
from neurontui.compute.tasks.corpus.corpus import Corpus
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.preview import preview as preview_task
from neurontui.compute.tasks.registry import load_corpus

_JOURNAL, _RESULTS, _PRECISION = 30, 46, 14
"""Bytes a neuron and language, of a batch in the journal, of the results file, and of average precision."""
_WIDE = 6
"""Tensors of the FFN's width that a pass holds at the same time."""


def preview_corpus(config: RunConfig, progress: Phase) -> str:
    """What `preview` is for other tasks. Loads the model and stores nothing."""
    corpus = load_corpus(task_options(config))
    sample = corpus.sample()
    loaded = load_model(model_options(config), progress=progress)
    progress.within("estimating")
    report = report_of(config, sample, loaded)
    return "\n".join([
        preview_task(sample),
        "",
        "The first text of each language as the model reads it",
        *(line.replace("→ ", "") for line in first_example(sample, loaded)),
        *warned(report.notes, report.refusals),
        "",
        *model_lines(loaded),
        *_needs(config, corpus, sample, loaded),
    ])  # fmt: skip


def _needs(config: RunConfig, corpus: Corpus, sample: TaskData, loaded: LoadedModel) -> Iterator[str]:
    """Lines about sizes, and a sentence for each resource that does not suffice."""
    encoded = encode_prompts(loaded, unplanned(sample.examples, sample.languages))
    n_characters = sum(len(text) for example in sample.examples for text in example.prompts.values())
    n_tokens = sum(map(len, encoded)) * sum(corpus.n_characters.values()) // max(1, n_characters)
    parts = plan(corpus, batch_size(config, corpus, sample, seconds_per_pass(loaded, sample)))
    layers = measured_layers(loaded.layers)
    n_neurons = sum(layer.n_neurons for layer in layers)
    dense = n_neurons * len(corpus.languages)
    precision = plan_precision(config, corpus, layers)
    texts = 2 * precision.texts_a_half
    journal = len(parts) * n_neurons * _JOURNAL + dense * _PRECISION * bool(texts)
    results = dense * (_RESULTS + _PRECISION * bool(texts))
    weights = sum(parameter.numel() * parameter.element_size() for parameter in loaded.model.parameters())
    working = _working(config, loaded) + n_neurons * len(COLUMNS) * 16 + texts * dense * 4 * 2
    disk_free = shutil.disk_usage(nearest_folder(config.out)).free
    free = memory_free(loaded.device)
    yield f"texts      {corpus.total:,}, about {n_tokens:,} tokens; the estimate is from the first texts"
    yield f"batches    {len(parts):,}"
    yield (
        f"disk       about {size(results)} in the results file, and {size(journal)} in its journal until the run is "
        f"merged; {size(disk_free)} free"
    )
    yield f"memory     weights {size(weights)}, plus up to {size(working)}; {size(free)} free"
    if texts:
        yield f"precision  of {texts:,} texts of each language, which are read once more (--precision-texts)"
    if journal + results > disk_free:
        yield (
            f"The disk of the results has {size(disk_free)} free and the run needs about {size(journal + results)}; "
            "free some space, or use another --out."
        )
    if working > free:
        yield (
            f"Measuring needs up to {size(working)} in addition to the weights, and {size(free)} are free; reduce "
            "--batch-tokens and --precision-texts."
        )


def _working(config: RunConfig, loaded: LoadedModel) -> int:
    """Bytes of the tensors of one pass, and of the logits of the tokens whose loss is measured."""
    widest = max(layer.n_neurons for layer in loaded.layers)
    tensors = config.batch_tokens * _WIDE * widest * loaded.torch_dtype.itemsize
    return int(tensors + config.batch_tokens / LOSS_EVERY * loaded.n_embeddings * 4 * 3)
