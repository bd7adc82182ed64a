"""Which checkpoint a model name means: a folder, a model in the hub's cache, or a commit on the hub.

Everything that is read of a model comes from this one place, and a run is identified by it: the name, the commit and
a digest of the files that decide its numbers.
"""

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError, RevisionResolutionError
from huggingface_hub.file_download import REGEX_COMMIT_HASH

from neurontui.compute.models.load.local_folder import require_own_files, require_whole_weights
from neurontui.compute.models.load.model_files import digest_of
from neurontui.store.errors import ModelError

_CACHED = "models--"
"""How the hub's cache begins the name of a model's folder: models--org--name/snapshots/<commit>/."""


@dataclass(frozen=True)
class Checkpoint:
    """One state of one model."""

    name: str
    """Hub id, or name of the local folder."""
    source: str
    """What transformers loads from: the hub id, or the path of the folder."""
    revision: str | None
    """What to ask the hub for: its string is what the user asked for, resolved to `commit`. None for a folder."""
    commit: str | None
    """Commit on the hub; None for a folder outside the hub's cache."""
    folder: Path | None
    """Where the files are; None where transformers still has to find or download them."""

    def digest(self) -> str | None:
        """SHA-256 of the files that decide the numbers, once they are here; None where no weights are found.

        A commit fixes the tokenizer, so there it covers configuration and weights alone: a file of the same commit
        that is downloaded later does not change it.
        """
        folder = self.folder or _snapshot(self.source, self.commit)
        return None if folder is None else digest_of(folder, with_tokenizer=self.commit is None)


def find_checkpoint(model: str, revision: str | None, *, allow_links: bool = False) -> Checkpoint:
    """Resolve a hub id or a path; raises ModelError, and whatever huggingface_hub raises for a hub id."""
    path = Path(model).expanduser()
    if path.is_dir():
        return _of_folder(path, revision, allow_links=allow_links)
    if path.exists():
        raise ModelError(_file_sentence(path))
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise ModelError(f"There is no folder {path}.")
    return _on_hub(model, revision)


def _of_folder(path: Path, revision: str | None, *, allow_links: bool) -> Checkpoint:
    folder = _chosen_snapshot(path.resolve(), revision)
    if revision is not None and folder == path.resolve():
        raise ModelError(f"{path} is a folder and has no revisions; omit --revision, or name the model on the hub.")
    if not (folder / "config.json").is_file():
        raise ModelError(_no_model_sentence(path, folder))
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
    """The folder itself, or of a model's folder in the hub's cache the snapshot that a revision means."""
    if not (folder.name.startswith(_CACHED) and (folder / "snapshots").is_dir()):
        return folder
    asked = revision or constants.DEFAULT_REVISION
    reference = folder / "refs" / asked
    if reference.is_file():
        asked = reference.read_text().strip()
    snapshots = sorted(each.name for each in (folder / "snapshots").iterdir())
    if revision is None and asked not in snapshots and len(snapshots) == 1:
        asked = snapshots[0]
    if asked not in snapshots:
        raise ModelError(
            f"{folder} holds no snapshot of revision '{revision or asked}'; "
            f"give one of {', '.join(snapshots) or 'its snapshots once one is downloaded'} with --revision."
        )
    return folder / "snapshots" / asked


def _file_sentence(path: Path) -> str:
    if path.suffix.lower() == ".gguf":
        return f"{path} is a GGUF file, {_GGUF}"
    return f"{path} is a file; give the folder that holds config.json and the weights."


def _no_model_sentence(path: Path, folder: Path) -> str:
    if ggufs := sorted(each.name for each in folder.glob("*.gguf")):
        return f"{path} holds a GGUF file ({ggufs[0]}), {_GGUF}"
    return f"{path} has no config.json, so it is no model folder."


_GGUF = (
    "which is not measured: convert it to a safetensors folder with transformers first "
    "(from_pretrained with gguf_file and GgufConfig(dequantize=True), then save_pretrained), "
    "or give the original model."
)


def _on_hub(model: str, revision: str | None) -> Checkpoint:
    if model.lower().endswith(("-gguf", ".gguf")):
        raise ModelError(f"'{model}' holds GGUF files, {_GGUF}")
    try:
        resolved = HfApi().resolve_revision(model, revision=revision)
    except HFValidationError:
        raise ModelError(f"'{model}' is neither a folder here nor a name that a model on the hub can have.") from None
    except RevisionResolutionError as error:
        raise ModelError(_unresolved(model, revision)) from error
    return Checkpoint(model, model, resolved, resolved.resolved, None)


def _unresolved(model: str, revision: str | None) -> str:
    """The hub is out of reach and the cache does not know the revision: whether it knows the model."""
    upper = Path(constants.HF_HUB_CACHE) / (_CACHED + model.replace("/", "--"))
    references = upper / "refs"
    cached = sorted(str(each.relative_to(references)) for each in references.rglob("*") if each.is_file())
    if cached:
        return (
            f"Revision '{revision or constants.DEFAULT_REVISION}' of '{model}' is not in the local cache, which has "
            f"{', '.join(cached)}, and the hub cannot be reached; choose one of these, or go online."
        )
    return f"'{model}' is not in the local cache and the hub cannot be reached; give a local folder, or go online."


def _snapshot(model: str, commit: str | None) -> Path | None:
    """Where the hub's cache holds a commit."""
    path = try_to_load_from_cache(model, "config.json", revision=commit)
    return Path(path).parent if isinstance(path, str) else None
