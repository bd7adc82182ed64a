"""A circuit that alone carries one language's answers: the largest gradients of that language are its neurons."""

from dataclasses import dataclass

import pytest
import torch

from neurontui.compute.answers.targets import Target, Targets
from neurontui.compute.batch import Batch
from neurontui.compute.measures.gradient_sums import GradientSums
from neurontui.compute.measures.gradients import GradientOptions, gradients
from neurontui.compute.measures.truth import Truth, TruthOptions
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode
from neurontui.compute.tasks.example import Example
from tests.compute.tiny import save_tiny

WIDTH, N_NEURONS, SIZE, N_EXAMPLES = 64, 96, 12, 6
LANGUAGES = ("aa", "bb")


@dataclass(frozen=True)
class Planted:
    """A model, its circuit for the first language as (layer, neuron), and its prompts with answers."""

    loaded: LoadedModel
    circuit: set[tuple[int, int]]
    batch: Batch
    targets: Targets


@pytest.fixture(scope="module", params=[0, 1, 2])
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """A random LLaMA whose circuit reads one direction, that of the first language, and writes the answer's embedding.

    The other neurons are as large, but what they write is random.
    """
    folder = tmp_path_factory.mktemp(f"planted{request.param}") / "llama"
    sizes = {"hidden_size": WIDTH, "intermediate_size": N_NEURONS, "num_hidden_layers": 3, "mlp_bias": False}
    save_tiny("llama", folder, seed=request.param, attention_bias=False, tie_word_embeddings=False, **sizes)
    loaded = load_model(ModelOptions(str(folder), device="cpu"))
    examples = tuple(
        Example(f"e{i}", f"c{i}", {"aa": f"{i} the capital of France is Q", "bb": f"{i} die Hauptstadt von China Z"})
        for i in range(N_EXAMPLES)
    )
    batch = Batch(0, tuple(range(N_EXAMPLES)), tuple(range(N_EXAMPLES)), examples, LANGUAGES)
    last = [encode(loaded, [examples[0].prompts[code]])[0].ids[-1] for code in LANGUAGES]
    assert last[0] != last[1]
    answer = Target((40, 41), 0, 0, (), ())
    generator = torch.Generator().manual_seed(request.param)
    circuit = set()
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.fill_(1)
        model = loaded.model.model
        model.embed_tokens.weight *= 3
        reads = torch.nn.functional.normalize(model.embed_tokens.weight[last[0]], dim=0)
        for layer, block in enumerate(model.layers):
            block.self_attn.o_proj.weight *= 0.1
            block.mlp.down_proj.weight *= 0.05
            for neuron in torch.randperm(N_NEURONS, generator=generator)[:SIZE].tolist():
                circuit.add((layer, neuron))
                block.mlp.gate_proj.weight[neuron] = reads * (1 + neuron / N_NEURONS)
                block.mlp.up_proj.weight[neuron] = reads
                block.mlp.down_proj.weight[:, neuron] = 0.001 * loaded.model.lm_head.weight[40]
    return Planted(loaded, circuit, batch, Targets((answer,) * (2 * N_EXAMPLES)))


def mean_gradients(planted: Planted) -> torch.Tensor:
    """(2, layers, d_m) by language."""
    sums = GradientSums(LANGUAGES, planted.loaded.layers)
    gradients(planted.loaded, planted.batch, planted.targets, GradientOptions(), sums.add)
    table = sums.tables()["neuron_gradients"]
    values = torch.tensor(table["g_sum"].to_pylist()) / torch.tensor(table["n"].to_pylist())
    return values.view(3, 2, N_NEURONS).transpose(0, 1)


def test_gradients_find_the_circuit_in_its_language(planted: Planted) -> None:
    of_language = mean_gradients(planted)
    largest = of_language[0].flatten().abs().topk(len(planted.circuit)).indices.tolist()
    recall = sum(divmod(place, N_NEURONS) in planted.circuit for place in largest) / len(planted.circuit)
    assert recall >= 0.95
    elsewhere = of_language[1].flatten().abs().topk(len(planted.circuit)).indices.tolist()
    chance = sum(divmod(place, N_NEURONS) in planted.circuit for place in elsewhere) / len(planted.circuit)
    assert chance < 0.5


def test_exact_effects_agree_with_the_gradients_of_the_circuit(planted: Planted) -> None:
    truth = Truth(planted.loaded, TruthOptions(neurons=N_NEURONS, examples=2))
    found = {}
    part = planted.batch.only(range(2))
    targets = Targets(planted.targets.rows[:4])
    gradients(planted.loaded, part, targets, GradientOptions(), lambda g: found.update(
        {row: [layer[at] for layer in g.layers] for at, row in enumerate(g.rows)}
    ))  # fmt: skip
    table = truth.table(part, capture(planted.loaded, part, CaptureOptions()), targets, found)["neuron_effects"]
    rows = [row for row in table.to_pylist() if row["language"] == "aa"]
    own = [row for row in rows if (row["layer"], row["neuron"]) in planted.circuit]
    others = [row for row in rows if (row["layer"], row["neuron"]) not in planted.circuit]
    assert len(own) == 2 * len(planted.circuit)
    assert sum(row["effect"] for row in own) > 10 * abs(sum(row["effect"] for row in others))
    assert min(row["effect"] for row in own) > 2 * sum(abs(row["effect"]) for row in others) / len(others)
    both = torch.tensor([[row["gradient"], row["effect"]] for row in rows], dtype=torch.float64).T
    assert torch.corrcoef(both)[0, 1] > 0.9
