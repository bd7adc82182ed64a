"""Histograms of activations against NumPy's of plain PyTorch activations, one prompt at a time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.measures.density import AT_MOST, BINS, bins_of, has_density, n_counts
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results
from neurontui.store.admin.merge_files import combine
from neurontui.store.journal.manifest import Layer
from tests.compute.measures.test_token_values import config_of, plain_of
from tests.compute.tiny import LANGUAGES, PROMPTS, load_tiny
from tests.queries import raw_run

CONFIG = RunConfig(model="m", task="t", out=Path("r.duckdb"))
N_EXAMPLES = 5
CLOSE = 3e-5


def test_bins_are_the_powers_of_two_around_zero() -> None:
    smallest, edges = 2.0**-9, [2.0**k for k in range(-9, 6)]
    values = [0.0, -0.0, 1e-45, smallest / 2, *edges, 1e30, *(np.nextafter(np.float32(edge), 0) for edge in edges)]
    expected = [15, 15, 16, 16, *range(17, 32), 31, *range(16, 31)]
    assert bins_of(torch.tensor(values)).tolist() == expected
    negative = [31 - number for number in expected[2:]]
    assert bins_of(-torch.tensor(values[2:])).tolist() == negative
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        drawn = torch.randn(1000).to(dtype) * 4
        drawn = drawn[drawn.abs().double().log2().frac() != 0]  # NumPy's bins contain the other end
        assert bins_of(drawn).tolist() == raw_run.bins_of(drawn.double().numpy()).tolist()


def expected_bins(architecture: str, *, product: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """(layers, P, d, BINS) counts at the last token, and (layers, P, d): values whose bin rounding may change."""
    layers = load_tiny(architecture).layers
    counts = np.zeros((len(layers), len(LANGUAGES), max(layer.n_neurons for layer in layers), BINS), int)
    close = np.zeros(counts.shape[:3], int)
    for bit, code in enumerate(LANGUAGES):
        for i in range(N_EXAMPLES):
            plain = plain_of(architecture, PROMPTS[code][i % 3] + " x" * (i // 3))
            for at, values in enumerate(plain.products if product else plain.activations):
                last = np.asarray(values[-1])
                counts[at, bit, range(len(last)), raw_run.bins_of(last)] += 1
                moved = raw_run.bins_of(last - CLOSE) != raw_run.bins_of(last + CLOSE)
                close[at, bit, : len(last)] += moved & (last != 0)
    return counts, close


@pytest.mark.parametrize(
    ("architecture", "product"),
    [("bloom", False), ("llama", False), ("llama", True), ("opt", False), ("mt5", False), ("gpt2", False)],
)
def test_a_run_counts_the_activations_of_the_equations(architecture: str, product: bool, tmp_path: Path) -> None:
    """Over batches of two examples, which are measured one at a time."""
    config = config_of(
        tmp_path, architecture, N_EXAMPLES, batch_examples=2, examples_at_once=1, measures=("types",),
        activation="product" if product else "gate",
    )  # fmt: skip
    run(config, NullProgress())
    expected, close = expected_bins(architecture, product=product)
    counted = np.zeros_like(expected)
    with open_results(config.out) as results:
        for row in results.sql("FROM neuron_density").to_pylist():
            counted[row["layer"], LANGUAGES.index(row["language"]), row["neuron"], row["bin"]] += row["n"]
    assert close.mean() < 0.05
    assert (np.abs(counted - expected).sum(-1) <= 2 * close).all()
    n_neurons = sum(layer.n_neurons for layer in load_tiny(architecture).layers)
    assert counted.sum() == N_EXAMPLES * len(LANGUAGES) * n_neurons


def test_counts_agree_with_the_masks_and_survive_combining(tmp_path: Path) -> None:
    config = config_of(tmp_path, "gpt2", N_EXAMPLES, measures=("types",))
    run(config, NullProgress())
    combine([config.out], tmp_path / "combined.duckdb")
    for path in (config.out, tmp_path / "combined.duckdb"):
        assert duckdb.connect(str(path)).execute(_AGAINST_MASKS).fetchall() == []


_AGAINST_MASKS = """
    SELECT layer, neuron, language FROM (
        SELECT layer, neuron, language, coalesce(sum(n) FILTER (bin >= 16), 0) AS positive
        FROM neuron_density GROUP BY ALL
    ) JOIN (
        SELECT layer, neuron, language, count_if(mask >> bit & 1 = 1) AS active
        FROM activations JOIN run_languages USING (run) GROUP BY ALL
    ) USING (layer, neuron, language) WHERE positive <> active
    UNION ALL SELECT NULL, NULL, NULL WHERE (SELECT count(*) FROM neuron_density) = 0"""


def test_large_runs_do_not_count_unless_asked() -> None:
    fitting = AT_MOST // BINS // 4
    layers = [[Layer(0, "decoder", 0, n)] for n in (fitting, fitting + 1)]
    assert [has_density(CONFIG, one, 4) for one in layers] == [True, False]
    asked = [has_density(replace(CONFIG, density=yes), layers[yes], 4) for yes in (True, False)]
    assert asked == [True, False]


def test_a_dry_run_names_the_size_and_the_option(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    [line] = [line for line in preview(config).splitlines() if line.startswith("density")]
    assert f"up to {n_counts(load_tiny('gpt2').layers, 4):,} counts (--no-density)" in line
    [line] = [line for line in preview(replace(config, density=False)).splitlines() if line.startswith("density")]
    assert line.startswith("density    not counted")


def test_a_run_without_them_is_another_run(tmp_path: Path) -> None:
    """Otherwise a run that was interrupted could be resumed with them, and would count some of its examples."""
    config = config_of(tmp_path, density=False)
    run(config, NullProgress())
    with open_results(config.out) as results:
        assert results.sql("FROM neuron_density").num_rows == 0
        assert results.query("neuron-density", layer=0, neuron=0).num_rows == 0
    assert run(replace(config, density=None), NullProgress()).measured
