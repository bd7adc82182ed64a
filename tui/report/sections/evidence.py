"""Where a report shows the evidence for each claim: the anchors that the marks of the claims link to."""

from collections.abc import Iterator
from dataclasses import dataclass

from neurontui.tui.report.model import Block, Figure, Fold, Section, Table
from neurontui.tui.report.run import Row, Run

ACROSS = "across-runs"
"""Anchor of the section that compares runs."""

_PLACES: dict[str, tuple[str, ...]] = {
    "non-activated-prevail": ("types", "part-types"),
    "task-matters": (ACROSS, "types", "part-types"),
    "types-vary": ("persistence", "part-examples"),
    "non-activated-vary": ("persistence", "part-examples"),
    "few-silent": ("inactive", "part-examples"),
    "relatives-share-no-more": ("relatives", "part-languages"),
    "more-languages-share": ("language-count", "part-languages"),
    "all-shared-contribute-most": ("top", "part-attribution"),
    "partial-shared-second": ("top", "part-attribution"),
    "all-shared-highest-average": ("contribution", "part-attribution"),
    "all-shared-extremes": ("scores", "part-attribution"),
    "upper-layers-matter": ("effects", "part-attribution"),
    "all-shared-ablation-worst": ("accuracy", "part-ablation"),
    "all-shared-beyond-control": ("controls", "part-ablation"),
    "random-harmless": ("accuracy", "part-ablation"),
    "encoder-shares-more": ("types", "part-types"),
}
"""Anchors within the run by claim, the best first: a figure or table that the run may lack, then its part."""


@dataclass(frozen=True)
class Evidence:
    """What a report shows."""

    anchors: frozenset[str]
    runs: frozenset[str]
    """Names of its runs."""

    def of(self, row: Row, run: Run) -> str:
        """The anchor of the evidence for a claim in a run; empty if the report has none."""
        places = (place if place == ACROSS else f"{run.anchor}-{place}" for place in _PLACES.get(row["claim"], ()))
        shown = self.anchors if row["versus"] in self.runs else self.anchors - {ACROSS}
        return next((place for place in places if place in shown), "")


def anchors_of(sections: tuple[Section, ...]) -> Iterator[str]:
    """Every anchor of these sections."""
    for section in sections:
        yield section.slug
        yield from _anchors(section.blocks)
        yield from anchors_of(section.parts)


def _anchors(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Fold):
            yield from _anchors(block.blocks)
        elif isinstance(block, Figure | Table) and block.slug:
            yield block.slug
