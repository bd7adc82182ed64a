"""One architecture: tiny random weights, loaded as a user's model is, measured, and compared with plain PyTorch."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.store.errors import ModelError, NeurontuiError
from tests.architectures.comparison import DifferenceError, compare_capture, compare_generation
from tests.architectures.exceptions import CLASSES, IMPOSSIBLE
from tests.architectures.names import KINDS, Architecture
from tests.architectures.score_comparison import compare_scores
from tests.architectures.shrink import tiny_config
from tests.compute.tiny import randomise, save_tokenizer

LARGEST = 3_000_000
"""Parameters of a tiny model; more would take seconds to write and read."""

MEASURED = "measured"
WITHOUT_GENERATION = "measured without generation"
REFUSED = "refused"
NOT_BUILT = "not built"
WRONG = "wrong"


@dataclass(frozen=True)
class Outcome:
    """Result of one trial."""

    architecture: Architecture
    group: str
    """One of the constants above."""
    reason: str = ""
    ffns: str = ""
    """Number, width and structure of the FFNs that were measured."""
    scores: str = ""
    """Which scores were measured, or why they are refused."""


def try_architecture(architecture: Architecture, folder: Path) -> Outcome:
    """Build, load, measure and compare one architecture; writes its weights into `folder`."""
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    path = folder / "model"
    if architecture.name in IMPOSSIBLE:
        return Outcome(architecture, NOT_BUILT, IMPOSSIBLE[architecture.name])
    try:
        build(architecture, path)
    except Exception as error:
        return Outcome(architecture, NOT_BUILT, _sentence(error, folder))
    try:
        loaded, refusal = _load(path)
        ffns = compare_capture(loaded, plain_model(architecture, path))
        scores = _scores(loaded, refusal, architecture, path)
    except NeurontuiError as error:
        return Outcome(architecture, REFUSED, _sentence(error, folder))
    except Exception as error:
        return Outcome(architecture, WRONG, _sentence(error, folder))
    group, reason = _generation(loaded, architecture, path)
    return Outcome(architecture, group, reason, ffns, scores)


def _generation(loaded: LoadedModel, architecture: Architecture, path: Path) -> tuple[str, str]:
    """Group of a model whose activity and scores are right, and why it is not MEASURED."""
    if loaded.encoder_only:
        return WITHOUT_GENERATION, "an encoder generates nothing"
    try:
        compare_generation(loaded, plain_model(architecture, path))
    except NeurontuiError as error:
        return WITHOUT_GENERATION, _sentence(error, path.parent)
    except Exception as error:
        return WRONG, f"generation fails: {_sentence(error, path.parent)}"
    return MEASURED, ""


def _scores(loaded: LoadedModel, refusal: ModelError | None, architecture: Architecture, path: Path) -> str:
    """Which scores there are after they were compared, or why they are refused."""
    if refusal is not None:
        return f"refused, except with `--no-post-norm`: {_sentence(refusal, path.parent)}"
    return compare_scores(loaded, plain_model(architecture, path))


def _load(path: Path) -> tuple[LoadedModel, ModelError | None]:
    """The model, and why it cannot be loaded for scores."""
    try:
        return load_model(ModelOptions(str(path), device="cpu")), None
    except ModelError as error:
        if "--no-post-norm" not in str(error):
            raise
        refusal = error
    return load_model(ModelOptions(str(path), device="cpu", post_norm=None)), refusal


def build(architecture: Architecture, path: Path) -> None:
    """Write a tiny model with random weights and a tokenizer.

    Where a class needs a package that is missing, weights are missing too: loading stops before it reads them.
    """
    torch.manual_seed(0)
    config = tiny_config(architecture.name, encoder=architecture.kind == "encoder")
    try:
        model = _tiny_model(architecture, config)
        model.save_pretrained(path)
    except ImportError:
        config.save_pretrained(path)
        save_file({}, path / "model.safetensors", {"format": "pt"})
    save_tokenizer(architecture.name, path)


def _tiny_model(architecture: Architecture, config: Any) -> Any:
    def make() -> Any:
        if architecture.name in CLASSES:
            return getattr(transformers, CLASSES[architecture.name])(config)
        return getattr(transformers, KINDS[architecture.kind][0]).from_config(config)

    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in make().parameters())
    if size > LARGEST:
        raise ValueError(f"its smallest configuration known here has {size / 1e6:.0f} million parameters")
    model = make()
    randomise(model)
    _randomise_buffers(model)
    return model


def _randomise_buffers(model: Any) -> None:
    """Also numbers and vectors that are saved but are no parameters, such as the factor of Gemma 4's blocks."""
    saved = model.state_dict().keys()
    for path, buffer in model.named_buffers():
        if path in saved and buffer.is_floating_point() and buffer.dim() < 2:
            buffer.uniform_(0.5, 1.5)


def plain_model(architecture: Architecture, path: Path) -> Any:
    """The model as transformers makes it, with its own loop over experts."""
    auto = getattr(transformers, KINDS[architecture.kind][0])
    return auto.from_pretrained(path, experts_implementation="eager").eval()


def _sentence(error: BaseException, folder: Path) -> str:
    """The error on one line, without what is the same for all models or differs from machine to machine."""
    text = " ".join(f"{error}".split()) or type(error).__name__
    if not isinstance(error, (NeurontuiError, DifferenceError)):
        text = f"{type(error).__name__}: {text}"
    for pattern, shorter in _SHORTER:
        text = re.sub(pattern, shorter, text)
    text = text.replace(str(folder), "").replace("|", "/")
    return re.sub(r"(.{200}).+", r"\1…", text)


_SHORTER = (
    (r"^The FFNs of the architecture '\S+' cannot be identified with certainty \((.+)\), so nothing .*", r"\1"),
    (r"^'\S*model'( \(\S+\))? (is|has|keeps|takes|fails|cannot) ", r"it \2 "),
    (r", which is not supported; encoders of .*", ", which is not in the table of encoders"),
    (r"; (choose another model|measure its types|set attention_type).*", ""),
    (r"^What stands between .* and the residual stream is (.+?), so contribution and effective scores .*", r"\1"),
    (r", so (nothing is|it cannot be) measured\.?$", ""),
)
