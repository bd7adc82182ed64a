"""The options of `run` are the fields of RunConfig; values from the command line, TOML and Python share one check."""

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_origin

import pytest

from neurontui.compute.config import RunConfig, field_types
from neurontui.compute.setting import GROUPS, bare_type, option, setting_of
from neurontui.store.errors import UsageError
from tests.tui.cli.command_line import is_one_sentence, neurontui

CONFIG = RunConfig("m", "t", Path("r.duckdb"))


def test_every_field_is_an_option_in_a_group_with_its_default() -> None:
    said = neurontui("run", "--help")
    headings = re.findall(r"^(\w[\w ]+):$", said.out, re.MULTILINE)
    assert headings == [*GROUPS, "Other options"]
    assert {field.name for field in fields(RunConfig)} - set(field_types()) == {"ablate_neurons"}
    for name, kind in field_types().items():
        setting, default = setting_of(kind), getattr(CONFIG, name)
        assert setting is not None
        assert f"  {option(name)} " in said.out, name
        assert setting.off is None or f" / --{setting.off}" in said.out
        if isinstance(default, int | float | tuple) and not isinstance(default, bool):
            default = ",".join(
                f"{number:g}" if isinstance(number, float) else str(number) for number in _tuple(default)
            )
            assert f"default: {default}." in setting.help or f"default: {default};" in setting.help, name
        if get_origin(bare_type(kind)) is Literal and default is not None:
            assert re.search(rf"[Dd]efault: {default}\.", setting.help), name


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("shots", 65, "at most 64"), ("shots", -1, "at least 0"), ("limit", 0, "at least 1"),
        ("top", 0, "at least 1"), ("top", 1001, "at most 1000"), ("ablation_seeds", 101, "at most 100"),
        ("max_new_tokens", 0, "at least 1"), ("batch_tokens", 0, "at least 1"), ("workers", 0, "at least 1"),
        ("seed", 2**63, "63 bits"), ("dtype", "int8", "one of 'float32', 'bfloat16', 'float16'"),
        ("keep", "none", "one of 'all', 'aggregates'"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_from_everywhere(name: str, value: Any, fault: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=fault):
        replace(CONFIG, **{name: value})

    paper = tmp_path / "paper.toml"
    written = f"'{value}'" if isinstance(value, str) else value
    paper.write_text(f"[[run]]\nmodel = 'm'\ntask = 't'\nout = 'r'\n{name} = {written}\n")
    said = neurontui("run", paper)
    assert said.code in (2, 3)
    assert is_one_sentence(said)
    assert "paper.toml" in said.err or value == 2**63  # TOML itself has 64 bits
    assert name in said.err

    assert neurontui("run", "--model", "m", "--task", "t", "--out", "r", option(name), value).code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("languages", "en,de"), ("shots", "1"), ("every_token", 1), ("out", "r.duckdb"), ("thresholds", (float("nan"),)),
     ("measures", ("magic",)), ("thresholds", ()), ("model", None), ("top", True)],
)  # fmt: skip
def test_a_value_of_a_wrong_type_is_refused_in_python(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=option(name)):
        replace(CONFIG, **{name: value})
