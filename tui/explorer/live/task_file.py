"""The questions of a session as a task file."""

import json
from collections.abc import Iterable, Mapping

from neurontui.compute.live.messages import Ask

Answers = Mapping[str, Mapping[str, str]]
"""By language, the expected answer to each stored prompt."""


def task_lines(questions: Iterable[Ask], answers: Answers) -> bytes:
    """JSON Lines: one example for each different set of prompts, with the answers of prompts that were not edited."""
    different = list(dict.fromkeys(question.prompts for question in questions))
    return b"".join(_line(number, prompts, answers) for number, prompts in enumerate(different, start=1))


def _line(number: int, prompts: tuple[tuple[str, str], ...], answers: Answers) -> bytes:
    expected = {
        language: answer
        for language, prompt in prompts
        if (answer := answers.get(language, {}).get(prompt)) is not None
    }
    example = {"id": f"live-{number}", "prompts": dict(prompts), **({"answers": expected} if expected else {})}
    return (json.dumps(example, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def languages_differ(questions: Iterable[Ask]) -> bool:
    """Whether a reader of the file has to choose languages."""
    return len({frozenset(language for language, _ in question.prompts) for question in questions}) > 1
