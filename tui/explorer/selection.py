"""The selection that all screens share, saved between sessions.

It is saved in the user's state folder, never in the results file, which may be read-only or belong to someone else.
"""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import platformdirs

FILTERS = ("type", "speaks", "layer_filter")
"""Fields that lists of neurons are filtered by."""
SAVED_FILES = 50
"""Number of results files whose selections are saved."""


@dataclass(frozen=True)
class Selection:
    """Everything the screens share. Runs are identified by their key, which does not change when a file is merged."""

    run: str = ""
    second: str = ""
    """Key of the run to compare with; empty for none."""
    languages: tuple[str, ...] = ()
    """Codes in the order of the run; empty for all."""
    threshold: float = 0.0
    layer: int = 0
    neuron: int = -1
    """-1 if none was chosen yet."""
    neuron_layer: int = -1
    """The layer of the neuron: the cursor of `layer` may since have moved; -1 for the same layer."""
    example: int = 0
    type: str = "specific"
    language: str = ""
    """The language under the cursor of the Languages screen."""
    inputs: str = ""
    """The language of the inputs that contributions and activity are measured on; empty for all."""
    speaks: str = ""
    """The language that lists of neurons are filtered by; empty for any."""
    layer_filter: int | None = None
    """The layer that lists of neurons are filtered by; None for all."""

    def with_run(self, run: str, languages: Sequence[str]) -> Self:
        """The selection for another run, without languages that the run lacks."""
        kept = tuple(code for code in languages if code in self.languages)
        kept = () if len(kept) == len(languages) else kept
        language = self.language if self.language in languages else ""
        inputs = self.inputs if self.inputs in languages else ""
        speaks = self.speaks if self.speaks in languages else ""
        second = "" if self.second == run else self.second
        return replace(
            self,
            run=run,
            second=second,
            languages=kept,
            language=language,
            inputs=inputs,
            speaks=speaks,
            layer_filter=None,
        )

    @property
    def card(self) -> tuple[int, int]:
        """Layer and number of the neuron that was last looked at; the number is -1 if there is none."""
        return (self.neuron_layer if self.neuron_layer >= 0 else self.layer), self.neuron

    def filtered_as(self, before: "Selection") -> Self:
        """The selection with the filters of another one."""
        return replace(self, **{name: getattr(before, name) for name in FILTERS})

    def active(self, languages: Sequence[str]) -> tuple[str, ...]:
        """The selected codes among a run's `languages`."""
        return tuple(code for code in languages if not self.languages or code in self.languages)


def state_path() -> Path:
    """The file of selections; `NEURONTUI_STATE` sets another folder."""
    folder = os.environ.get("NEURONTUI_STATE")
    return (Path(folder) if folder else platformdirs.user_state_path("neurontui")) / "explorer.json"


def load(paths: Iterable[Path]) -> tuple[Selection, dict[str, Any]]:
    """The selection last used with these files, and the explorer's settings (theme); defaults if nothing was saved."""
    state = _read()
    raw = _dict(state.get("files")).get(_name(paths), {})
    return _selection(raw), _dict(state.get("settings"))


def save(paths: Iterable[Path], selection: Selection, settings: dict[str, Any]) -> None:
    """Save both. A folder that cannot be written is ignored: no results are lost."""
    state = _read()
    name = _name(paths)
    files = {key: value for key, value in _dict(state.get("files")).items() if key != name}
    files[name] = asdict(selection)
    kept = dict(list(files.items())[-SAVED_FILES:])
    with suppress(OSError):
        _write({"files": kept, "settings": settings})


def _write(state: dict[str, Any]) -> None:
    path = state_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(state, indent=1), encoding="utf-8")
    part.replace(path)


def _read() -> dict[str, Any]:
    try:
        return _dict(json.loads(state_path().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(paths: Iterable[Path]) -> str:
    return "\n".join(str(Path(path).resolve()) for path in paths)


def _selection(raw: Any) -> Selection:
    """A selection from the file; values of a wrong type are replaced by defaults."""
    good: dict[str, Any] = {}
    for field in fields(Selection):
        value = _dict(raw).get(field.name)
        if field.name == "languages" and isinstance(value, list):
            good["languages"] = tuple(code for code in value if isinstance(code, str))
        elif field.name == "layer_filter" and isinstance(value, int):
            good["layer_filter"] = value
        elif value is not None and type(value) is type(field.default):
            good[field.name] = value
    return Selection(**good)
