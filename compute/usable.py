"""Activity of what can be measured in a batch; by choice, what cannot is left out and told."""

from dataclasses import replace

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.capture import CaptureOptions, NotFiniteError, capture
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.tokenise import UnusablePromptError
from neurontui.store.errors import MeasureError


def capture_usable(
    loaded: LoadedModel, batch: Batch, options: CaptureOptions, skip_bad: bool
) -> tuple[Batch, Capture, list[str]]:
    """The batch that was measured, its activity, and a sentence for each example left out.

    Without `skip_bad` the first example that cannot be measured raises InputError or MeasureError.
    """
    told: list[str] = []
    while True:
        try:
            return batch, capture(loaded, batch, options), told
        except (UnusablePromptError, NotFiniteError) as error:
            if not skip_bad:
                raise
            told += [f"Left out: {each.sentence}" for each in error.unusable]
            batch = without(batch, {each.position for each in error.unusable})
            if not batch.examples:
                raise MeasureError(
                    f"No example of batch {batch.number} can be measured; the first: {error}"
                ) from error


def without(batch: Batch, positions: set[int]) -> Batch:
    """A batch less the examples at some positions."""
    kept = [i for i in range(len(batch.examples)) if i not in positions]
    return replace(
        batch,
        indices=tuple(batch.indices[i] for i in kept),
        folds=tuple(batch.folds[i] for i in kept),
        examples=tuple(batch.examples[i] for i in kept),
    )
