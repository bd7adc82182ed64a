"""Which FFN neurons of multilingual language models are active in which languages.

    import neurontui
    from pathlib import Path

    config = neurontui.RunConfig(model="bigscience/bloomz-560m", task="fact", out=Path("results.duckdb"))
    neurontui.measure(config)

    with neurontui.open_results("results.duckdb") as results:
        rows = results.query("type-ratio-by-layer", run=1, languages="en,de")  # a pyarrow.Table
        rows = results.sql("SELECT type, count(*) FROM neurons GROUP BY type")

Errors are subclasses of NeurontuiError. Importing this package imports nothing else; opening results needs no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig
    from neurontui.compute.progress import Progress
    from neurontui.compute.run_steps import Finished
    from neurontui.queries.results import Results, open_results
    from neurontui.store.errors import NeurontuiError

    __version__: str

__all__ = ["NeurontuiError", "Results", "RunConfig", "__version__", "measure", "open_results"]

_WHERE = {
    "NeurontuiError": "neurontui.store.errors",
    "Results": "neurontui.queries.results",
    "RunConfig": "neurontui.compute.config",
    "open_results": "neurontui.queries.results",
}


def measure(config: "RunConfig", progress: "Progress | None" = None) -> "Finished":
    """Measure one model on one task and merge the run into `config.out`, as `neurontui run` does.

    Returns the run's number and name. A run that the file has already is not measured again unless `config.force`.
    Raises MissingExtraError without the extra `compute`, other NeurontuiErrors if the run is not possible.
    """
    from neurontui.tui.cli.extras import needs_compute

    with needs_compute():
        from neurontui.compute.progress import NullProgress
        from neurontui.compute.run import run

    return run(config, progress or NullProgress())


def __getattr__(name: str) -> Any:
    """Import a name when it is first used (PEP 562)."""
    if name == "__version__":
        from neurontui.store.versions import version_of

        return version_of("neurontui")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
