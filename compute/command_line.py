"""The `neurontui run` command of a RunConfig."""

import shlex
from typing import Any

from neurontui.compute.config import RunConfig, field_types
from neurontui.compute.setting import bare_type, option, setting_of


def command_line(config: RunConfig) -> str:
    """One shell line that measures the same: every option that differs from its default."""
    words = ["neurontui", "run"]
    for name, kind in field_types().items():
        value = getattr(config, name)
        if value != RunConfig.__dataclass_fields__[name].default:
            words += _option(name, kind, value)
    return shlex.join(words)


def _option(name: str, kind: Any, value: Any) -> list[str]:
    if bare_type(kind) is bool:
        setting = setting_of(kind)
        off = setting.off if setting else None
        return [option(name) if value else f"--{off}"]
    return [option(name), ",".join(map(_text, value)) if isinstance(value, tuple) else _text(value)]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
