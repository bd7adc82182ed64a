"""Widgets that can be blank for a while without losing data, cursor or focus."""

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    Base = object  # a Widget as base would hide the styles of the widget it is mixed into


class Veil(Base):
    """Mixin, to be listed before the widget class; draws nothing while veiled."""

    veiled = False

    def veil(self, veiled: bool) -> None:
        """Hide data of an earlier selection, or show the data again."""
        if veiled != self.veiled:
            self.veiled = veiled
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Empty lines while veiled."""
        if self.veiled:
            return [Strip.blank(crop.width, self.rich_style)] * crop.height
        return super().render_lines(crop)
