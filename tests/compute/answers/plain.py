"""The slow, obvious way to every answer: one row at a time, no cache, no padding."""

import torch

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode


def next_logits(loaded: LoadedModel, prompt: str, said: tuple[int, ...]) -> torch.Tensor:
    """Logits (len(said) + 1, V) behind the prompt and behind each token said since."""
    ids = torch.tensor([encode(loaded, [prompt])[0].ids])
    with torch.inference_mode():
        if loaded.encoder_decoder:
            start = torch.tensor([loaded.opening])
            behind = torch.cat([start, torch.tensor([said], dtype=torch.long)], dim=1)
            return loaded.model(input_ids=ids, decoder_input_ids=behind, use_cache=False).logits[0]
        whole = torch.cat([ids, torch.tensor([said], dtype=torch.long)], dim=1)
        return loaded.model(input_ids=whole, use_cache=False).logits[0, ids.shape[1] - 1 :]


def log_probability(loaded: LoadedModel, prompt: str, text: tuple[int, ...]) -> float:
    """Natural log-probability of a token sequence behind a prompt."""
    spoken = next_logits(loaded, prompt, text).double().log_softmax(-1)
    return sum(float(spoken[i, token]) for i, token in enumerate(text))


def greedy(loaded: LoadedModel, prompt: str, n: int, eos: int) -> list[int]:
    """The likeliest next token, n times, or until end of text."""
    said: list[int] = []
    while len(said) < n and eos not in said:
        said.append(int(next_logits(loaded, prompt, tuple(said))[-1].argmax()))
    return said
