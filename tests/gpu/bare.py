"""What a bare GPU machine has, and what the check does without the rest.

`hide_other_packages` makes this environment look like such a machine, so that the program can be tested anywhere.
"""

import sys
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import DistributionFinder, PathDistribution
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGES = frozenset({
    "torch", "transformers", "tokenizers", "safetensors", "accelerate", "huggingface_hub", "numpy", "pyarrow", "duckdb",
    "textual", "textual_fastdatatable", "plotext", "rich", "click", "filelock", "platformdirs", "typer",
})  # fmt: skip
"""Import names of what is installed there on purpose."""
BEHIND = frozenset({
    "_duckdb", "annotated_doc", "anyio", "certifi", "cuda", "functorch", "fsspec", "h11", "hf_xet", "httpcore",
    "httpcore2", "httpx", "httpx2", "idna", "jinja2", "linkify_it", "markdown_it", "markupsafe", "mdit_py_plugins",
    "mdurl", "mpmath", "networkx", "nvidia", "packaging", "psutil", "pygments", "regex", "setuptools", "shellingham",
    "sniffio", "sympy", "torchgen", "tqdm", "triton", "truststore", "typing_extensions", "uc_micro", "yaml",
})  # fmt: skip
"""Import names of what those need in turn."""
OURS = frozenset({"neurontui", "tests"})


class _BareFinder(PathFinder):
    """Finds modules of Python, of PACKAGES and BEHIND, and of this folder; no other package, and no metadata of it."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top not in PACKAGES | BEHIND | OURS | sys.stdlib_module_names and not top.startswith("_"):
            return None
        return PathFinder.find_spec(fullname, path, target)

    @classmethod
    def find_distributions(cls, context: Any = None) -> Iterable[PathDistribution]:  # type: ignore[override]
        there = {name.replace("_", "-") for name in PACKAGES | BEHIND}
        every = PathFinder.find_distributions(context or DistributionFinder.Context())
        return (one for one in every if (one.name or "").lower().replace("_", "-") in there | {"pyyaml"})


def hide_other_packages() -> None:
    """From now on import only what a bare GPU machine has; the package neurontui is then not installed either."""
    sys.meta_path = [_BareFinder if finder is PathFinder else finder for finder in sys.meta_path]


USUAL_SCRIPTS = {
    **dict.fromkeys(("en", "de", "es", "fr", "pt", "tr", "vi"), "Latn"),
    "ru": "Cyrl",
    "th": "Thai",
    "zh": "Hans",
}
"""The languages of check and benchmark, and the scripts that langcodes gives for them."""


def stand_in_for_langcodes() -> str:
    """Where langcodes is not installed, read the codes of the check from a table; returns a sentence about it.

    Must run before any other module of the package is imported. Other codes raise KeyError: nothing is guessed.
    """
    if find_spec("langcodes") is not None:
        return "Language codes: read by langcodes."
    from neurontui.store.languages import tags

    tags.language_tag = _language_tag(tags.LanguageTag)  # type: ignore[assignment]
    return "Language codes: langcodes is not installed; a table of the check's ten languages stands in for it."


def stand_in_for_py3langid() -> str:
    """Where py3langid is not installed, detect no language of an output; returns a sentence about it.

    Must run after `stand_in_for_langcodes`, and before any other module of the package is imported.
    """
    if find_spec("py3langid") is not None:
        return "Languages of outputs: detected by py3langid."
    from neurontui.compute.answers import output_language

    output_language.detector = lambda _: lambda _: None  # type: ignore[assignment, return-value]
    return "Languages of outputs: py3langid is not installed; none is detected."


def _language_tag(make: Callable[[str, str, str], Any]) -> Callable[[str], Any]:
    return lambda code: make(code, code, USUAL_SCRIPTS[code])
