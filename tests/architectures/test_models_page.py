"""docs/models.md lists the architectures of the installed release, and says nothing about others."""

import re

from tests.architectures.names import text_architectures
from tests.architectures.page import PAGE, RELEASE

UPDATE = "run `make models` and look at what changed in docs/models.md"


def test_the_page_is_of_the_installed_release() -> None:
    assert RELEASE in PAGE.read_text(encoding="utf-8"), UPDATE


def test_the_page_lists_every_text_architecture_once() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(architecture.label for architecture in text_architectures()), UPDATE
