"""All checks in order, each one row of the table."""

import argparse
import platform
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
from transformers.utils import logging

from neurontui.compute.models.load.placement import device_name
from neurontui.store.versions import version_of
from tests.gpu import memory, whole_run
from tests.gpu.bench import benchmark
from tests.gpu.corpus import same_sums
from tests.gpu.live import same_answers
from tests.gpu.measures import same_tables
from tests.gpu.models import ARCHITECTURES, Setting
from tests.gpu.signs import near_zero_in_bfloat16, same_signs, with_tf32
from tests.gpu.table import MEASURED, NotHere, Table

LIBRARIES = ("torch", "transformers", "accelerate", "tokenizers", "duckdb", "pyarrow", "numpy", "neurontui")
_BFLOAT16 = ("bloom", "llama", "opt", "mixtral", "mt5")


def run(options: argparse.Namespace, about_languages: str) -> int:
    """Run the chosen parts; returns the exit code."""
    if not options.tiny and not torch.cuda.is_available():
        print("torch finds no usable GPU here; --tiny runs everything at tiny shapes on the CPU.", file=sys.stderr)
        return 2
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    names = tuple(options.architectures.split(",")) if options.architectures else ARCHITECTURES
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting("cpu" if options.tiny else options.device, Path(folder))
        table = Table(options.out, options.seconds)
        _describe(table, setting, about_languages)
        torch.set_float32_matmul_precision("highest")  # a machine may turn TF32 on by its environment
        if options.only != "benchmark":
            check(table, setting, names)
        if options.only != "check":
            benchmark(table, setting, names)
        table.say("")
        table.say(table.summary())
    return 1 if table.failed else 0


def check(table: Table, setting: Setting, names: tuple[str, ...]) -> None:
    """The device against the CPU: tiny models first, what takes longest last."""
    _compare(table, setting, names, "tiny")
    table.check("memory", "passes are halved", partial(memory.halving, setting))
    table.check("memory", "--device-map", partial(memory.device_map, setting))
    table.check("memory", "layers offloaded, llama", partial(memory.offloaded, setting, "llama"))
    table.check("whole run", "interrupted and resumed", partial(whole_run.resumed, setting))
    for name in filter(names.__contains__, _BFLOAT16):
        table.check("near zero, bfloat16", name, partial(near_zero_in_bfloat16, setting, name))
    table.check("TF32 turned on", "bloom, middle", partial(_tf32, setting), MEASURED)
    if setting.cuda:
        _compare(table, setting, names, "middle")


def _compare(table: Table, setting: Setting, names: tuple[str, ...], size: str) -> None:
    for name in names:
        table.check("signs, float32", f"{name}, {size}", partial(same_signs, setting, name, size))
        table.check("all tables, float32", f"{name}, {size}", partial(same_tables, setting, name, size))
        table.check("corpus, float32", f"{name}, {size}", partial(same_sums, setting, name, size))
        table.check("live prompt, float32", f"{name}, {size}", partial(same_answers, setting, name, size))


def _tf32(setting: Setting) -> str:
    if not setting.cuda:
        raise NotHere("needs CUDA: tensor cores")
    return with_tf32(setting)


def _describe(table: Table, setting: Setting, about_languages: str) -> None:
    libraries = ", ".join(f"{name} {version_of(name)}" for name in LIBRARIES)
    matmul = torch.backends.cuda.matmul
    table.say(f"{datetime.now(UTC):%Y-%m-%d} · {device_name(torch.device(setting.device))} · {platform.platform()}")
    table.say(f"Python {platform.python_version()}, CUDA {torch.version.cuda}, {libraries}")
    table.say(
        f"TF32 in matrix products: {'on' if matmul.allow_tf32 else 'off'} (precision "
        f"{torch.get_float32_matmul_precision()}); sums in bfloat16: "
        f"{'reduced' if matmul.allow_bf16_reduced_precision_reduction else 'full'} precision. {about_languages}"
    )
    table.header()
