"""What a run will need, told before it starts: examples, tokens, disk, memory, and whether they are there."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.tokenise import encode
from neurontui.compute.tasks.example import TaskData

# Measured on results files of 98 million and more masks: bytes a mask in the file, and in the journal before it.
BYTES_A_MASK_STORED = 1.4
BYTES_A_MASK_JOURNAL = 0.7


@dataclass(frozen=True)
class Estimate:
    """Sizes of a run; bytes unless it says otherwise."""

    n_examples: int
    n_prompts: int
    n_tokens: int
    longest: int
    """Tokens of the longest prompt."""
    n_masks: int
    disk: int
    disk_free: int
    weights: int
    batch: int
    """Activations of one batch at the last token, as they wait for the measures."""
    memory_free: int


def estimate(config: RunConfig, data: TaskData, loaded: LoadedModel) -> Estimate:
    """Count what a run will need, with every prompt tokenised."""
    lengths = [
        len(each)
        for code in data.languages
        for each in encode(loaded, [example.prompts[code] for example in data.examples])
    ]
    neurons = sum(each.n_neurons for each in loaded.layers)
    rows = min(config.batch_examples, len(data.examples)) * len(data.languages)
    masks = len(data.examples) * neurons
    gated = sum(each.layer.n_neurons for each in loaded.ffns if each.gated)
    return Estimate(
        n_examples=len(data.examples),
        n_prompts=len(lengths),
        n_tokens=sum(lengths),
        longest=max(lengths, default=0),
        n_masks=masks,
        disk=int(masks * (BYTES_A_MASK_JOURNAL + BYTES_A_MASK_STORED)),
        disk_free=shutil.disk_usage(_nearest_folder(config.out)).free,
        weights=sum(each.numel() * each.element_size() for each in loaded.model.parameters()),
        batch=rows
        * ((neurons + gated) * loaded.torch_dtype.itemsize + neurons * 4 * config.every_token),
        memory_free=_memory_free(loaded.device),
    )


def shortages(found: Estimate) -> list[str]:
    """What is not there in the size that is needed, a sentence each."""
    told = []
    if found.disk > found.disk_free:
        told.append(
            f"The disk of the results has {_size(found.disk_free)} free and the run needs about {_size(found.disk)}; "
            "free some, name another --out, or use --limit."
        )
    if found.batch > found.memory_free:
        told.append(
            f"One batch needs about {_size(found.batch)} beside the weights and {_size(found.memory_free)} are free; "
            "use a smaller --batch-examples."
        )
    return told


def told(found: Estimate) -> str:
    """An estimate as lines of text."""
    return "\n".join(
        [
            f"examples   {found.n_examples:,} in {found.n_prompts:,} prompts, {found.n_tokens:,} tokens, "
            f"the longest {found.longest:,}",
            f"masks      {found.n_masks:,}",
            f"disk       about {_size(found.disk)} while the run merges; {_size(found.disk_free)} free",
            f"memory     weights {_size(found.weights)}, a batch {_size(found.batch)}; "
            f"{_size(found.memory_free)} free",
        ]
    )


def _size(n: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"


def _nearest_folder(path: Path) -> Path:
    folder = path.absolute().parent
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _memory_free(device: str) -> int:
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
