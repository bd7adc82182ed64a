"""Parts of the Live screen: the line of a prompt, the answers, the line of what is asked."""

import textwrap

from textual.app import ComposeResult
from textual.containers import Horizontal

from neurontui.compute.live.messages import Answered
from neurontui.tui.common.sanitize import fit
from neurontui.tui.explorer.live.answer_lines import LABEL, answer_lines
from neurontui.tui.explorer.live.conversation import Conversation
from neurontui.tui.explorer.live.prompt_input import PromptInput
from neurontui.tui.explorer.widgets.styled_text import StyledText, palette_of
from neurontui.tui.explorer.widgets.text_lines import Span, Spans


class PromptRow(Horizontal):
    """A language and its prompt."""

    def __init__(self, language: str, prompt: str) -> None:
        super().__init__(classes="prompt-row")
        self.language = language
        self.input = PromptInput(language)
        self.input.fill(prompt)

    def compose(self) -> ComposeResult:
        """The code, then the line."""
        label = StyledText(classes="prompt-label")
        label.show([[Span(fit(self.language, LABEL), "first", bold=True)]])
        yield label
        yield self.input


class AnswerPane(StyledText):
    """The answers, in the colors of the theme."""

    _answered: Answered | None = None
    _notes: tuple[str, ...] = ()
    _where = ""

    def answer(self, answered: Answered | None, conversation: Conversation) -> None:
        """Show another answer, or that there is none."""
        self._answered = answered
        self._notes = conversation.loaded.notes if conversation.loaded is not None else ()
        token = conversation.settings.token if conversation.settings is not None else "last"
        self._where = "at the first generated token" if token == "first-generated" else "at the end"  # noqa: S105
        self.renew()

    def make(self, width: int) -> list[Spans]:
        """All languages."""
        if self._answered is None:
            return [[Span("enter asks the model", "dim")]]
        notes = [[Span(line, "dim")] for note in self._notes for line in textwrap.wrap(note, max(width, 20))]
        return [*notes, *answer_lines(self._answered, palette_of(self), width, self._where)]


def head_line(conversation: Conversation, neuron: str, change: str, n_tokens: int) -> Spans:
    """Model, neuron, change, length; then time, or what is wrong."""
    loaded, answered = conversation.loaded, conversation.answered
    parts = [Span(loaded.name if loaded is not None else "", "text", bold=True), Span(f"  {neuron}", "first")]
    if change:
        changed = f" ({answered.n_changed:,})" if answered is not None and answered.n_changed else ""
        parts.append(Span(f"  {change}{changed}", "second", bold=True))
    parts.append(Span(f"  {n_tokens} tokens", "dim"))
    if loaded is not None and loaded.same_weights is False:
        parts.append(Span("  other weights than the run’s", "bad", bold=True))
    if conversation.asking is not None:
        parts.append(Span("  asking …", "second"))
    elif conversation.words:
        parts.append(Span(f"  {conversation.words}", "bad"))
    elif answered is not None:
        parts.append(Span(f"  {answered.seconds:.2f} s", "dim"))
    return parts
