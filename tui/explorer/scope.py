"""What a screen shows: a run, the run beside it, and the selection. Queries and charts depend on nothing else."""

from dataclasses import dataclass

from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.selection import Selection


@dataclass(frozen=True)
class Scope:
    """A selection with its runs looked up."""

    run: RunInfo
    selection: Selection
    second: RunInfo | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the run's selected languages."""
        return self.selection.active(self.run.languages)

    @property
    def language(self) -> str:
        """The language under the cursor; empty if none is chosen or it is switched off."""
        return self.selection.language if self.selection.language in self.languages else ""

    @property
    def inputs(self) -> str:
        """The language of the inputs; empty for all."""
        return self.selection.inputs if self.selection.inputs in self.languages else ""

    @property
    def speaks(self) -> str:
        """The language that lists of neurons are filtered by; empty for any."""
        chosen = self.selection
        return chosen.speaks if chosen.speaks in self.languages and chosen.type != "non-activated" else ""

    @property
    def shared_languages(self) -> tuple[str, ...]:
        """Selected languages that both runs have: types over other languages are other types."""
        return tuple(code for code in self.languages if self.second is None or code in self.second.languages)
