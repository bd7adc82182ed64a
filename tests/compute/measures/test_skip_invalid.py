"""The one loop that leaves out examples: what is measured, what is noted, and what is raised."""

import pytest

from neurontui.compute.batch import Batch
from neurontui.compute.measures.skip_invalid import NothingValidError, measure_valid
from neurontui.compute.models.passes.capture import NotFiniteError
from neurontui.compute.models.prompts.tokenize import InvalidExample, InvalidPromptError
from tests.compute.tiny import batch


class _Measure:
    """Refuses one example after another, each with its own kind of error, and records its calls."""

    def __init__(self, *refused: tuple[str, type[InvalidPromptError] | type[NotFiniteError]]) -> None:
        self.calls: list[list[str]] = []
        self._refused = refused

    def __call__(self, part: Batch) -> str:
        ids = [example.id for example in part.examples]
        self.calls.append(ids)
        for name, error in self._refused:
            if name in ids:
                raise error([InvalidExample(ids.index(name), f"{name} is bad.")])
        return " ".join(ids)


def test_examples_are_left_out_with_a_note_each_until_the_rest_is_valid() -> None:
    measure = _Measure(("e1", InvalidPromptError), ("e0", NotFiniteError))
    result, notes = measure_valid(batch(), measure, skip_bad=True)
    assert result == "e2"
    assert notes == [("data", "Left out: e1 is bad."), ("data", "Left out: e0 is bad.")]
    assert measure.calls == [["e0", "e1", "e2"], ["e0", "e2"], ["e2"]]


def test_a_valid_batch_is_measured_once() -> None:
    measure = _Measure()
    assert measure_valid(batch(), measure, skip_bad=True) == ("e0 e1 e2", [])
    assert len(measure.calls) == 1


@pytest.mark.parametrize("error", [InvalidPromptError, NotFiniteError])
def test_without_skip_bad_the_first_error_is_raised(error: type[InvalidPromptError] | type[NotFiniteError]) -> None:
    with pytest.raises(error, match="e1 is bad"):
        measure_valid(batch(), _Measure(("e1", error)), skip_bad=False)


def test_a_batch_without_a_valid_example_is_refused_with_all_notes() -> None:
    measure = _Measure(*((f"e{i}", InvalidPromptError) for i in range(3)))
    with pytest.raises(
        NothingValidError, match=r"No example of batch 0 can be measured; the first: e2 is bad\."
    ) as raised:
        measure_valid(batch(), measure, skip_bad=True)
    assert raised.value.notes == [("data", f"Left out: e{i} is bad.") for i in range(3)]
