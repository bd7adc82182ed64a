"""A made-up model with a planted circuit: for each language a few neurons that alone carry its answers.

Without attention, the last word of a prompt ("de3") decides everything. Its embedding has a dimension for the
language, one for the subject and some of its own. Circuit neuron (language, subject) is gated by the language's
dimension and weighted by the subject's, so it is active for every prompt of the language, writes only for its
subject, and writes what only the right answer ("ansde3") is read from. All other neurons are random, active in any
language, and write where nothing is read.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

LANGUAGES = ("en", "de", "fr", "tr")
N_SUBJECTS = 10
N_NEURONS = 100
"""In each of the two layers."""
SHARE = N_SUBJECTS / (2 * N_NEURONS)
"""Of all neurons, those that carry a language."""
_SPECIAL = ("<unk>", "<pad>", "<s>", "</s>", "say")
_ASKED = [f"{code}{i}" for code in LANGUAGES for i in range(N_SUBJECTS)]
_WORDS = (*_SPECIAL, *_ASKED, *(f"ans{word}" for word in _ASKED))
_HIDDEN = 64
_LANGUAGE, _SUBJECT, _TO_LANGUAGE, _TO_SUBJECT, _OWN = 0, 4, 14, 18, 28
"""First dimensions: language and subject of the last word, the same of the answer, and what is random."""


def circuit(language: str) -> set[tuple[int, int]]:
    """The (layer, neuron) pairs that carry a language; layers alternate with the subject."""
    bit = LANGUAGES.index(language)
    return {(i % 2, 10 * bit + i) for i in range(N_SUBJECTS)}


def save_circuit(folder: Path, seed: int = 0) -> Path:
    """Write the model and its tokenizer."""
    generator = torch.Generator().manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(_WORDS), hidden_size=_HIDDEN, intermediate_size=N_NEURONS, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=64, pad_token_id=1, bos_token_id=2,
        eos_token_id=3, tie_word_embeddings=False,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(_embeddings(generator))
        model.lm_head.weight.copy_(_readout())
        for number, block in enumerate(model.model.layers):
            block.self_attn.o_proj.weight.zero_()
            _fill(block.mlp, number, generator)
    model.save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(_WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    return folder


def write_task(path: Path, copies: int = 1) -> Path:
    """Each subject in all languages, with its answers; copies of an example are one cluster."""
    lines = [
        {
            "id": f"s{i}-{copy}",
            "cluster": f"s{i}",
            "prompts": {code: "say " * (copy + 1) + f"{code}{i}" for code in LANGUAGES},
            "answers": {code: f"ans{code}{i}" for code in LANGUAGES},
        }
        for i in range(N_SUBJECTS)
        for copy in range(copies)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def _embeddings(generator: torch.Generator) -> torch.Tensor:
    weight = 0.3 * torch.randn(len(_WORDS), _HIDDEN, generator=generator)
    weight[:, :_OWN] = 0
    for place, word in enumerate(_ASKED, len(_SPECIAL)):
        weight[place, _LANGUAGE + LANGUAGES.index(word[:2])] = 1
        weight[place, _SUBJECT + int(word[2:])] = 1
    return weight


def _readout() -> torch.Tensor:
    weight = torch.zeros(len(_WORDS), _HIDDEN)
    for place, word in enumerate(_ASKED, len(_SPECIAL) + len(_ASKED)):
        weight[place, _TO_LANGUAGE + LANGUAGES.index(word[:2])] = 3
        weight[place, _TO_SUBJECT + int(word[2:])] = 3
    return weight


def _fill(mlp: torch.nn.Module, layer: int, generator: torch.Generator) -> None:
    """Random neurons that read and write their own dimensions, and among them the circuits."""
    own = _HIDDEN - _OWN
    for matrix in (mlp.gate_proj.weight, mlp.up_proj.weight):
        matrix.zero_()
        matrix[:, _OWN:] = own**-0.5 * torch.randn(N_NEURONS, own, generator=generator)
    down = mlp.down_proj.weight
    down.zero_()
    down[_OWN:] = 0.2 * torch.randn(own, N_NEURONS, generator=generator)
    for bit, code in enumerate(LANGUAGES):
        for _, neuron in sorted(pair for pair in circuit(code) if pair[0] == layer):
            subject = neuron - 10 * bit
            for matrix in (mlp.gate_proj.weight, mlp.up_proj.weight, down.T):
                matrix[neuron] = 0
            mlp.gate_proj.weight[neuron, _LANGUAGE + bit] = 2
            mlp.up_proj.weight[neuron, _SUBJECT + subject] = 1
            down[_TO_LANGUAGE + bit, neuron] = down[_TO_SUBJECT + subject, neuron] = 3
