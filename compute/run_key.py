"""The identity of a run: its settings, its key, its name, and the manifest that records them.

Two calls with the same model, prompts and settings have the same key. The machine, the batch sizes, the engine and the
name of the run do not matter. By its key an interrupted run finds its journal, and a finished run is not repeated.
"""

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from neurontui.compute.ablation.selection.options import SHARE
from neurontui.compute.ablation.values import ZERO, parse_values
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.tasks.digest import digest, spans_digest
from neurontui.compute.tasks.example import TaskData
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Condition, Manifest
from neurontui.store.versions import version_of

LIBRARIES = ("neurontui", "torch", "transformers", "tokenizers", "duckdb", "pyarrow", "numpy")

# Options that change where, how fast and under which name a run is measured, but not its numbers. `skip_bad` leaves
# examples out where a run would otherwise stop, so a batch that is finished without it has nothing to leave out.
# `post_norm` changes the scores of some models only, see `run_key`.
_NOT_NUMBERS = frozenset({
    "out", "data", "model", "task", "revision", "limit", "languages", "device", "device_map", "allow_bin",
    "batch_tokens", "batch_examples", "examples_at_once", "engine", "address", "workers", "gpus_a_worker",
    "name", "keep", "force", "skip_bad", "allow_links", "post_norm", "vocabulary_neurons",
    "token_values",
})  # fmt: skip

_LATER: dict[str, Any] = {
    "token": "last", "chat": False, "system": None, "ablation_judge": "generated", "truth_neurons": 0,
    "truth_examples": 8, "ablation_sets": None, "ablation_set_share": SHARE, "ablation_sets_in_sample": False,
    "ablation_prompt_baseline": False, "ablation_types": TYPES[::-1], "passage_tokens": 512, "precision_texts": 200,
    "density": None,
}  # fmt: skip
"""Options that earlier versions did not have, with what those did: such values are not part of the key."""


def settings(config: RunConfig, model: ModelFacts) -> dict[str, Any]:
    """The options that affect the numbers, the result of the self-check, and the reasons and sizes of the work."""
    return {
        **_LATER,
        **_deciding(config),
        **_post_norm(config, model),
        "ablation_judge": config.ablation_judge,
        "dtype": model.dtype,
        "model_digest": model.digest,
        "chat_template": model.chat_template,
        "placement": model.placement,
        "self_check": None if model.self_check is None else asdict(model.self_check),
        "batch_tokens": config.batch_tokens,
        "examples_at_once": config.examples_at_once,
        "skip_bad": config.skip_bad,
        **({} if model.quantization is None else {"quantization": model.quantization}),
    }


def run_key(config: RunConfig, data: TaskData, model: ModelFacts, content: str | None = None) -> str:
    """SHA-256 over the model's name, commit and files, every prompt and answer, and the settings.

    content: digest of what is measured, if it is not the examples of `data`.

    Raises ModelError if neither the commit nor the files of the model are known: the key could not identify the model.
    """
    if model.revision is None and model.digest is None:
        raise ModelError(f"'{model.name}' has neither a commit nor a digest of its weights.")
    identity = {
        **_deciding(config),
        **({"post_norm": config.post_norm} if model.post_norms else {}),
        "model": [model.name, model.revision, model.digest],
        "data": content or digest(data),
        "dtype": model.dtype,
    }
    if len(model.opening) > 1:  # otherwise the decoder reads one start token, which the model determines
        identity["decoder_opening"] = model.opening
    if model.chat_template is not None:
        identity["chat_template"] = model.chat_template
    if config.token == "subject":  # noqa: S105 - a position, not a secret
        identity["spans"] = spans_digest(data)
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()


def _deciding(config: RunConfig) -> dict[str, Any]:
    """The options that affect the numbers; for a file of neurons, a digest of its content."""
    chosen = {key: value for key, value in asdict(config).items() if key not in _NOT_NUMBERS}
    for name, default in _LATER.items():
        idle = {"ablation_judge": "ablation" not in config.measures, "truth_examples": not config.truth_neurons}
        if chosen[name] == default or idle.get(name, False):
            del chosen[name]
    values = [value.text for value in parse_values(config.ablation_value)]
    # Zero alone is text, as in earlier versions. The mean of earlier versions was another number, under another key.
    chosen["ablation_value"] = ZERO if values == [ZERO] else values
    if config.ablate_file is not None:
        chosen["ablate"] = hashlib.sha256(config.ablate_file.read_bytes()).hexdigest()
    return chosen


def _post_norm(config: RunConfig, model: ModelFacts) -> dict[str, Any]:
    """Whether scores include what stands between FFN and residual stream, and in how many layers there is something."""
    if model.post_norms is None:
        return {}
    return {"post_norm": config.post_norm, "post_norm_layers": model.post_norms}


def manifest_of(
    config: RunConfig,
    data: TaskData,
    model: ModelFacts,
    *,
    key: str,
    name: str,
    conditions: tuple[Condition, ...],
    n_batches: int,
    batch_examples: int,
    notes: tuple[tuple[str, str], ...],
    vocabulary_neurons: int | None = None,
    token_values: bool = False,
) -> Manifest:
    """The manifest of a run that starts now. vocabulary_neurons: see `neurons_a_layer`; token_values: see `is_kept`."""
    return Manifest(
        key=key,
        name=name,
        model=model.name,
        revision=model.revision,
        architecture=model.architecture,
        task=data.task,
        setting=data.setting,
        n_shots=data.n_shots,
        languages=data.languages,
        n_examples=len(data.examples),
        n_batches=n_batches,
        dtype=model.dtype,
        device=model.device_name,
        threshold=config.thresholds[0],
        started=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        layers=model.layers,
        conditions=conditions,
        settings={
            **settings(config, model),
            **_codes(data, model),
            **({} if vocabulary_neurons is None else {"vocabulary_neurons": vocabulary_neurons}),
            "token_values": token_values,
            "batch_examples": batch_examples,
        },
        versions={library: version_of(library) for library in LIBRARIES} | {"python": platform.python_version()},
        notes=notes,
        batch_examples=batch_examples,
    )


def _codes(data: TaskData, model: ModelFacts) -> dict[str, Any]:
    """The model's language code for each language of prompts and answers."""
    if model.language_codes is None:
        return {}
    answered = (example.answer_language for example in data.examples if example.answer_language)
    codes = {language: model.language_codes.code(language) for language in dict.fromkeys((*data.languages, *answered))}
    return {"language_codes": codes}


def default_name(config: RunConfig, data: TaskData, model: ModelFacts) -> str:
    """Model · task setting, shots if there are any, chat, and the token of measurement if it is not the last."""
    task = f"{data.task} {data.setting}" if data.setting else data.task
    shots = f" · {data.n_shots}-shot" if data.n_shots else ""
    token = "" if config.token == "last" else f" · at {config.token}"  # noqa: S105
    chat = " · chat" if config.chat else ""
    return f"{model.name} · {task}{shots}{chat}{token}"
