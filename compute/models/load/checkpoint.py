"""Resolve a model name to a checkpoint: a folder, a model in the hub's cache, or a commit on the hub.

All files of a model are read from this checkpoint. Its name, its commit and a digest of the files that determine the
numbers identify the model of a run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, RevisionResolutionError
from huggingface_hub.file_download import REGEX_COMMIT_HASH

from neurontui.compute.models.load.gguf_cache import converted
from neurontui.compute.models.load.gguf_file import find_gguf
from neurontui.compute.models.load.local_folder import require_own_files, require_whole_weights
from neurontui.compute.models.load.model_files import digest_of
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import ModelError

_CACHED = "models--"
"""Prefix of a model's folder in the hub's cache: models--org--name/snapshots/<commit>/."""


@dataclass(frozen=True)
class Checkpoint:
    """One version of one model."""

    name: str
    """Hub id, or name of the local folder."""
    source: str
    """Argument for transformers: the hub id, or the path of the folder."""
    revision: str | None
    """Revision for the hub: the requested string, resolved to `commit`. None for a folder."""
    commit: str | None
    """Commit on the hub; None for a folder outside the hub's cache."""
    folder: Path | None
    """Folder of the files; None if transformers still has to find or download them."""
    file_digest: str | None = None
    """SHA-256 of the GGUF file that the folder was converted from."""
    quantization: str | None = None
    """How the weights were stored; None if they were not quantized."""

    @property
    def loaded_folder(self) -> Path | None:
        """Folder of the files after they are downloaded; None if they are not in the hub's cache."""
        return self.folder or _snapshot(self.source, self.commit)

    def digest(self, progress: Phase = SILENT) -> str | None:
        """SHA-256 of the files that determine the numbers, after they are downloaded; None without weights.

        A commit fixes the tokenizer, so with a commit it covers only configuration and weights: a file of the same
        commit that is downloaded later does not change it.
        """
        if self.file_digest is not None:
            return self.file_digest
        folder = self.loaded_folder
        return None if folder is None else digest_of(folder, with_tokenizer=self.commit is None, progress=progress)


def find_checkpoint(
    model: str,
    revision: str | None,
    *,
    allow_links: bool = False,
    say: Callable[[str], None] = lambda _: None,
    progress: Phase = SILENT,
) -> Checkpoint:
    """Resolve a hub id or a path; raises ModelError, and the errors of huggingface_hub for a hub id.

    A GGUF file, or a folder with one, is converted if it has not been; `say` gets messages about that.
    """
    path = Path(model).expanduser()
    if path.exists() and (gguf := find_gguf(path)) is not None:
        return _of_gguf(path, gguf, revision, say, progress, allow_links=allow_links)
    if path.is_dir():
        return _of_folder(path, revision, allow_links=allow_links)
    if path.exists():
        raise ModelError(f"{path} is a file; use the folder with config.json and the weights, or a GGUF file.")
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ModelError(f"There is no folder {path}.")
    return _on_hub(model, revision)


def _of_folder(path: Path, revision: str | None, *, allow_links: bool) -> Checkpoint:
    folder = _chosen_snapshot(path.resolve(), revision)
    if revision is not None and folder == path.resolve():
        raise ModelError(f"{path} is a folder and has no revisions; omit --revision, or name the model on the hub.")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{path} has no config.json, so it is not a model folder.")
    require_own_files(folder, allow_links=allow_links)
    require_whole_weights(folder)
    commit = folder.name if _is_snapshot(folder) else None
    name = folder.name if commit is None else _hub_id(folder.parents[1])
    return Checkpoint(name, str(folder), None, commit, folder)


def _is_snapshot(folder: Path) -> bool:
    cached = folder.parent.name == "snapshots" and folder.parents[1].name.startswith(_CACHED)
    return cached and REGEX_COMMIT_HASH.fullmatch(folder.name) is not None


def _hub_id(upper: Path) -> str:
    return upper.name.removeprefix(_CACHED).replace("--", "/")


def _chosen_snapshot(folder: Path, revision: str | None) -> Path:
    """The folder itself, or for a model's folder in the hub's cache the snapshot of a revision."""
    if not (folder.name.startswith(_CACHED) and (folder / "snapshots").is_dir()):
        return folder
    asked = revision or constants.DEFAULT_REVISION
    reference = folder / "refs" / asked
    if reference.is_file():
        asked = reference.read_text().strip()
    snapshots = sorted(path.name for path in (folder / "snapshots").iterdir())
    if revision is None and asked not in snapshots and len(snapshots) == 1:
        asked = snapshots[0]
    if asked not in snapshots:
        raise ModelError(
            f"{folder} has no snapshot of revision '{revision or asked}'; "
            f"use one of {', '.join(snapshots) or 'its snapshots after downloading one'} with --revision."
        )
    return folder / "snapshots" / asked


def _of_gguf(
    path: Path, gguf: Path, revision: str | None, say: Callable[[str], None], progress: Phase, *, allow_links: bool
) -> Checkpoint:
    if revision is not None:
        raise ModelError(f"{path} is a local model and has no revisions; omit --revision.")
    if path.is_dir():
        require_own_files(path, allow_links=allow_links)
    model = converted(gguf, say, progress)
    return Checkpoint(gguf.name, str(model.folder), None, None, model.folder, model.digest, model.quantization)


def _on_hub(model: str, revision: str | None) -> Checkpoint:
    if model.lower().endswith(("-gguf", ".gguf")):
        raise ModelError(f"'{model}' contains GGUF files; download one of them, and use its path as --model.")
    try:
        resolved = HfApi().resolve_revision(model, revision=revision)
    except HFValidationError:
        raise ModelError(f"'{model}' is neither a folder nor a valid name of a model on the hub.") from None
    except RevisionResolutionError as error:
        raise ModelError(_unresolved(model, revision)) from error
    return Checkpoint(model, model, resolved, resolved.resolved, None)


def _unresolved(model: str, revision: str | None) -> str:
    """Message if the hub cannot be reached and the revision is not cached, depending on what is cached."""
    upper = Path(constants.HF_HUB_CACHE) / (_CACHED + model.replace("/", "--"))
    references = upper / "refs"
    cached = sorted(str(path.relative_to(references)) for path in references.rglob("*") if path.is_file())
    if cached:
        return (
            f"Revision '{revision or constants.DEFAULT_REVISION}' of '{model}' is not in the local cache, which has "
            f"{', '.join(cached)}, and the hub cannot be reached; choose one of these, or connect to the network."
        )
    return (
        f"'{model}' is not in the local cache and the hub cannot be reached; "
        "use a local folder, or connect to the network."
    )


def _snapshot(model: str, commit: str | None) -> Path | None:
    """Folder of a commit in the hub's cache."""
    path = try_to_load_from_cache(model, "config.json", revision=commit)
    return Path(path).parent if isinstance(path, str) else None
