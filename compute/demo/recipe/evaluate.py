"""Evaluate a model on the demo's tasks: greedy answers, exact match after normalization.

`python -m neurontui.compute.demo.recipe.evaluate` prints a Markdown table with one row per task; `--into
MODEL.md` inserts it there. Weights are loaded as float32, as the demo loads them.
"""

import argparse
import json
import unicodedata
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
)

from neurontui.compute.demo import DEMO_MODEL, LANGUAGES, TASKS, demo_task


def load(folder: Path) -> tuple[PreTrainedModel, Any]:
    """Model in float32, ready to answer, and its tokenizer; nothing is downloaded."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model: PreTrainedModel = auto.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model.eval()  # type: ignore[no-untyped-call]
    return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)


def normalized(text: str) -> str:
    """Text without case, width variants, or punctuation around it."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded.strip().strip(".,;:!?。，'\"").strip()


@torch.inference_mode()
def answers(model: Any, tokenizer: Any, prompts: list[str], batch: int = 64) -> list[str]:
    """Greedy answers, in the order of the prompts."""
    texts = []
    for start in range(0, len(prompts), batch):
        inputs = tokenizer(prompts[start : start + batch], return_tensors="pt", padding=True)
        inputs.pop("token_type_ids", None)
        output = model.generate(**inputs, do_sample=False, max_new_tokens=12)
        if not model.config.is_encoder_decoder:
            output = output[:, inputs["input_ids"].shape[1] :]
        texts += tokenizer.batch_decode(output, skip_special_tokens=True)
    return texts


def accuracies(model: Any, tokenizer: Any, examples: list[dict[str, Any]]) -> dict[str, float]:
    """Share of right answers, by language."""
    shares = {}
    for language in LANGUAGES:
        given = answers(model, tokenizer, [example["prompts"][language] for example in examples])
        expected = [example["answers"][language] for example in examples]
        pairs = zip(given, expected, strict=True)
        right = sum(normalized(answer) == normalized(right_answer) for answer, right_answer in pairs)
        shares[language] = right / len(examples)
    return shares


def read_examples(path: Path) -> list[dict[str, Any]]:
    """The examples of a task file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def row(name: str, shares: dict[str, float]) -> str:
    """A Markdown table row: percent by language, then the lowest."""
    values = [*shares.values(), min(shares.values())]
    return " | ".join(["", name, *(f"{100 * value:.1f}" for value in values), ""]).strip()


def table(model: Any, tokenizer: Any, tasks: tuple[str, ...], examples: int | None = None) -> str:
    """Markdown table of accuracies in percent, over the first examples of each task or all examples."""
    heading = "| task | " + " | ".join(LANGUAGES) + " | lowest |"
    rule = "|---|" + "---:|" * (len(LANGUAGES) + 1)
    rows = (row(name, accuracies(model, tokenizer, read_examples(demo_task(name))[:examples])) for name in tasks)
    return "\n".join((heading, rule, *rows))


def put_table(card: str, name: str, measured: str) -> str:
    """The card with the table inserted at the marker of that model."""
    begin, end = f"<!-- measured: {name} -->", "<!-- end -->"
    before, rest = card.split(begin)
    return f"{before}{begin}\n{measured}\n{end}{rest.split(end, 1)[1]}"


def main() -> None:
    """Measure one model folder."""
    parser = argparse.ArgumentParser(prog="python -m neurontui.compute.demo.recipe.evaluate")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--examples", type=int, help="the first of each task, instead of all")
    parser.add_argument("--into", type=Path, help="a model card to put the table into")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    measured = table(*load(options.model), tuple(options.tasks), options.examples)
    print(measured)
    if options.into:
        card = options.into.read_text("utf-8")
        options.into.write_text(put_table(card, options.model.name, measured), "utf-8")


if __name__ == "__main__":
    main()
