"""Tasks are read and checked where nothing but the reader is installed."""

import subprocess
import sys

HEAVY = ("torch", "transformers", "huggingface_hub", "tokenizers", "safetensors", "textual")


def test_tasks_are_imported_without_anything_heavy() -> None:
    code = (
        "import pkgutil, sys, importlib, neurontui.compute.tasks as tasks\n"
        "for each in pkgutil.iter_modules(tasks.__path__):\n"
        "    importlib.import_module(f'neurontui.compute.tasks.{each.name}')\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_task_file_is_checked_without_the_compute_extra(tmp_path: object) -> None:
    code = (
        "import sys\n"
        f"for name in {HEAVY!r}: sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from neurontui.compute.tasks.task_file.reader import check_task_file\n"
        f"path = Path({str(tmp_path)!r}, 'x.jsonl')\n"
        "path.write_text('{}')\n"
        "print(len(check_task_file(path)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
