"""Open the engine that a run asks for: this process, or the workers of a Ray cluster."""

from contextlib import AbstractContextManager, nullcontext

from neurontui.compute.config import RunConfig
from neurontui.compute.engines.base import Engine
from neurontui.compute.progress import Progress, phase_of
from neurontui.compute.tasks.example import TaskData


def open_engine(config: RunConfig, data: TaskData, progress: Progress) -> AbstractContextManager[Engine]:
    """The engine with its model loaded; raises MissingExtraError if Ray is requested but not installed."""
    if config.engine == "ray":
        from neurontui.compute.engines.ray.engine import ray_engine

        return ray_engine(config, data, progress)
    from neurontui.compute.engines.local import LocalEngine

    return nullcontext(LocalEngine(config, data, progress.say, phase_of(progress)))
