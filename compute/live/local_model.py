"""Where a run's model is if only the name of its folder is stored: the demo's models are known."""

from pathlib import Path

from neurontui.compute.demo import MODELS_DIR
from neurontui.compute.live.messages import ModelSettings
from neurontui.compute.models.load.model_files import digest_of
from neurontui.compute.real.weights import GEMMA
from neurontui.store.errors import ModelError


def model_of(settings: ModelSettings) -> str:
    """Hub id, folder or file of the model. Raises ModelError if it is not known."""
    if settings.model is not None:
        return settings.model
    for place in (MODELS_DIR / settings.name, GEMMA.path):
        if place.name == settings.name and place.exists() and _digest(place) in (settings.digest, None):
            return str(place)
    raise ModelError(
        f"The run's model was the local folder '{settings.name}', of which the results file has only the name; "
        "open the file again with --live --model FOLDER."
    )


def _digest(place: Path) -> str | None:
    """The digest of a folder's files; None for a single file, whose weights are compared when it is loaded."""
    return digest_of(place, with_tokenizer=True) if place.is_dir() else None
