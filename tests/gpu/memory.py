"""Memory: a real lack of it on the GPU, and weights that are not on it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from neurontui.compute.models.ffns.architectures import find_ffns
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.load.placement import input_device
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.store.errors import MeasureError
from tests.gpu.measures import compare, config_of, measured
from tests.gpu.models import Setting, batch, load, saved_model
from tests.gpu.table import Mismatch, NotHere

_LIMITS_MB = (48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_N = 96
"""Examples, four prompts each, all in one pass as long as memory suffices."""


def halving(setting: Setting) -> str:
    """With less and less memory, passes are halved until they fit, and every number stays the same."""
    if not setting.cuda:
        raise NotHere("needs CUDA: the allocator of a GPU")
    config = config_of(measures=("types", "ablation"), batch_tokens=1 << 15, examples_at_once=_N, ablation_doses=())
    with saved_model(setting, "bloom", "middle", hidden_size=1024) as folder:
        loaded = load(folder, setting.device)
    reference, conditions = measured(loaded, config, batch(_N))
    refused = []
    for megabytes in _LIMITS_MB:
        before = _failures(setting.device)
        try:
            with limited(setting.device, megabytes):
                ours, _ = measured(loaded, config, batch(_N))
        except MeasureError:
            refused.append(megabytes)
            continue
        failures = _failures(setting.device) - before
        if not failures:
            raise Mismatch(f"memory never ran out with {megabytes} MB; refused with {refused} MB")
        same = "; ".join(compare(ours, reference, conditions))
        return f"{megabytes} MB: memory ran out {failures} times; {same}; refused in a sentence with {refused} MB"
    raise Mismatch(f"did not fit into any of {_LIMITS_MB} MB")


def _failures(device: str) -> int:
    """How often the allocator has found no memory."""
    return int(torch.cuda.memory_stats(device).get("num_ooms", 0))


@contextmanager
def limited(device: str, megabytes: int) -> Iterator[None]:
    """Context in which the process may use only so much memory of the GPU beyond what it holds."""
    gc.collect()
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info(device)
    torch.cuda.set_per_process_memory_fraction(
        (torch.cuda.memory_reserved(device) + megabytes * 1_000_000) / total, torch.device(device)
    )
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, torch.device(device))


def device_map(setting: Setting) -> str:
    """`--device-map` loads a model and measures what the CPU does."""
    with saved_model(setting, "llama", setting.size) as folder:
        placed = load_model(ModelOptions(str(folder), dtype="float32", device_map=True))
        ours, conditions = measured(placed, config_of(), batch())
        reference, _ = measured(load(folder, "cpu"), config_of(), batch())
    return f"on {placed.device}: " + "; ".join(compare(ours, reference, conditions))


def offloaded(setting: Setting, architecture: str) -> str:
    """The same where half of the layers do not fit: their weights wait in main memory, or here on disk."""
    elsewhere = "cpu" if setting.cuda else "disk"
    with saved_model(setting, architecture, setting.size) as folder:
        reference, _ = measured(load(folder, "cpu"), config_of(), batch())
        placed = half(folder, setting, elsewhere)
        ours, conditions = measured(placed, config_of(), batch())
    where = "main memory" if setting.cuda else "disk"
    return f"half of the layers in {where}: " + "; ".join(compare(ours, reference, conditions))


def half(folder: Path, setting: Setting, elsewhere: str) -> LoadedModel:
    """The model with the second half of its layers elsewhere; needs accelerate."""
    here = 0 if setting.cuda else "cpu"
    whole = load(folder, "cpu")
    names = [name for name, _ in whole.model.named_modules()]
    blocks = next(n for n in names if n.endswith((".layers", ".h", ".block")))
    n = len(whole.model.get_submodule(blocks))
    placing: dict[str, int | str] = {f"{blocks}.{i}": here if i < n // 2 else elsewhere for i in range(n)}
    for name, module in whole.model.named_modules():
        is_leaf = any(True for _ in module.parameters(recurse=False)) or any(
            True for _ in module.buffers(recurse=False)
        )
        if is_leaf and not name.startswith(f"{blocks}."):
            placing[name] = here
    model = AutoModelForCausalLM.from_pretrained(
        folder, device_map=placing, dtype=torch.float32, offload_folder=str(setting.folder / "offload")
    )
    model = model.eval().requires_grad_(False)
    return LoadedModel(
        model=model, tokenizer=whole.tokenizer, name=whole.name, revision=None, architecture=whole.architecture,
        dtype="float32", device=str(input_device(model)), device_name="test", placement="test",
        ffns=find_ffns(model), encoder_decoder=False, digest="test",
    )  # fmt: skip
