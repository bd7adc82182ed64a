"""Turn the errors of the libraries that load a model into a ModelError with one sentence."""

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError

from neurontui.store.errors import ModelError, NeurontuiError

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (
        GatedRepoError,
        "'{model}' is gated: accept its license on its hub page, then log in with `hf auth login`.",
    ),
    (
        RepositoryNotFoundError,
        "There is no model '{model}' on the hub and no such folder; a private model needs `hf auth login`.",
    ),
    (RevisionNotFoundError, "'{model}' has no revision '{revision}'."),
    (
        OfflineModeIsEnabled,
        "'{model}' is not in the local cache and hub access is disabled; use a local folder.",
    ),
    (
        LocalEntryNotFoundError,
        "'{model}' is not in the local cache and the hub cannot be reached; "
        "use a local folder, or connect to the network.",
    ),
    (
        pickle.UnpicklingError,
        "The pickled weights of '{model}' are damaged or contain more than tensors, so they are not opened.",
    ),
    (
        SafetensorError,
        "The weights of '{model}' are damaged ({detail}); download them again.",
    ),
)
"""Sentences by the type of an error in the chain of causes."""

_WORDS: tuple[tuple[str, str], ...] = (
    (
        "custom code",
        "'{model}' needs code from its repository, which is never executed; choose a model that transformers supports.",
    ),
    (
        "does not recognize this architecture",
        "transformers does not support the architecture of '{model}'; a newer version may ({detail}).",
    ),
    (
        "Unrecognized model",
        "The config.json of '{model}' names no model_type, so its architecture is unknown.",
    ),
    (
        "Unrecognized configuration class",
        "'{model}' is not a language model that generates text, so it cannot be measured.",
    ),
    (
        "out of memory",
        "'{model}' does not fit into the memory of the device; use a smaller --dtype, another --device, "
        "or --device-map.",
    ),
    ("-of-0", "The weights of '{model}' are incomplete: {file} is missing; download them again."),
    ("safetensors", "{pickled}"),
    (
        "not the path to a directory containing a file named config.json",
        "'{model}' has no config.json.",
    ),
)
"""Sentences by words in the message; the first match is used."""

_EXPECTED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    ImportError,
    RuntimeError,
    SafetensorError,
    pickle.UnpicklingError,
)

_SHARD = re.compile(r"[\w.-]+-of-0\d+\.\w+")
_PICKLED = (
    "'{model}' has no safetensors weights; if its weights are pickled (.bin), use --allow-bin: "
    "only their tensors are read and no code is executed."
)
_PICKLED_ALLOWED = "'{model}' has neither safetensors nor pickled weights."


@contextmanager
def as_model_error(model: str, revision: str | None, *, allow_bin: bool) -> Iterator[None]:
    """Turn any error of loading into a ModelError with one sentence."""

    def fill(template: str, error: BaseException) -> str:
        pickled = (_PICKLED_ALLOWED if allow_bin else _PICKLED).format(model=model)
        detail = first_sentence(error)
        shard = _SHARD.search(str(error))
        return template.format(
            model=model,
            revision=revision,
            detail=detail,
            pickled=pickled,
            file=shard[0] if shard else "a file",
        )

    try:
        yield
    except NeurontuiError:
        raise
    except _EXPECTED as error:
        raise ModelError(_sentence(error, fill)) from error


def _sentence(error: BaseException, fill: Callable[[str, BaseException], str]) -> str:
    for cause in _chain(error):
        for kind, template in _KINDS:
            if isinstance(cause, kind):
                return fill(template, cause)
    for words, template in _WORDS:
        if words in str(error):
            return fill(template, error)
    return fill("'{model}' cannot be loaded: {detail}.", error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def first_sentence(error: BaseException) -> str:
    """The first line of an error's message, without its final period."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".:")
