"""The last line: keys that work now, as many as fit."""

from textual.app import App
from textual.binding import ActiveBinding

from neurontui.tui.explorer.widgets.styled_text import Line
from neurontui.tui.explorer.widgets.text_lines import Span, Spans, width_of

_WORDS = {"enter": "enter", "backspace": "bksp", **{f"ctrl+{letter}": f"ctrl+{letter}" for letter in "gnpr"}}
"""Words in place of signs, which some fonts draw wider than one cell, over the space after them."""


def _label(active: ActiveBinding) -> str:
    """What a key does; for keys that move a cursor, what the widget says it moves along: layers, thresholds, rows."""
    named = getattr(active.node, "key_label", None)
    return (named(active.binding.action) if named is not None else None) or active.binding.description


def _moves(active: ActiveBinding) -> bool:
    """Whether the key moves a cursor: keys in two directions may share a label."""
    return hasattr(active.node, "key_label") and active.binding.action.startswith(("move", "cursor"))


def _of_app(active: ActiveBinding) -> bool:
    return isinstance(active.node, App)


class Keys(Line):
    """Keys of the focused widget, then of the screen, then of the application."""

    def on_mount(self) -> None:
        """Update whenever the active keys change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.renew())

    def parts(self, width: int) -> Spans:
        """Keys and descriptions until the line is full."""
        parts: list[Span] = [Span(" ")]
        for label, same in self._by_label().items():
            keys = "".join(dict.fromkeys(map(self._display, same)))
            pair = [
                Span(keys, "first", bold=True, click=f"app.press('{same[0].binding.key}')"),
                Span(f" {label}", "dim"),
            ]
            if width_of(parts) + width_of(pair) <= width:
                parts += [*pair, Span("  ")]
        return parts

    def _by_label(self) -> dict[str, list[ActiveBinding]]:
        """Keys by what they do: those of the focus and this screen before those of every screen."""
        common = {binding.action for binding in getattr(self.screen, "COMMON", ())}
        shown: dict[str, list[ActiveBinding]] = {}
        for active in map(self._described, self.screen.active_bindings.values()):
            if active.binding.show and active.enabled and (label := _label(active).strip()):
                same = shown.setdefault(label, [active])
                if _moves(active) and _moves(same[0]) and active is not same[0]:
                    same.append(active)
        order = sorted(shown, key=lambda label: (shown[label][0].binding.action in common, _of_app(shown[label][0])))
        return {label: shown[label] for label in order}

    def _described(self, active: ActiveBinding) -> ActiveBinding:
        """A table's key without a description gets the screen's: the table passes such keys on to it."""
        words = self.screen._bindings.key_to_bindings.get(active.binding.key, ())
        described = next((binding for binding in words if binding.show and binding.description), None)
        if described is None or active.binding.show or not hasattr(active.node, "key_label"):
            return active
        return active._replace(binding=described)

    def _display(self, active: ActiveBinding) -> str:
        key = active.binding.key
        return active.binding.key_display or _WORDS.get(key) or self.app.get_key_display(active.binding)
