"""A model that was never trained, really run on two tasks: nothing is claimed of it."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.demo.recipe.export import export
from neurontui.compute.demo.recipe.model import new_model
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results


@pytest.mark.faults
def test_nothing_is_claimed_of_an_untrained_model(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(DEMO_MODEL, local_files_only=True)
    export(new_model("bloom", tokenizer, 0), tokenizer, tmp_path / "untrained")
    for task in ("fact", "xnli"):
        config = RunConfig(
            model=str(tmp_path / "untrained"), task=str(demo_task(task)), out=tmp_path / "results.duckdb", limit=12,
            languages=("en", "de", "ru", "th", "zh"), measures=("types", "attribution", "ablation"),
            ablation_examples=4, ablation_fractions=(0.25,), ablation_seeds=1,
            ablation_doses=(0.05,), max_new_tokens=3, batch_tokens=1024, device="cpu",
        )  # fmt: skip
        run(config, NullProgress())

    with open_results(config.out) as results:
        claims = results.query("claims", run=2).to_pylist()

    assert {row["verdict"] for row in claims} == {"undecided"}
    lacking = {row["claim"] for row in claims if row["estimate"] is None}
    assert lacking == {"encoder-shares-more", "random-harmless"}, "no encoder, and nothing to lose"
    assert all("that of a constant answer" in row["finding"] for row in claims)
