"""Live: ask the run's model while looking at its neurons, and switch neurons off."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input
from textual_fastdatatable import DataTable

from neurontui.compute.live.messages import MOST_CHARACTERS, TYPES, Answered, Change, Refused
from neurontui.store.errors import NeurontuiError
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.explorer import export_files
from neurontui.tui.explorer.dialogs.ask import Ask as AskDialog
from neurontui.tui.explorer.dialogs.dialog import Choice
from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.live.answer_lines import STRONGEST_FIELDS, plain_lines, strongest_table, type_lines
from neurontui.tui.explorer.live.conversation import Conversation, Received
from neurontui.tui.explorer.live.prompt_input import PromptInput
from neurontui.tui.explorer.live.run_settings import settings_of
from neurontui.tui.explorer.live.task_file import languages_differ, task_lines
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.live.notices import notice_of
from neurontui.tui.explorer.screens.live.panes import AnswerPane, PromptRow, head_line
from neurontui.tui.explorer.screens.page import Page
from neurontui.tui.explorer.widgets.grid import Grid
from neurontui.tui.explorer.widgets.styled_text import StyledText

LENGTHS = (8, 16, 32, 64, 1)
"""Tokens of an answer."""
NOTHING, NEURON = "", "neuron"


class Replied(Message):
    """The worker has said something."""

    def __init__(self, received: Received) -> None:
        super().__init__()
        self.received = received


class LivePage(Page):
    """Prompts above, answers and neurons below."""

    PAGE = "live"
    HEADING = "Live"
    ABOUT = (
        "Ask the model of the run. Type a prompt in one or several languages and press enter: below are its tokens, "
        "shaded by the activation of one neuron (the neuron that was last looked at), the answer, the next tokens with "
        "their probabilities in %, the types of all neurons with these prompts as one example, and the neurons that "
        "contribute most. Languages without a prompt are left out. s switches neurons off or changes them by a factor, "
        "and the answers before and after are side by side. Nothing is written into the results file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "edit", "edit", tooltip="Go to the prompts"),
        Binding("s", "switch", "switch off", tooltip="Switch off a neuron, or all neurons of a type, or nothing"),
        Binding("f", "factor", "factor", tooltip="What changed neurons are multiplied by: 0 switches them off"),
        Binding("o", "neuron", "neuron", tooltip="Choose the neuron by layer and number"),
        Binding("t", "length", "tokens", tooltip="Tokens of an answer: 8, 16, 32, 64, 1"),
        Binding("v", "view", "view", tooltip="On a narrow screen: the answers, or the types and neurons"),
        Binding("e", "save", "save", tooltip="Save the prompts asked so far as a task file"),
        Binding("tab", "app.focus_next", "next pane", show=False, tooltip="The next pane"),
    ]
    PANES: ClassVar[dict[str, tuple[str, ...]]] = {"prompts": (), "settings": (), "layers": ()}
    NEEDS: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(
        ("edit", "switch", "factor", "neuron", "length", "view", "save"), ()
    )

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation(lambda received: self.post_message(Replied(received)))
        self.example: int | None = None
        """The example whose prompts are in the lines; None: the one that was last looked at."""
        self.changing = NOTHING
        self.factor = 0.0
        self.length = LENGTHS[0]
        self._filled: tuple[str, int] | None = None
        self._expected: dict[str, dict[str, str]] = {}
        self._neurons_in_front = False
        self._shown_neuron: tuple[int, int] | None = None
        self._drawn: Answered | None = None

    # -- what is shown ------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """Status, prompts, answers, types and neurons."""
        yield StyledText(id="live-head")
        yield VerticalScroll(id="live-prompts", can_focus=False)
        with Horizontal(id="live-results"):
            with VerticalScroll(id="live-answers"):
                yield AnswerPane(id="live-answer")
            with Vertical(id="live-neurons"):
                with VerticalScroll(id="live-all-types"):
                    yield StyledText(id="live-types")
                yield Grid(id="live-strongest", noun="neuron")

    def wants(self, scope: Scope) -> dict[str, QueryRequest]:
        """The prompts to begin with, the run's settings and its layers."""
        run = scope.run
        example = scope.selection.example if self.example is None else self.example
        return {
            "prompts": QueryRequest.of("example-prompts", run=run.number, example=example, languages=run.languages),
            "settings": QueryRequest.of("run-settings", run=run.number),
            "layers": QueryRequest.of("layers", run=run.number),
        }

    def draw(self, key: str, table: pa.Table) -> None:
        """New rows."""
        if key == "prompts":
            self._fill(table)
        elif key == "settings" and self.run is not None:
            live = self.session.live
            self.conversation.begin(settings_of(self.run, table, live.model if live is not None else None))
        self._show_state()

    def shown(self) -> dict[str, QueryRequest]:
        """Take the example that another screen has passed on."""
        if self.session.pending_example is not None:
            self.example, self.session.pending_example, self._filled = self.session.pending_example, None, None
        elif self.run is not None and self._filled is not None and self._filled[0] != self.run.key:
            self.example = None  # numbers of another run's examples mean nothing here
        return super().shown()

    def reflect(self) -> None:
        """The languages, the neuron or the run may have changed."""
        for key in ("prompts", "settings"):
            if key in self.answers:
                self.draw(key, self.answers[key])
        for row in self.query(PromptRow):
            row.display = row.language in self.languages
        self._show_state()
        if self.conversation.answered is not None and self.neuron != self._shown_neuron:
            self.ask()

    def _fill(self, table: pa.Table) -> None:
        """Put stored prompts into the lines, once an example."""
        run = self.run
        example = self.selection.example if self.example is None else self.example
        if run is None or self._filled == (run.key, example):
            return
        if self._filled is None or self._filled[0] != run.key or self.example is not None:
            self._filled, self.example = (run.key, example), example
            rows = table.to_pylist()
            self._expected = {row["language"]: {row["prompt"]: row["answer"]} for row in rows if row["answer"]}
            self._make_rows(run.languages, {row["language"]: row["prompt"] for row in rows})

    def _make_rows(self, languages: tuple[str, ...], prompts: dict[str, str]) -> None:
        """A line a language, with its prompt."""
        scroll = self.query_one("#live-prompts")
        if [row.language for row in self.query(PromptRow)] != list(languages):
            scroll.remove_children()
            scroll.mount_all([PromptRow(code, prompts.get(code, "")) for code in languages])
        else:
            for row in self.query(PromptRow):
                row.input.fill(prompts.get(row.language, ""))
        for row in self.query(PromptRow):
            row.display = row.language in self.languages

    def _show_state(self) -> None:
        """The notice of the current stage, or the body."""
        notice = notice_of(self.conversation, self._start)
        if notice is not None:
            self.notice(notice.head, *notice.sentences, step=notice.step)
        else:
            self.clear_notice()
        if self.conversation.answered is not self._drawn:
            self._show_answer()
        self._head()
        self.frame()

    def _start(self) -> None:
        """Load the model, or begin again."""
        settings = self.conversation.settings
        if self.conversation.stage == "failed" and settings is not None:
            self.conversation.begin(settings, again=True)
        elif self.conversation.stage == "described":
            self.conversation.load()
        self._show_state()

    def _head(self) -> None:
        layer, neuron = self.selection.card
        chosen = f"{layer_name(self.answers.get('layers'), layer)} neuron {neuron}" if neuron >= 0 else "none"
        line = head_line(self.conversation, chosen, self._change_words(chosen), self.length)
        self.query_one("#live-head", StyledText).show([line])

    def _change_words(self, chosen: str) -> str:
        if self.changing == NOTHING:
            return ""
        what = chosen if self.changing == NEURON else f"{self.changing} neurons"
        return f"{what} off" if self.factor == 0 else f"{what} × {self.factor:g}"

    # -- the worker ---------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether the model is being loaded or asked, or a query is running."""
        return self.conversation.busy or super().waiting

    def stop(self) -> bool:
        """Stop the question, or loading the model."""
        stopped = self.conversation.stop()
        if stopped:
            self._show_state()
        return stopped or super().stop()

    def on_replied(self, message: Replied) -> None:
        """Show what has changed."""
        if self.conversation.receive(message.received) and self.ready and self.is_current:
            self._show_state()
            reply = message.received.reply
            if isinstance(reply, Refused) and reply.number is not None:
                self.notify(reply.sentence, severity="warning")  # the line of the status is short
            answered = self.conversation.answered
            if answered is not None and answered.strongest and self.neuron is None:
                first = answered.strongest[0]
                self.select(layer=first.layer, neuron=first.neuron, neuron_layer=first.layer)

    def _show_answer(self) -> None:
        """The last answer, or nothing: not that of another model."""
        answered = self._drawn = self.conversation.answered
        self.query_one(AnswerPane).answer(answered, self.conversation)
        self.query_one("#live-types", StyledText).show(type_lines(answered) if answered is not None else [])
        self.query_one("#live-strongest", Grid).show(strongest_table(answered), STRONGEST_FIELDS)

    def on_unmount(self) -> None:
        """The process ends with the explorer."""
        self.conversation.close()

    def ask(self) -> None:
        """Ask the prompts of the selected languages."""
        prompts = tuple((row.language, row.input.value) for row in self.query(PromptRow) if row.display)
        asked = tuple((language, prompt) for language, prompt in prompts if prompt.strip())
        long = next((language for language, prompt in asked if len(prompt) > MOST_CHARACTERS), None)
        if not asked:
            self.notify("Type a prompt first.")
        elif long is not None:
            self.notify(f"The prompt in {long} has more than {MOST_CHARACTERS:,} characters; shorten it.")
        else:
            self._shown_neuron = self.neuron
            self.conversation.ask(asked, self.neuron, self._change(), self.length)
            self._head()
            self.frame()

    @property
    def neuron(self) -> tuple[int, int] | None:
        """The neuron whose activation is shown."""
        layer, neuron = self.selection.card
        return (layer, neuron) if neuron >= 0 else None

    def _change(self) -> Change | None:
        if self.changing == NOTHING:
            return None
        if self.changing == NEURON:
            return None if self.neuron is None else Change((self.neuron,), None, self.factor)
        return Change((), self.changing, self.factor)

    # -- keys ---------------------------------------------------------------------------------------------------

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter in a prompt."""
        if isinstance(message.input, PromptInput):
            message.stop()
            self.ask()

    def on_prompt_input_left(self) -> None:
        """Stop a question; else the keys are for the screen."""
        if not self.stop():
            self.query_one("#live-answers" if not self._neurons_in_front else "#live-strongest").focus()

    def on_prompt_input_moved(self, message: PromptInput.Moved) -> None:
        """The prompt of a neighboring language."""
        inputs = [row.input for row in self.query(PromptRow) if row.display]
        focused = next((place for place, one in enumerate(inputs) if one.has_focus), 0)
        inputs[(focused + message.step) % len(inputs)].focus()

    def begin(self) -> None:
        """The key of the screen goes to the prompts."""
        self.call_after_refresh(self.action_edit)

    def action_edit(self) -> None:
        """Go to the prompts."""
        row = next((row for row in self.query(PromptRow) if row.display), None)
        if row is not None and self.query_one("#body").display:
            row.input.focus()

    def action_switch(self) -> None:
        """Choose what is changed."""
        layer, neuron = self.selection.card
        options = [(NOTHING, " 0  nothing")]
        options += [(NEURON, f" 1  layer {layer} neuron {neuron}")] if neuron >= 0 else []
        options += [(kind, f" {number}  all {kind} neurons") for number, kind in enumerate(reversed(TYPES), start=2)]
        self.app.push_screen(Choice("Switch off", options, self.changing), self._switch)

    def _switch(self, choice: str | None) -> None:
        if choice is not None:
            self.changing = choice
            self._again()

    def action_factor(self) -> None:
        """Ask for a factor."""
        self.app.push_screen(AskDialog("Multiply by", "0 switches off; 2 doubles; -1 reverses"), self._factor)

    def _factor(self, text: str | None) -> None:
        try:
            factor = float(text or "")
        except ValueError:
            factor = float("nan")
        if abs(factor) <= 1e6:
            self.factor = factor
            self._again()
        elif text:
            self.notify("Type a number, such as 0, 2 or -1.")

    def action_neuron(self) -> None:
        """Ask for a layer and a neuron."""
        self.app.push_screen(AskDialog("Choose a neuron", "layer and neuron, such as 17 4211"), self._typed)

    def _typed(self, text: str | None) -> None:
        numbers = [int(word) for word in (text or "").replace(",", " ").split() if word.isdecimal() and len(word) < 10]
        if len(numbers) == 2 and self._exists(*numbers):
            self.select(layer=numbers[0], neuron=numbers[1], neuron_layer=numbers[0])
        elif text:
            self.notify("Type two numbers that the model has: the layer, then the neuron.")

    def _exists(self, layer: int, neuron: int) -> bool:
        sizes = self.conversation.loaded.layers if self.conversation.loaded is not None else ()
        return layer < len(sizes) and neuron < sizes[layer]

    def action_length(self) -> None:
        """Another number of tokens."""
        self.length = LENGTHS[(LENGTHS.index(self.length) + 1) % len(LENGTHS)]
        self._again()

    def _again(self) -> None:
        """Ask again after a change, if there is an answer."""
        self._head()
        if self.conversation.answered is not None:
            self.ask()

    def action_view(self) -> None:
        """Answers, or types and neurons."""
        self._neurons_in_front = not self._neurons_in_front
        self.query_one("#live-results").set_class(self._neurons_in_front, "-neurons")
        if self.query_one("#body").display:  # else enter is for the notice
            self.call_after_refresh(
                self.query_one("#live-strongest" if self._neurons_in_front else "#live-answers").focus
            )

    def action_save(self) -> None:
        """Write the questions as a task file into the current folder."""
        history = self.conversation.history
        if not history:
            self.notify("There is nothing to save yet: ask a prompt first.")
            return
        try:
            path = export_files.save(Path.cwd(), "live-prompts", "jsonl", task_lines(history, self._expected))
        except NeurontuiError as error:
            self.notify(str(error), severity="error")
            return
        more = " Its examples have different languages: use it with --languages." if languages_differ(history) else ""
        self.notify(f"Saved {path.name} in the current folder; neurontui run --task {path.name} measures it.{more}")

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        """Enter on a neuron: its card."""
        row = self.query_one("#live-strongest", Grid).row_values()
        if row:
            self.host.open_detail("neuron", layer=row["layer"], neuron=row["neuron"])

    def tables(self) -> dict[str, pa.Table]:
        """The neurons that contribute most."""
        return {}

    def words(self) -> str:
        """The answers."""
        return plain_lines(self.conversation.answered) if self.conversation.answered is not None else ""

    def notify(self, message: str, **options: Any) -> None:
        """Never parsed as markup."""
        super().notify(message, **{**options, "markup": False})
