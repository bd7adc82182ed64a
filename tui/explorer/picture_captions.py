"""Caption of an exported picture: run, number of examples, threshold and languages."""

from neurontui.tui.charts.model import Chart, Drawing
from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.screens.page import Page


def caption_lines(page: Page, drawing: Drawing) -> tuple[str, ...]:
    """Lines below a drawing of a screen: what it shows, its run, and the run that it is compared with."""
    scope = page.scope
    if scope is None:
        return ()
    second = scope.second if page.compares else None
    shared = scope.shared_languages if second is not None else ()
    about = page.remark(drawing)
    first = _run(scope.run, page.sample() or _examples(scope.run), shared or scope.languages)
    other = [] if second is None else [f"compared with {_run(second, _examples(second), shared or second.languages)}"]
    threshold = [] if _over_thresholds(drawing) else [f"active: activation > {page.threshold:g}"]
    return (*([about] if about else []), first, *other, *threshold)


def _examples(run: RunInfo) -> str:
    return f"n = {run.get('n_examples', 0):,} examples"


def _run(run: RunInfo, sample: str, languages: tuple[str, ...]) -> str:
    count = "1 language" if len(languages) == 1 else f"{len(languages)} languages"
    return f"{run.name} · {sample} · {count}: {' '.join(languages)}"


def _over_thresholds(drawing: Drawing) -> bool:
    """Whether the x axis is the threshold."""
    return isinstance(drawing, Chart) and "threshold" in drawing.x_title
