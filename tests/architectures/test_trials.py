"""Forty architectures, at least one of every layout of an FFN, from their folder to the comparison with plain PyTorch.

`make models` does the same for all architectures. Those that take seconds run with `make faults`.
"""

from pathlib import Path

import pytest

from tests.architectures.names import Architecture
from tests.architectures.trial import MEASURED, REFUSED, WITHOUT_GENERATION, try_architecture

MEASURED_NAMES = (
    "aria_text", "apertus", "bert", "bitnet", "bloom", "cohere2_moe", "deepseek_v2", "deepseek_v3", "dots1",
    "ernie4_5_moe", "exaone_moe", "falcon", "gemma2", "gemma3n_text", "gemma4_text", "glm4_moe", "gpt2", "gpt_oss",
    "granitemoe", "laguna", "llama", "mellum", "mixtral", "olmoe", "opt", "phimoe", "qwen2_moe", "qwen3_moe",
    "xlm-roberta",
)  # fmt: skip
SEQ2SEQ_NAMES = ("bart", "mt5")
WITHOUT_GENERATION_NAMES = (
    "hy_v4",
    "jamba",
    "lfm2",
    "lfm2_moe",
    "llama4_text",
    "nemotron_h",
    "openai-gpt",
)
REFUSALS = {
    "granitemoeshared": "4 were found in 2 blocks, some beside experts",
    "mamba": "its blocks have one part with matrices, MambaMixer",
    "minimax_m3_vl_text": "neurons of other kinds",
    "musicgen": "of its parts text_encoder, audio_encoder, decoder",
    "reformer": "randomly hashed tokens",
    "xmod": "4 were found in 2 blocks",
    "zamba2": "Zamba2MLP",
    "prophetnet": "it adds positions of its own",
}


@pytest.mark.parametrize("name", MEASURED_NAMES)
def test_an_architecture_is_measured_as_plain_pytorch_computes_it(name: str, tmp_path: Path) -> None:
    outcome = try_architecture(Architecture(name, "causal"), tmp_path)
    assert outcome.group == MEASURED, outcome.reason


@pytest.mark.parametrize("name", SEQ2SEQ_NAMES)
def test_an_encoder_decoder_is_measured_as_plain_pytorch_computes_it(name: str, tmp_path: Path) -> None:
    outcome = try_architecture(Architecture(name, "seq2seq"), tmp_path)
    assert outcome.group == MEASURED, outcome.reason


@pytest.mark.parametrize("name", [*WITHOUT_GENERATION_NAMES, pytest.param("qwen3_next", marks=pytest.mark.faults)])
def test_an_architecture_without_a_cache_of_keys_and_values_is_measured_without_answers(
    name: str, tmp_path: Path
) -> None:
    outcome = try_architecture(Architecture(name, "causal"), tmp_path)
    assert outcome.group == WITHOUT_GENERATION, outcome.reason


@pytest.mark.parametrize("name", REFUSALS)
def test_an_architecture_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    outcome = try_architecture(Architecture(name, "causal"), tmp_path)
    assert outcome.group == REFUSED
    assert REFUSALS[name] in outcome.reason
