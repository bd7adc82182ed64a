"""The last line: keys that work now, as many as fit."""

from textual.binding import ActiveBinding

from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, width_of


class Keys(Line):
    """Keys of the focused widget, then of the screen, then of the application."""

    def on_mount(self) -> None:
        """Update whenever the active keys change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def parts(self, width: int) -> Spans:
        """Keys and descriptions until the line is full."""
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
        """One key for each description: those of the focus and this screen before those of every screen."""
        common = {binding.action for binding in getattr(self.screen, "COMMON", ())}
        seen: set[str] = set()
        shown = []
        for active in map(self._described, self.screen.active_bindings.values()):
            label = active.binding.description
            if active.binding.show and active.enabled and label and label not in seen:
                seen.add(label)
                shown.append(active)
        return sorted(shown, key=lambda active: (active.binding.action in common, active.node is self.app))

    def _described(self, active: ActiveBinding) -> ActiveBinding:
        """A table's key without a description gets the screen's: the table passes such keys on to it."""
        words = self.screen._bindings.key_to_bindings.get(active.binding.key, ())
        described = next((binding for binding in words if binding.show and binding.description), None)
        if described is None or active.binding.show or active.node in (self.screen, self.app):
            return active
        return active._replace(binding=described)

    def _display(self, active: ActiveBinding) -> str:
        return active.binding.key_display or self.app.get_key_display(active.binding)
