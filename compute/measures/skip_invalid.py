"""Activity of what can be measured in a batch; by choice, what cannot is left out and told."""

from collections.abc import Sequence

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.capture import CaptureOptions, NotFiniteError, capture
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import InvalidPromptError
from neurontui.store.errors import MeasureError


class NothingValidError(MeasureError):
    """No example of some can be measured; `notes` says of each why, as (topic, sentence) pairs."""

    def __init__(self, batch: Batch, first: Exception, told: Sequence[str]) -> None:
        super().__init__(f"No example of batch {batch.number} can be measured; the first: {first}")
        self.notes = [("data", each) for each in told]


def capture_valid(
    loaded: LoadedModel, batch: Batch, options: CaptureOptions, skip_bad: bool
) -> tuple[Batch, Capture, list[str]]:
    """The batch that was measured, its activity, and a sentence for each example left out.

    Without `skip_bad` the first example that cannot be measured raises InputError or MeasureError.
    Raises NothingUsableError where none can.
    """
    told: list[str] = []
    while True:
        try:
            return batch, capture(loaded, batch, options), told
        except (InvalidPromptError, NotFiniteError) as error:
            if not skip_bad:
                raise
            told += [f"Left out: {each.sentence}" for each in error.invalid]
            rest = without(batch, {each.position for each in error.invalid})
            if not rest.examples:
                raise NothingValidError(batch, error, told) from error
            batch = rest


def without(batch: Batch, positions: set[int]) -> Batch:
    """A batch less the examples at some positions."""
    return batch.only([i for i in range(len(batch.examples)) if i not in positions])
