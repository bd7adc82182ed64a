"""A run stores the rank, the candidates and the log-probability of every answer, and the query counts them."""

import json
from pathlib import Path

import pytest

from neurontui.compute.answers.answer_tokens import Continuation, continuations
from neurontui.compute.config import RunConfig
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results
from tests.compute.answers import plain
from tests.compute.answers.test_candidates import ANSWERS, open_questions, plain_rank
from tests.compute.tiny import save_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_ranks_of_a_run(tmp_path: Path) -> None:
    task, out = tmp_path / "open.jsonl", tmp_path / "results.duckdb"
    examples = open_questions().examples
    lines = [{"id": e.id, "prompts": dict(e.prompts), "answers": dict(e.answers)} for e in examples]
    task.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    model = str(save_tiny("llama", tmp_path / "llama"))
    run(RunConfig(model=model, task=str(task), out=out, device="cpu", measures=("types",), batch_examples=4,
                  max_new_tokens=2), NullProgress())  # fmt: skip
    loaded = load_model(ModelOptions(model, device="cpu"))
    with open_results(out) as results:
        stored = results.sql("SELECT example, language, rank, n_candidates, answer_logprob FROM examples").to_pylist()
        accuracy = {row["language"]: row for row in results.query("accuracy").to_pylist()}
        languages = results.sql(
            "SELECT DISTINCT language, answer_language, detected_language FROM examples WHERE answer = '巴黎的北方' "
            "OR answer = 'Paris' ORDER BY language"
        ).to_pylist()
        outputs = results.query("output-language").to_pylist()
    assert [tuple(row.values()) for row in languages] == [("en", "en", "und"), ("zh", "zh", "zh")]
    assert [(row["language"], row["expected"], row["n"]) for row in outputs] == [("en", "en", 9), ("zh", "zh", 9)]
    assert len(stored) == 18
    for row in stored:
        code, example = row["language"], examples[row["example"]]
        prompt, answer = example.prompts[code], example.answers[code]
        expected = plain_rank(loaded, prompt, example.joiner(code), answer, ANSWERS[code], by_first=True)
        assert (row["rank"], row["n_candidates"]) == expected
        (ids,) = continuations(loaded, [Continuation(prompt, example.joiner(code), answer)])
        assert row["answer_logprob"] == pytest.approx(plain.log_probability(loaded, prompt, ids), abs=2e-4)
    for code, n_candidates in (("en", 8), ("zh", 9)):
        ranks = [row["rank"] for row in stored if row["language"] == code]
        assert accuracy[code]["first"] == pytest.approx(100 * ranks.count(1) / 9)
        assert accuracy[code]["first_chance"] == pytest.approx(100 / n_candidates)
        assert accuracy[code]["reciprocal"] == pytest.approx(sum(1 / rank for rank in ranks) / 9)
