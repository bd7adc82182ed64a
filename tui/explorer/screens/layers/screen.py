"""Layers: how many neurons of each layer have each type."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from neurontui.tui.explorer.keymap import Binding, BindingType
from neurontui.tui.explorer.screens.chart_page import ChartPage
from neurontui.tui.explorer.screens.layers.views import (
    ByLanguageCount,
    ByLayer,
    ByThreshold,
    Detectors,
    EveryToken,
    RightOrWrong,
)
from neurontui.tui.explorer.screens.view import View
from neurontui.tui.explorer.selection import Selection


class LayersPage(ChartPage):
    """Type ratio by layer: stacked or as lines, with a second run beside it or their difference."""

    PAGE = "layers"
    HEADING = "Layers"
    ABOUT = (
        "The share of each layer's neurons that are all-shared (A), partial-shared (P), specific (S) and "
        "non-activated (N) at the last prompt token, as the mean over examples. The read-out gives the layer "
        "under the cursor with its 95 % interval. Types are computed over the languages that are switched on. "
        "Other views: by number of languages (gray: expected if languages were independent), by threshold, "
        "neurons inactive at every token, and correct against incorrect answers. Of a corpus: the neurons that "
        "detectors of language-specific neurons select."
    )
    PANES: ClassVar[dict[str, tuple[str, ...]]] = {"last-token": ()}
    STYLES = ("panels", "lines", "active", "stacked")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "neurons", "neurons", tooltip="List the neurons of this layer"),
        Binding("t", "threshold", "threshold", tooltip="The next measured activation threshold"),
        Binding(
            "d",
            "difference",
            "difference",
            show=False,
            tooltip="Switch between the curves of both runs and their difference",
        ),
        Binding(
            "u",
            "language",
            "language",
            show=False,
            tooltip="In the view `every token`, and of a corpus: the next language, or all",
        ),
    ]

    def __init__(self) -> None:
        self.by_layer = ByLayer()
        self.every_token = EveryToken()
        self.detectors = Detectors()
        of_types = (self.by_layer, ByLanguageCount(), ByThreshold(), self.every_token, RightOrWrong())
        super().__init__(*of_types, self.detectors)

    def update(self) -> None:
        """A corpus has a view of its own: it has no types."""
        if self.run is not None and self.run.is_corpus != (self.view is self.detectors):
            self.view = self.detectors if self.run.is_corpus else self.by_layer
        super().update()

    def offered(self) -> Sequence[View]:
        """The views of runs of this kind."""
        if self.view is self.detectors:
            return (self.detectors,)
        return [view for view in super().offered() if view is not self.detectors]

    def reflect(self) -> None:
        """Without a second run there is no difference to show."""
        self.by_layer.differing = self.by_layer.differing and self.second is not None
        super().reflect()

    def beside(self) -> None:
        """Show type ratios by layer."""
        self.view = self.by_layer
        self.update()

    def action_threshold(self) -> None:
        """The next threshold that every shown run was measured at."""
        scope = self.scope
        if scope is None:
            return
        if (threshold := self.by_layer.next_threshold(scope, self.threshold)) is not None:
            self.view = self.by_layer
            self.select(threshold=threshold)
        else:
            which = "This run was" if self.second is None else "Both runs were"
            self.notify(f"{which} measured at one threshold only. To measure more: --thresholds 0,0.1,…")

    def next_selections(self) -> Iterator[Selection]:
        """The next threshold as well."""
        yield from super().next_selections()
        scope = self.scope
        threshold = self.by_layer.next_threshold(scope, self.threshold) if scope is not None else None
        if threshold is not None and self.view is self.by_layer:
            yield replace(self.selection, threshold=threshold)

    def action_difference(self) -> None:
        """Switch between the curves of both runs and their difference."""
        if self.second is None:
            self.notify("Choose a second run first: press c.")
            return
        self.by_layer.differing = not self.by_layer.differing
        self.view = self.by_layer
        self.update()

    def action_language(self) -> None:
        """The next language for the view of every token; after the last one, all languages."""
        codes = ["", *self.languages]
        place = codes.index(self.selection.inputs) if self.selection.inputs in codes else 0
        self.view = self.every_token
        self.select(inputs=codes[(place + 1) % len(codes)])

    def filters(self) -> tuple[str, ...]:
        """The language of the inputs, in the view that has them."""
        shown = self.scope is not None and self.view in (self.every_token, self.detectors) and self.scope.inputs
        kind = "" if self.view is self.detectors else " inputs"
        return (f"{shown}{kind}",) if shown else ()

    def no_filters(self) -> None:
        """Inputs in all languages."""
        self.select(inputs="")

    def action_neurons(self) -> None:
        """List the neurons of the layer."""
        self.host.open_detail("persistence", layer_filter=self.selection.layer, speaks="")
