"""From a made-up model whose answers in each language are carried by a few neurons to the matrix that shows them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import Results, open_results
from neurontui.store.errors import InputError
from tests.compute.ablation.selection.circuit import LANGUAGES, N_NEURONS, SHARE, save_circuit, write_task


def config(folder: Path, **changes: Any) -> RunConfig:
    options: dict[str, Any] = {
        "model": str(save_circuit(folder / "model")), "task": str(write_task(folder / "task.jsonl", copies=2)),
        "out": folder / "results.duckdb", "device": "cpu", "languages": LANGUAGES, "measures": ("types", "ablation"),
        "ablation_sets": ("lape",), "ablation_set_share": SHARE, "ablation_fractions": (0.05,), "ablation_doses": (),
        "ablation_seeds": 1, "bos": "keep", "max_new_tokens": 1, "every_token": False,
    }  # fmt: skip
    return RunConfig(**{**options, **changes})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    asked = config(tmp_path_factory.mktemp("circuit"))
    run(asked, NullProgress())
    return open_results(asked.out)


def test_the_model_knows_its_answers(results: Results) -> None:
    rows = results.query("ablation-accuracy").to_pylist()
    assert {row["accuracy"] for row in rows if row["kind"] == "baseline"} == {100}


@pytest.mark.parametrize("measure", ["logprob", "generation"])
def test_the_matrix_has_its_diagonal_where_planted_and_is_flat_where_not(results: Results, measure: str) -> None:
    rows = results.query("off-target", measure=measure).to_pylist()
    assert len(rows) == len(LANGUAGES) * (len(LANGUAGES) + 1)
    unit = 1 if measure == "logprob" else 100
    for row in rows:
        assert row["percent"] == row["control_percent"] == pytest.approx(100 * SHARE)
        if row["part"] == "specificity" or row["set_language"] == row["language"]:
            assert row["difference"] < -0.9 * unit
            assert row["high"] < 0
            assert row["p_holm"] < 0.001
        else:
            assert abs(row["change"]) < 0.01 * unit
            assert abs(row["difference"]) < 0.05 * unit
            assert row["p_holm"] > 0.05 or abs(row["difference"]) < 0.05


def test_a_run_says_how_its_sets_were_selected(results: Results) -> None:
    notes = " ".join(row["text"] for row in results.query("notes").to_pylist())
    assert "Neurons are selected for each language by lape" in notes
    assert "the set for the examples of one group is selected on the other four" in notes


def test_examples_of_one_cluster_are_refused(tmp_path: Path) -> None:
    path = write_task(tmp_path / "task.jsonl", copies=2)
    two = path.read_text().splitlines(keepends=True)[:2]
    refused = config(tmp_path)
    path.write_text("".join(two))
    with pytest.raises(InputError, match="of one cluster, so there are no others to select sets of neurons on"):
        run(refused, NullProgress())


def test_gradients_select_those_that_a_run_stores_and_types_can_be_left_out(tmp_path: Path) -> None:
    """The set of a language does the same as the neurons with the largest stored mean, given as a file."""
    asked = config(tmp_path, ablation_types=("none",), measures=("types", "gradient"), ablation_sets=None)
    run(asked, NullProgress())
    with open_results(asked.out) as stored:
        strongest = stored.sql(
            "SELECT layer, neuron FROM neuron_gradients WHERE language = 'de' AND g_sum > 0 "
            f"ORDER BY g_sum / n DESC LIMIT {round(SHARE * 2 * N_NEURONS)}"
        ).to_pylist()
    csv = tmp_path / "de.csv"
    csv.write_text("layer,neuron\n" + "".join(f"{row['layer']},{row['neuron']}\n" for row in strongest))
    compared = replace(
        asked, measures=("types", "ablation"), ablation_sets=("gradient",), ablation_sets_in_sample=True, ablate=csv
    )
    run(compared, NullProgress())
    with open_results(asked.out) as results:
        kinds = results.sql("SELECT DISTINCT kind FROM conditions WHERE run = 2 ORDER BY kind").to_pylist()
        rows = results.sql(
            "SELECT kind, set_language, list(answer_logprob ORDER BY example, language) AS logprobs "
            "FROM ablation_examples JOIN conditions USING (run, condition) WHERE run = 2 GROUP BY ALL"
        ).to_pylist()
    assert [row["kind"] for row in kinds] == ["baseline", "matched", "random", "selected", "user"]
    effects = {(row["kind"], row["set_language"]): row["logprobs"] for row in rows}
    assert effects["selected", "de"] == pytest.approx(effects["user", None], abs=1e-6)
    assert effects["selected", "fr"] != pytest.approx(effects["user", None], abs=1e-3)
