"""Data sets from the Hugging Face hub, at a fixed commit, with the hub's cache."""

from dataclasses import dataclass
from pathlib import Path

from neurontui.store.errors import InputError, MissingExtraError


@dataclass(frozen=True)
class HubFile:
    """One file of a data set on the hub."""

    repository: str
    path: str
    revision: str


XNLI_TEST = HubFile(
    "facebook/xnli",
    "all_languages/test-00000-of-00001.parquet",
    "b8dd5d7af51114dbda02c0e3f6133f332186418e",
)


def fetch(file: HubFile) -> Path:
    """The file's path in the local cache; downloaded if it is not cached.

    Raises InputError without a network, MissingExtraError without huggingface_hub.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise MissingExtraError(
            f"Downloading {file.repository} needs huggingface_hub: pip install 'neurontui[compute]', "
            "or download it yourself and pass its folder as --data."
        ) from None
    try:
        return Path(hf_hub_download(file.repository, file.path, repo_type="dataset", revision=file.revision))
    except Exception as error:  # the advice is the same for every error
        raise InputError(
            f"Cannot download {file.path} of huggingface.co/datasets/{file.repository} "
            f"({type(error).__name__}); download it on a machine with a network and pass it as --data."
        ) from error
