"""Leave out examples that cannot be measured (--skip-bad): the one loop that every measurement uses."""

from collections.abc import Callable
from typing import TypeVar

from neurontui.compute.batch import Batch
from neurontui.compute.measures.notes import Note
from neurontui.compute.models.passes.capture import NotFiniteError
from neurontui.compute.models.prompts.tokenize import InvalidPromptError
from neurontui.store.errors import MeasureError

Result = TypeVar("Result")


class NothingValidError(MeasureError):
    """No example of a batch can be measured; `notes` has the reason for each."""

    def __init__(self, batch: Batch, first: Exception, notes: list[Note]) -> None:
        super().__init__(f"No example of batch {batch.number} can be measured; the first: {first}")
        self.notes = notes


def measure_valid(batch: Batch, measure: Callable[[Batch], Result], *, skip_bad: bool) -> tuple[Result, list[Note]]:
    """Result of `measure` for the valid examples of a batch, and a note for each example that is left out.

    `measure` raises InvalidPromptError or NotFiniteError for the invalid examples of the batch it is given. With
    `skip_bad` it is called again without them; otherwise the error is raised. Raises NothingValidError if no example
    is valid.
    """
    notes: list[Note] = []
    while True:
        try:
            return measure(batch), notes
        except (InvalidPromptError, NotFiniteError) as error:
            if not skip_bad:
                raise
            notes += [("data", f"Left out: {invalid.sentence}") for invalid in error.invalid]
            valid = batch.without({invalid.position for invalid in error.invalid})
            if not valid.examples:
                raise NothingValidError(batch, error, notes) from error
            batch = valid
