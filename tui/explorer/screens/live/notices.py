"""What the Live screen says while there is no model to ask."""

from collections.abc import Callable
from typing import NamedTuple

from neurontui.compute.live.messages import Described
from neurontui.tui.common.byte_sizes import size
from neurontui.tui.explorer.live.conversation import Conversation
from neurontui.tui.explorer.widgets.notice import Step


class Words(NamedTuple):
    """Heading, sentences, and where enter goes."""

    head: str
    sentences: tuple[str, ...] = ()
    step: Step | None = None


def notice_of(conversation: Conversation, go: Callable[[], object]) -> Words | None:
    """The notice of a stage; None if the model can be asked."""
    if conversation.stage == "ready":
        return None
    if conversation.stage == "failed":
        return Words("The model is not loaded", (conversation.words,), Step("start it again", go))
    if conversation.stage == "described" and conversation.described is not None:
        return Words("Live", described_sentences(conversation.described), Step("load it", go))
    if conversation.stage == "loading":
        return Words("Loading the model …", (f"{conversation.words or 'starting'}", "esc stops."))
    return Words("Looking for the model …", ("Its weights are not read yet.",))


def described_sentences(model: Described) -> tuple[str, ...]:
    """Which model would be loaded, and whether it fits into memory."""
    enough = model.needed <= model.available
    memory = f"It needs about {size(model.needed)} of memory; {size(model.available)} are free."
    return (
        f"{model.name} ({model.architecture}): {model.n_parameters / 1e6:,.1f} million parameters. {model.placement}",
        memory if enough else f"{memory} That is too little: loading may fail or slow down everything else.",
        *(["Its weights are not on this machine and are downloaded first."] if model.download else []),
    )
