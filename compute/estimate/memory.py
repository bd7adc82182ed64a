"""Estimate the memory of a measurement in addition to the weights, from the shapes of run and model.

It is the peak: the activations of a part and the sums over a batch, plus the largest of a forward pass, the KV cache of
the prompts with that of the answer candidates that continue them, and a gradient pass, which keeps tensors of all
blocks.
"""

from collections.abc import Sequence

from neurontui.compute.answers.ranking import LOGITS_AT_ONCE
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.disk import RunShape
from neurontui.compute.measures.density import BINS
from neurontui.compute.measures.gradients import ANSWER_COST, BUDGET_SHARE
from neurontui.compute.measures.gradients import LOGITS_AT_ONCE as GRADIENT_LOGITS
from neurontui.compute.models.loaded_model import LoadedModel

_BYTES_A_SUM = 60
"""Bytes of the sums per neuron and language: five doubles, three extremes, two counts."""
_WIDE, _NARROW = 5, 8
"""Tensors that a block holds at the same time, of the FFN's width and of the model's; activations make copies."""
_KEPT_WIDE, _KEPT_NARROW = 4, 14
"""Tensors that the backward pass needs of each block, of the FFN's width and of the model's."""
_SLACK = 1.25
"""Overhead of the allocator; measured with `python -m tests.benchmarks.estimates`."""
_LIBRARIES = 120_000_000
"""Memory of the libraries that write tables, in main memory only."""


def working_memory(
    config: RunConfig,
    run: RunShape,
    loaded: LoadedModel,
    lengths: Sequence[int],
    answered: bool,
) -> int:
    """Bytes in addition to the weights. lengths: tokens of every prompt; answered: whether the task has answers."""
    forward = _forward(loaded, _tokens(config, run, lengths))
    if answered:
        followed = [length + config.max_new_tokens for length in lengths]
        tokens = _tokens(config, run, followed)
        cache = tokens * cache_a_token(loaded)
        rows = tokens * len(followed) // max(1, sum(followed))
        forward = cache + max(forward, cache + _logits(loaded, rows))
    if run.gradients:
        forward = max(forward, _backward(config, loaded, max(lengths, default=0)))
    libraries = _LIBRARIES if loaded.device == "cpu" else 0
    return int(_SLACK * (forward + _held(config, run, loaded))) + libraries


def _tokens(config: RunConfig, run: RunShape, lengths: Sequence[int]) -> int:
    """Most tokens of one pass: the smaller of the budget and a part; a longer prompt runs alone."""
    together = sum(sorted(lengths)[-config.examples_at_once * run.n_languages :])
    return max(max(lengths, default=0), min(config.batch_tokens, together))


def _forward(loaded: LoadedModel, tokens: int) -> int:
    """Tensors of one block; of earlier blocks only the output remains."""
    widest = max(layer.n_neurons for layer in loaded.layers)
    return tokens * (_WIDE * widest + _NARROW * _hidden(loaded)) * loaded.torch_dtype.itemsize


def _backward(config: RunConfig, loaded: LoadedModel, longest: int) -> int:
    """Tensors that a gradient pass keeps of all blocks, and three copies of the logits of the answers."""
    tokens = max(longest, config.batch_tokens // BUDGET_SHARE)
    kept = sum(_KEPT_WIDE * ffn.layer.n_neurons + _KEPT_NARROW * _hidden(loaded) for ffn in loaded.ffns)
    words = loaded.model.get_output_embeddings().weight.shape[0]
    logits = min(GRADIENT_LOGITS, tokens / ANSWER_COST * words)
    return int(tokens * kept * loaded.torch_dtype.itemsize + 3 * 4 * logits)


def cache_a_token(loaded: LoadedModel) -> int:
    """Bytes of the keys and values of one token in all layers; an upper bound if the configuration lacks the fields."""
    shape = loaded.model.config.get_text_config()
    queries = getattr(shape, "num_attention_heads", None) or 1
    heads = getattr(shape, "num_key_value_heads", None) or queries
    width = getattr(shape, "head_dim", None) or _hidden(loaded) // queries
    layers = len({layer.layer for layer in loaded.layers if layer.stack == "decoder"})
    return int(2 * layers * heads * width * loaded.torch_dtype.itemsize)


def _hidden(loaded: LoadedModel) -> int:
    return int(loaded.model.get_input_embeddings().weight.shape[1])


def _logits(loaded: LoadedModel, rows: int) -> int:
    """Logits of the candidates that are scored together, doubled because they are copied when summed."""
    words = loaded.model.get_output_embeddings().weight.shape[0]
    return int(2 * 4 * min(LOGITS_AT_ONCE, rows * words))


def _held(config: RunConfig, run: RunShape, loaded: LoadedModel) -> int:
    """Activations of a part, sums over a batch, and the scores of one layer."""
    rows = min(config.examples_at_once, run.n_examples) * run.n_languages
    gated = sum(ffn.layer.n_neurons for ffn in loaded.ffns if ffn.gated)
    held = (run.n_neurons + gated) * loaded.torch_dtype.itemsize
    held += run.n_neurons * 4 * config.every_token
    sums = run.n_neurons * run.n_languages * 4 * config.every_token
    sums += run.n_neurons * run.n_languages * 2 * 8 * run.gradients
    sums += run.n_neurons * run.n_languages * BINS * 8 * run.density
    if run.scored:
        widest = max(layer.n_neurons for layer in loaded.layers)
        sums += rows * widest * (5 * 8 + 3 * 4) * 2
        sums += run.n_neurons * run.n_languages * _BYTES_A_SUM * run.neuron_scores
    return rows * held + sums
