"""Keys that users can change: keys.toml maps the name of an action to other keys.

threshold = "T"
"move(-1)" = "left,b"
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from textual import binding

from neurontui.store.errors import InputError

BindingType = binding.BindingType
BRACKETS = ("left_square_bracket", "right_square_bracket")
BRACES = ("left_curly_bracket", "right_curly_bracket")


@dataclass(frozen=True)
class Binding(binding.Binding):
    """A binding that is named after its action in keys.toml."""

    def __post_init__(self) -> None:
        if self.id is None:
            object.__setattr__(self, "id", name_of(self.action))


def stepping(less: str, more: str, action: str, label: str, keys: str, tooltips: tuple[str, str]) -> list[Binding]:
    """Two keys that go back and forth by one: `action(-1)` and `action(1)`, with one entry in the last line."""
    return [
        Binding(less, f"{action}(-1)", label, key_display=keys, tooltip=tooltips[0]),
        Binding(more, f"{action}(1)", label, show=False, tooltip=tooltips[1]),
    ]


def name_of(action: str) -> str:
    """The name of an action in keys.toml."""
    return action.removeprefix("app.")


def keys_path() -> Path:
    """The path of keys.toml; `NEURONTUI_CONFIG` sets another folder."""
    folder = os.environ.get("NEURONTUI_CONFIG")
    return (Path(folder) if folder else platformdirs.user_config_path("neurontui")) / "keys.toml"


def load_keymap() -> dict[str, str]:
    """Keys by the names of their actions; empty without a file. Raises InputError if the file is invalid."""
    path = keys_path()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as TOML ({error}); correct or remove it.") from None
    wrong = [name for name, keys in raw.items() if not isinstance(keys, str) or not keys.strip()]
    if wrong:
        raise InputError(f'{path}: {wrong[0]} needs a key as text, such as {wrong[0]} = "T".')
    return {str(name): str(keys) for name, keys in raw.items()}
