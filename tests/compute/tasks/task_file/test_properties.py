"""Whatever bytes stand in a task file, the checker answers; and what it accepts loads."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.folds import folds
from neurontui.compute.tasks.preview import preview
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.task_file.reader import Problem, check_task_file
from neurontui.store.errors import InputError
from neurontui.store.languages.tags import short_code

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
WORDS = st.sampled_from(["Paris", "Rome", "x", "The capital of France is"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
ANY_CHARACTER = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2)
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "answers": st.just({}) | st.none(),
        "cluster": st.sampled_from(["c", "/"]),
        "answer_language": st.sampled_from(["en", "eng_Latn", "x-y"]),
        "choices": st.none(),
        "mine": JSON,
    },
)
CODES = st.sampled_from(["en", "de", "zho_Hans", "th-TH", "own"])


@st.composite
def records(draw: st.DrawFn) -> Any:
    """A good example more often than not, with one field replaced by anything now and then."""
    prompts = draw(st.dictionaries(CODES, WORDS | ANY_TEXT, min_size=1))
    codes = list(prompts)
    record: dict[str, Any] = {"id": draw(ANY_TEXT), "prompts": prompts}
    if draw(st.booleans()):
        record["answers"] = {code: draw(WORDS) for code in codes}
        if draw(st.booleans()):
            record["choices"] = {code: ["Paris", "Rome", "x"] for code in codes}
    if draw(st.integers(0, 5)) == 0:
        record[draw(st.sampled_from([*record, "cluster", "answer_language", "extra"]))] = draw(JSON)
    return record


LINES = (
    records().map(lambda record: json.dumps(record).encode())
    | records().map(lambda record: json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40)
)


@st.composite
def nearly_good_files(draw: st.DrawFn) -> bytes:
    """Lines with the same languages and ids of their own; half of the files have one wrong value."""
    codes = draw(st.lists(CODES, min_size=1, unique=True))
    lines: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        prompts = {code: draw(WORDS) + draw(ANY_CHARACTER) for code in draw(st.permutations(codes))}
        lines.append({"id": f"{number}{draw(ANY_CHARACTER)}", "prompts": prompts, **draw(EXTRAS)})
    if draw(st.booleans()):
        spoilt = draw(st.sampled_from(lines))
        spoilt[draw(st.sampled_from(sorted(spoilt)))] = draw(JSON)
    if draw(st.booleans()):
        for line in lines:
            line.setdefault("choices", {code: ["Paris", "Rome"] for code in codes})
            if line.get("choices"):
                line["answers"] = {code: draw(st.sampled_from(["Rome", 0, 1])) for code in codes}
    if draw(st.booleans()):
        return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + json.dumps(lines, indent=1).encode()
    return b"\n".join(json.dumps(line).encode() for line in lines)


FILES = nearly_good_files() | st.lists(LINES, max_size=6).map(b"\n".join) | st.binary(max_size=300)
MANY = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))


def _try(content: bytes, folder: Path) -> None:
    path = folder / "any.jsonl"
    path.write_bytes(content)
    problems, refused = _checked(path)
    if refused is not None:
        event("another format")
        assert _harmless(refused)
        with pytest.raises(InputError, match=re.escape(refused)):
            load_task(str(path), TaskOptions())
        return
    assert all(isinstance(each, Problem) and each.line >= 1 for each in problems)
    assert all(_harmless(each.field + each.message) for each in problems)
    event("refused" if problems else "accepted")
    if problems:
        with pytest.raises(InputError, match="neurontui check"):
            load_task(str(path), TaskOptions())
    else:
        _loads_as_written(path, content)


def _checked(path: Path) -> tuple[list[Problem], str | None]:
    """The problems of a file, and the sentence that refuses one of another format."""
    try:
        return check_task_file(path), None
    except InputError as refused:
        return [], str(refused)


def _harmless(line: str) -> bool:
    """Nothing a terminal could obey; Persian and Indic scripts spell with the two joiners."""
    return line.replace("\u200c", "").replace("\u200d", "").isprintable()


def _loads_as_written(path: Path, content: bytes) -> None:
    written = _written(content)
    data = load_task(str(path), TaskOptions())
    assert [dict(each.prompts) for each in data.examples] == [
        {short_code(code): text for code, text in each["prompts"].items()} for each in written
    ]
    assert [each.id for each in data.examples] == [str(each["id"]) for each in written]
    assert [dict(each.answers) for each in data.examples] == [
        {short_code(code): _answer(each, code) for code in each.get("answers") or {}} for each in written
    ]
    assert len(folds(data.examples)) == len(written)
    assert len(digest(data)) == 64
    assert all(map(_harmless, preview(data, 3).split("\n")))


def _written(content: bytes) -> list[Any]:
    """The objects of the file: a list, or a line each."""
    text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8")
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _answer(record: Any, code: str) -> str:
    answer = record["answers"][code]
    return str(record["choices"][code][answer]) if isinstance(answer, int) else str(answer)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(FILES)
@settings(max_examples=400, deadline=None)
def test_any_file_is_checked_and_an_accepted_one_loads(folder: Path, content: bytes) -> None:
    _try(content, folder)


@pytest.mark.faults
@given(FILES)
@MANY
def test_ten_thousand_files_are_checked(folder: Path, content: bytes) -> None:
    _try(content, folder)
