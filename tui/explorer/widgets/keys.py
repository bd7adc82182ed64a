"""The last line: the keys that matter here, as many as fit."""

from textual.binding import ActiveBinding

from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, width_of


class Keys(Line):
    """Keys of the focused widget, then of the screen, then of the application."""

    def on_mount(self) -> None:
        """Follow what can be pressed."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def parts(self, width: int) -> Spans:
        """Key and word, pair by pair, until the line is full."""
        parts: list[Span] = [Span(" ")]
        for active in self._shown():
            pair = [
                Span(
                    self._display(active),
                    "first",
                    bold=True,
                    click=f"app.press('{active.binding.key}')",
                ),
                Span(f" {active.binding.description}", "dim"),
            ]
            if width_of(parts) + width_of(pair) <= width:
                parts += [*pair, Span("  ")]
        return parts

    def _shown(self) -> list[ActiveBinding]:
        """One a label, what belongs to the focus and to this screen before what every screen has."""
        common = {binding.action for binding in getattr(self.screen, "COMMON", ())}
        seen: set[str] = set()
        shown = []
        for active in map(self._told, self.screen.active_bindings.values()):
            label = active.binding.description
            if active.binding.show and active.enabled and label and label not in seen:
                seen.add(label)
                shown.append(active)
        return sorted(shown, key=lambda active: (active.binding.action in common, active.node is self.app))

    def _told(self, active: ActiveBinding) -> ActiveBinding:
        """A key that a table takes without a word is told in the screen's words: it does there what they say."""
        words = self.screen._bindings.key_to_bindings.get(active.binding.key, ())
        told = next((each for each in words if each.show and each.description), None)
        if told is None or active.binding.show or active.node in (self.screen, self.app):
            return active
        return active._replace(binding=told)

    def _display(self, active: ActiveBinding) -> str:
        return active.binding.key_display or self.app.get_key_display(active.binding)
