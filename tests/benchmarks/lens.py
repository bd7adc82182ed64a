"""TransformerLens as a contender: its cache of the activations of every layer.

Its bridge has no way to read the last layer and leave the unembedding out: it can stop before a layer, not behind one.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from neurontui.compute.batch import Batch
from tests.benchmarks.bare_pass import passes
from tests.benchmarks.contenders import Run, Signs
from tests.benchmarks.workload import Workload


def by_lens(work: Workload, folder: Path) -> Run:
    """Loads the model from a folder, as TransformerLens does; a gated FFN's A has the sign of its gate."""
    work.loaded.model.save_pretrained(folder)
    work.loaded.tokenizer.save_pretrained(folder)
    bridge: Any = TransformerBridge.boot_transformers(
        str(folder), device=work.loaded.device, dtype=work.loaded.torch_dtype
    )
    hook = "hook_pre" if work.loaded.ffns[0].gated else "hook_post"
    names = [f"blocks.{i}.mlp.{hook}" for i in range(len(work.loaded.layers))]

    @torch.inference_mode()
    def run(batch: Batch) -> Signs:
        signs = torch.empty(len(batch.prompts), work.n_neurons, dtype=torch.bool)
        for rows, tokens in passes(work, batch):
            _, cache = bridge.run_with_cache(tokens.ids, names_filter=names, attention_mask=tokens.mask)
            at = torch.arange(len(rows), device=tokens.last.device)
            last: list[Tensor] = [cache[name][at, tokens.last] for name in names]
            signs[list(rows)] = (torch.cat(last, dim=1) > 0).cpu()
        return lambda: signs

    return run
