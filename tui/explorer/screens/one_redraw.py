"""A key changes the screen once, not piece by piece."""

from textual.screen import Screen


class OneRedraw(Screen[None]):
    """A screen that draws everything that differs together.

    In Textual, a widget that asks to be drawn while the screen is laid out waits for the next frame.
    """

    def _compositor_refresh(self) -> None:
        """Also draw widgets that have changed, but whose message has not reached the screen yet."""
        waiting = {widget for widget in self._compositor.visible_widgets if widget._repaint_regions}
        self._compositor.update_widgets(waiting)
        super()._compositor_refresh()
