"""A digest of the examples of a task: equal for two runs over the same examples."""

import hashlib
import json
from collections.abc import Sequence

from neurontui.compute.tasks.example import Example, TaskData


def digest(data: TaskData) -> str:
    """SHA-256, in hexadecimal, over languages, prompts, answers, choices, ids and clusters in order.

    Notes and the name of the task are not included, because they do not affect the numbers.
    """
    sha = hashlib.sha256(_line(data.languages))
    for example in data.examples:
        sha.update(_line(_fields(example, data.languages)))
    return sha.hexdigest()


def spans_digest(data: TaskData) -> str:
    """SHA-256, in hexadecimal, over the subjects of the prompts; only a run that measures there depends on them."""
    sha = hashlib.sha256()
    for example in data.examples:
        sha.update(_line([example.spans.get(code) for code in data.languages]))
    return sha.hexdigest()


def _fields(example: Example, languages: Sequence[str]) -> list[object]:
    return [
        example.id,
        example.cluster,
        example.answer_language,
        [[example.prompts[code], example.answers.get(code), example.choices.get(code)] for code in languages],
    ]


def _line(value: object) -> bytes:
    # ASCII escapes keep every string encodable, and a line feed cannot occur inside the JSON.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
