"""A report into a file, or Markdown to stdout. Drawing is imported only where there is something to draw."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from neurontui.store.errors import InputError, MissingExtraError, UsageError
from neurontui.tui.common.atomic_write import save_whole
from neurontui.tui.report import html, markdown
from neurontui.tui.report.model import Figure, Report

PAGES, TEXTS = (".html", ".htm"), (".md", ".markdown")
HOW = "pip install 'neurontui[report]'"


def check(out: Path | None) -> None:
    """Refuse a wrong target before minutes of work: UsageError, InputError or MissingExtraError."""
    if out is None:
        return
    if out.suffix.lower() not in (*PAGES, *TEXTS):
        raise UsageError(f"{out} ends in neither .md nor .html; name the report accordingly.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}; make it, or choose another for {out.name}.")
    if out.suffix.lower() in PAGES and not can_draw():
        raise MissingExtraError(f"an HTML report draws with matplotlib, which is not installed: {HOW}")


def can_draw() -> bool:
    """Whether matplotlib is installed; without importing it."""
    return find_spec("matplotlib") is not None


def page(report: Report) -> str:
    """The report as one HTML document."""
    from neurontui.tui.charts.figure.plot import draw
    from neurontui.tui.charts.figure.svg import DARK_VARIABLES, LIGHT_VARIABLES, themed

    variables = (
        f":root {{ {_css(LIGHT_VARIABLES)} }}\n@media screen and (prefers-color-scheme: dark) "
        f"{{ :root {{ {_css(DARK_VARIABLES)} }} }}"
    )
    return html.render(report, lambda figure: themed(draw(figure)), variables)


def _css(variables: Mapping[str, str]) -> str:
    return " ".join(f"{name}: {value};" for name, value in variables.items())


def write(report: Report, out: Path, tell: Callable[[str], None]) -> None:
    """Write `out`, HTML or Markdown by its ending; Markdown's figures go into a folder beside it."""
    if out.suffix.lower() in PAGES:
        save_whole(out, page(report).encode("utf-8", "replace"))
        return
    if not can_draw():
        tell(f"figures are tables of numbers here; to draw them: {HOW}")
        save_whole(out, markdown.render(report).encode("utf-8", "replace"))
        return
    from neurontui.tui.charts.figure.plot import draw
    from neurontui.tui.charts.figure.svg import on_white

    folder = out.with_name(f"{out.stem}_files")
    _make(folder)

    def picture(figure: Figure) -> str:
        save_whole(folder / f"{figure.slug}.svg", on_white(draw(figure)).encode())
        return f"<{folder.name}/{figure.slug}.svg>"

    save_whole(out, markdown.render(report, picture).encode("utf-8", "replace"))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}; choose another place for the report.") from None
