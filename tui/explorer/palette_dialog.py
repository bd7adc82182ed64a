"""The command palette: enter waits until the hits for what was typed are shown."""

from textual import on
from textual.command import CommandPalette
from textual.widgets import Input
from textual.worker import Worker, WorkerState

PLACEHOLDER = "Run, neuron (5 466), example, token, query or command"


class PaletteDialog(CommandPalette):
    """Textual's palette chooses from the hits of the previous text if enter is typed quickly."""

    def __init__(self) -> None:
        super().__init__(placeholder=PLACEHOLDER, id="--command-palette")
        self._entered = False

    @on(Input.Submitted)
    def _wait_for_hits(self, event: Input.Submitted) -> None:
        """Enter, while hits are still gathered."""
        if any(not worker.is_finished and worker.group == self._GATHER_COMMANDS_GROUP for worker in self.workers):
            event.stop()
            event.prevent_default()
            self._entered = True

    @on(Input.Changed)
    def _forget_enter(self) -> None:
        """More was typed."""
        self._entered = False

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """All hits are shown: choose the first one if enter was typed."""
        if event.worker.group == self._GATHER_COMMANDS_GROUP and event.state == WorkerState.SUCCESS and self._entered:
            self._entered = False
            if self._list_visible:
                self._action_command_list("select")
