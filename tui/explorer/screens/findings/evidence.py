"""The screen and view that show the evidence for each claim."""

from typing import NamedTuple


class Evidence(NamedTuple):
    """A screen, its view, and whether the claim compares the run with one on another task."""

    page: str
    view: str = ""
    """Empty for the view that was shown last."""
    other_task: bool = False


EVIDENCE = {
    "non-activated-prevail": Evidence("layers", "by layer"),
    "task-matters": Evidence("layers", "by layer", other_task=True),
    "types-vary": Evidence("persistence"),
    "non-activated-vary": Evidence("persistence"),
    "few-silent": Evidence("layers", "every token"),
    "relatives-share-no-more": Evidence("languages", "against chance"),
    "more-languages-share": Evidence("layers", "by languages"),
    "all-shared-contribute-most": Evidence("attribution", "top 5 %"),
    "partial-shared-second": Evidence("attribution", "top 5 %"),
    "all-shared-highest-average": Evidence("attribution", "one neuron"),
    "all-shared-extremes": Evidence("attribution", "effective scores"),
    "upper-layers-matter": Evidence("attribution", "largest effect"),
    "all-shared-ablation-worst": Evidence("ablation", "table"),
    "all-shared-beyond-control": Evidence("ablation", "controls"),
    "random-harmless": Evidence("ablation", "table"),
    "encoder-shares-more": Evidence("layers", "by layer"),
}
