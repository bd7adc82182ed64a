"""How much memory measuring takes beside the weights, from the shapes of run and model: near enough to plan by.

What is counted is what is held together at the worst moment: a part's activations and the sums over a batch, and beside
them either a forward pass, or the KV cache of one and that of the candidates of an answer, which go on from it.
"""

from collections.abc import Sequence

from neurontui.compute.answers.ranking import LOGITS_AT_ONCE
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.disk import RunShape
from neurontui.compute.models.loaded_model import LoadedModel

_BYTES_A_SUM = 60
"""Of sums by neuron and language: five doubles, three extremes, two counts."""
_WIDE, _NARROW = 5, 8
"""Of an FFN's width and of the model's, how many tensors a block holds at once: activation functions make copies."""
_SLACK = 1.25
"""An allocator keeps more than is asked of it; measured with `python -m tests.benchmarks.estimates`."""
_LIBRARIES = 120_000_000
"""What libraries take in the process once they write tables; none of it is on a GPU."""


def working_memory(
    config: RunConfig,
    run: RunShape,
    loaded: LoadedModel,
    lengths: Sequence[int],
    answered: bool,
) -> int:
    """Bytes beside the weights. lengths: tokens of every prompt; answered: whether there are answers to ask for."""
    forward = _forward(loaded, _tokens(config, run, lengths))
    if answered:
        followed = [each + config.max_new_tokens for each in lengths]
        tokens = _tokens(config, run, followed)
        cache = tokens * cache_a_token(loaded)
        rows = tokens * len(followed) // max(1, sum(followed))
        forward = cache + max(forward, cache + _logits(loaded, rows))
    libraries = _LIBRARIES if loaded.device == "cpu" else 0
    return int(_SLACK * (forward + _held(config, run, loaded))) + libraries


def _tokens(config: RunConfig, run: RunShape, lengths: Sequence[int]) -> int:
    """Most tokens of one pass: what the budget allows and a part has; a longer prompt goes alone."""
    together = sum(sorted(lengths)[-config.examples_at_once * run.n_languages :])
    return max(max(lengths, default=0), min(config.batch_tokens, together))


def _forward(loaded: LoadedModel, tokens: int) -> int:
    """One block's tensors; the blocks before it have left their output only."""
    widest = max(each.n_neurons for each in loaded.layers)
    return tokens * (_WIDE * widest + _NARROW * _hidden(loaded)) * loaded.torch_dtype.itemsize


def cache_a_token(loaded: LoadedModel) -> int:
    """Keys and values of one token in every layer that has them; of a configuration with other words, the most they can be."""
    shape = loaded.model.config.get_text_config()
    queries = getattr(shape, "num_attention_heads", None) or 1
    heads = getattr(shape, "num_key_value_heads", None) or queries
    width = getattr(shape, "head_dim", None) or _hidden(loaded) // queries
    layers = len({each.layer for each in loaded.layers if each.stack == "decoder"})
    return int(2 * layers * heads * width * loaded.torch_dtype.itemsize)


def _hidden(loaded: LoadedModel) -> int:
    return int(loaded.model.get_input_embeddings().weight.shape[1])


def _logits(loaded: LoadedModel, rows: int) -> int:
    """Of the candidates that are scored together, and once more while they are summed."""
    words = loaded.model.get_output_embeddings().weight.shape[0]
    return int(2 * 4 * min(LOGITS_AT_ONCE, rows * words))


def _held(config: RunConfig, run: RunShape, loaded: LoadedModel) -> int:
    """A part's activations, their sums over a batch, and one layer's scores while they are summed."""
    rows = min(config.examples_at_once, run.n_examples) * run.n_languages
    gated = sum(each.layer.n_neurons for each in loaded.ffns if each.gated)
    held = (run.n_neurons + gated) * loaded.torch_dtype.itemsize
    held += run.n_neurons * 4 * config.every_token
    sums = run.n_neurons * run.n_languages * 4 * config.every_token
    if run.scored:
        widest = max(each.n_neurons for each in loaded.layers)
        sums += rows * widest * (5 * 8 + 3 * 4) * 2
        sums += run.n_neurons * run.n_languages * _BYTES_A_SUM * run.neuron_scores
    return rows * held + sums
