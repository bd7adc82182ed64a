"""No part of a measurement mixes devices: on one GPU, on two, and with weights in main memory. GPUs are pretended."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neurontui.compute.ablation.survey import survey
from neurontui.compute.measures import answer_direction
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from tests.compute.pretended_gpus import OnGPU, move, on_gpu, pretended_gpus
from tests.gpu.corpus import sums_of
from tests.gpu.live import difference, question, session_of
from tests.gpu.measures import config_of, measured
from tests.gpu.models import batch, load, save_model

OPTIONS: dict[str, Any] = {"ablation_fractions": (0.25,), "ablation_doses": (), "max_new_tokens": 2}
SCORES: dict[str, Any] = {"measures": ("types", "attribution")}


def test_pretended_gpus_refuse_what_cuda_refuses() -> None:
    with pretended_gpus():
        here, there = on_gpu(torch.ones(3), "cuda:0"), on_gpu(torch.ones(3), "cuda:1")
        assert (here + here).is_cuda
        assert (here.cpu() + 1).tolist() == [2, 2, 2]
        assert torch.tensor([1, 2], device="cuda:1").device == torch.device("cuda:1")
        assert there[torch.tensor([0, 1])].device == torch.device("cuda:1")
        for mixed in (lambda: here + there, lambda: here * torch.ones(3), lambda: torch.ones(3)[here.long()]):
            with pytest.raises(RuntimeError, match="same device"):
                mixed()
        with pytest.raises(RuntimeError):
            here.numpy()


def _tables(folder: Path, n_gpus: int, **options: Any) -> Any:
    loaded = load(folder, "cpu")
    if n_gpus == 0:
        return measured(loaded, config_of(**OPTIONS, **options), batch())[0]
    with pretended_gpus():
        return measured(move(loaded, n_gpus), config_of(**OPTIONS, **options), batch())[0]


@pytest.mark.parametrize(
    ("architecture", "n_gpus", "options"),
    [
        ("bloom", 1, SCORES),
        ("mixtral", 1, SCORES),
        ("mt5", 2, SCORES),
        ("llama", 2, {"final_norm": True}),
        ("olmo2", 2, SCORES),
    ],
)
def test_every_table_is_that_of_the_cpu(
    architecture: str, n_gpus: int, options: dict[str, Any], tmp_path: Path
) -> None:
    folder = save_model(architecture, "tiny", tmp_path / architecture)
    reference = _tables(folder, 0, **options)
    ours = _tables(folder, n_gpus, **options)
    assert ours.keys() == reference.keys()
    assert all(ours[name].equals(reference[name]) for name in reference)


def test_weights_in_main_memory_are_scored_on_the_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_model("llama", "tiny", tmp_path / "llama")
    reference = _tables(folder, 0)
    vectors, weight = FFN.value_vectors, answer_direction.embedding_weight
    monkeypatch.setattr(FFN, "value_vectors", lambda ffn: vectors(ffn).cpu())
    monkeypatch.setattr(answer_direction, "embedding_weight", lambda *which: weight(*which).cpu())
    ours = _tables(folder, 1)
    assert all(ours[name].equals(reference[name]) for name in reference)


@pytest.mark.parametrize("architecture", ["bloom", "mixtral"])
def test_means_and_vocabulary_are_those_of_the_cpu(architecture: str, tmp_path: Path) -> None:
    folder = save_model(architecture, "tiny", tmp_path / architecture)
    pairs = [(0, 1), (1, 2)]
    # Experts take no mean, see `require_model`.
    config = config_of(measures=("types", "ablation"), ablation_value=("0" if architecture == "mixtral" else "mean",))
    loaded = load(folder, "cpu")
    reference = survey(config, loaded, batch()), vocabulary_tables(loaded, pairs)
    with pretended_gpus():
        loaded = move(loaded, 2)
        ours = survey(config, loaded, batch()), vocabulary_tables(loaded, pairs)
    assert ours[1]["neuron_vocabulary"].equals(reference[1]["neuron_vocabulary"])
    weights = [
        (surveyed.weights.n, surveyed.weights.sums, surveyed.weights.squares) for surveyed in (ours[0], reference[0])
    ]
    assert bool(weights[0][1]) == (architecture == "bloom")
    for a, b in zip(ours[0].counts, reference[0].counts, strict=True):
        assert not isinstance(a, OnGPU)
        assert torch.equal(a, b)
    for part, expected in zip(*weights, strict=True):
        for name, a in part.items():
            assert not isinstance(a, OnGPU)
            assert torch.equal(a, expected[name])


def test_experts_stay_on_their_device(tmp_path: Path) -> None:
    loaded = load(save_model("mixtral", "tiny", tmp_path / "mixtral"), "cpu")
    with pretended_gpus():
        ffn = move(loaded, 2).ffns[1]
        assert isinstance(ffn, ExpertsFFN)
        values: Tensor = ffn.value_vectors()
    assert values.device == torch.device("cuda:1")


@pytest.mark.parametrize("n_gpus", [1, 2])
@pytest.mark.parametrize("architecture", ["bloom", "gemma3_text", "mixtral", "mt5"])
def test_a_live_prompt_is_answered_as_on_the_cpu(architecture: str, n_gpus: int, tmp_path: Path) -> None:
    folder = save_model(architecture, "tiny", tmp_path)
    expected = session_of(load(folder, "cpu")).ask(question())
    assert expected.n_changed > 1
    assert all(answer.after is not None for answer in expected.languages)

    with pretended_gpus():
        session = session_of(move(load(folder, "cpu"), n_gpus))
        answered = session.ask(question())

    assert session.loaded.device == "cuda:0"
    assert difference(answered, expected) < 1e-6
    assert answered.types == expected.types
    assert answered.n_changed == expected.n_changed


@pytest.mark.parametrize("n_gpus", [1, 2])
@pytest.mark.parametrize("architecture", ["bloom", "mixtral", "mt5"])
def test_the_sums_of_a_corpus_are_those_of_the_cpu(architecture: str, n_gpus: int, tmp_path: Path) -> None:
    folder = save_model(architecture, "tiny", tmp_path)
    expected = sums_of(load(folder, "cpu"), 4096)
    with pretended_gpus():
        sums = sums_of(move(load(folder, "cpu"), n_gpus), 4096)

    assert sums.n_tokens == expected.n_tokens > 0
    torch.testing.assert_close(sums.losses, expected.losses, rtol=1e-6, atol=0)
    for ours, theirs in zip(sums.neurons, expected.neurons, strict=True):
        assert not isinstance(ours, OnGPU)
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
