"""Demonstrations from a task file: its last examples, with their answers, before each prompt of the others."""

from dataclasses import replace

from neurontui.compute.tasks.example import Example, TaskData
from neurontui.compute.tasks.text import counted, shown
from neurontui.store.errors import InputError


def with_demonstrations(data: TaskData, n: int) -> TaskData:
    """Put the last `n` examples before each prompt of the others, and leave out these and all of their clusters.

    A demonstration is a prompt, its answer in the same language and an empty line. Raises InputError if one of the
    last examples lacks an answer, or if no other example is left.
    """
    if n == 0:
        return data
    shots = data.examples[-n:]
    clusters = {shot.cluster for shot in shots}
    rest = [example for example in data.examples if example.cluster not in clusters]
    if not rest:
        raise InputError(
            f"{shown(data.task)} has {counted(len(data.examples), 'example')}, and --shots {n} leaves none to measure; "
            "use fewer, or a larger file."
        )
    openings = {code: "".join(_demonstration(shot, code) for shot in shots) for code in data.languages}
    note = (
        f"Demonstrations before each prompt: {n}, the last examples of the file. They and the other examples of their "
        f"clusters ({len(data.examples) - len(rest) - n}) are not measured."
    )
    examples = tuple(_after(openings, example) for example in rest)
    return replace(data, n_shots=n, examples=examples, notes=(*data.notes, note))


def _demonstration(shot: Example, code: str) -> str:
    if code not in shot.answers:
        raise InputError(
            f"Example {shown(shot.id)} has no answer in {shown(code)}, and --shots uses the last examples of a task "
            "file as demonstrations."
        )
    return f"{shot.prompts[code]}{shot.joiner(code)}{shot.answers[code]}\n\n"


def _after(openings: dict[str, str], example: Example) -> Example:
    return replace(example, prompts={code: openings[code] + prompt for code, prompt in example.prompts.items()})
