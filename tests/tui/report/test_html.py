"""The HTML page: well-formed, whole, and harmless whatever a file holds."""

import re
from html.parser import HTMLParser

import pytest

from neurontui.tui.report.model import Figure
from tests.tui.report.conftest import Made, figures_of

pytestmark = pytest.mark.xdist_group("report")  # one worker builds the store and the report

VOID = {"meta", "br", "img", "link", "input", "hr"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "ol", "li", "a", "span", "section", "h1",
    "h2", "h3", "p", "code", "b", "div", "figure", "figcaption", "details", "summary", "table", "thead", "tbody", "tr",
    "th", "td", "svg", "g", "defs", "path", "use", "text", "tspan", "clippath", "rect", "pattern", "polygon", "circle",
}  # fmt: skip


class Reader(HTMLParser):
    """Collects tags, attributes and text, and fails where tags do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def test_it_is_well_formed_and_has_only_tags_of_ours(made: Made) -> None:
    reader = Reader(made.html)
    assert not reader.open
    assert reader.tags <= ALLOWED


def test_ids_are_unique_and_links_stay_on_the_page(made: Made) -> None:
    reader = Reader(made.html)
    ids = [value for _, name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value for _, name, value in reader.attributes if name in ("href", "xlink:href")]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    references = [ref for _, _, value in reader.attributes for ref in re.findall(r"url\((.*?)\)", value)]
    assert all(ref.startswith("#") and ref[1:] in ids for ref in references)


def test_nothing_runs_and_nothing_is_loaded(made: Made) -> None:
    reader = Reader(made.html)
    assert "<script" not in made.html.lower()
    names = {name for _, name, _ in reader.attributes}
    assert not any(name.startswith("on") for name in names)
    assert not names & {"src", "srcset", "data", "action", "poster", "background"}
    styles = "".join(text for tag, text in reader.texts if tag == "style")
    assert "@import" not in styles
    assert "url(" not in styles
    policies = [value for _, name, value in reader.attributes if name == "content" and "default-src" in value]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]
    addresses = {value for _, name, value in reader.attributes if "://" in value and name != "aria-label"}
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_hostile_text_is_there_to_read(made: Made) -> None:
    reader = Reader(made.html)
    headings = [text for tag, text in reader.texts if tag == "h2"]
    assert any("<script>alert(1)</script>" in text for text in headings)
    shown = "".join(text for _, text in reader.texts)
    assert "\x1b" not in made.html
    assert "\u202e" not in made.html
    assert "␛]52;c;aGk=␇" in shown


def test_every_figure_is_drawn_once_in_place(made: Made) -> None:
    figures = [figure for section in made.report.sections for figure in figures_of(section)]
    assert made.html.count("<svg") == len(figures)
    for figure in figures:
        assert made.html.count(f'<figure id="{figure.slug}">') == 1


def test_every_figure_of_the_paper_is_there(made: Made) -> None:
    section = next(section for section in made.report.sections if section.slug == "run-1")
    sentences = " ".join(f"{figure.paper} {figure.title}" for figure in figures_of(section))
    numbers = {int(n) for n in re.findall(r"\d+", sentences)}
    for low, high in re.findall(r"(\d+) to (\d+)", sentences):
        numbers |= set(range(int(low), int(high) + 1))
    assert numbers >= set(range(3, 28)) - {4, 12, 13, 14, 18, 19} | {3}
    across = next(section for section in made.report.sections if section.slug == "across-runs")
    assert "Figures 3, 4, 12, 13, 14, 18 and 19" in {figure.paper for figure in figures_of(across)}


def test_colours_are_left_to_the_page(made: Made) -> None:
    drawn = re.search(r'<figure id="run-1-types">.*?</svg>', made.html, re.DOTALL)
    assert drawn
    assert "var(--all-shared)" in drawn[0]
    assert not re.search(r"(?:fill|stroke): #(?!f)", drawn[0])


def test_a_figure_says_its_type_without_colour(made: Made) -> None:
    drawn = made.pictures["run-1-types"]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
    assert {"A", "P", "S", "N"} <= set(texts)
    top = made.pictures["run-1-top"]
    assert top.count("<pattern") >= 2


def test_figures_are_the_only_blocks_without_words(made: Made) -> None:
    for section in made.report.sections:
        for figure in figures_of(section):
            assert isinstance(figure, Figure)
            assert figure.caption.endswith(".")
            assert figure.title
