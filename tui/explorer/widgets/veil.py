"""Widgets that can be left empty for a while without losing their data, cursor or focus."""

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    Base = object  # as a Widget it would hide the styles of what it is mixed into


class Veil(Base):
    """To be named before the widget that it is mixed into; draws nothing while it is veiled."""

    veiled = False

    def veil(self, veiled: bool) -> None:
        """Hide what was drawn for an earlier selection, or show the present one."""
        if veiled != self.veiled:
            self.veiled = veiled
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Empty lines while veiled."""
        if self.veiled:
            return [Strip.blank(crop.width, self.rich_style)] * crop.height
        return super().render_lines(crop)
