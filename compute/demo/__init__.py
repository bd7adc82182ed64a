"""The built-in demo: a small multilingual model and its tasks, for a laptop with no network.

Only paths: nothing here imports torch, so a command can refer to the demo quickly.
"""

from pathlib import Path

LANGUAGES: tuple[str, ...] = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
TASKS: tuple[str, ...] = ("fact", "fact-heldout", "xnli", "ke-en-all", "ke-all-en")
MODELS_DIR: Path = Path(__file__).parent / "models"
DEMO_MODEL: Path = MODELS_DIR / "bloom"


def demo_task(name: str) -> Path:
    """The task file of that name (JSON Lines). Raises KeyError for a name not in TASKS."""
    if name not in TASKS:
        raise KeyError(f"no demo task {name!r}; use one of {', '.join(TASKS)}")
    return Path(__file__).parent / "tasks" / f"{name}.jsonl"
