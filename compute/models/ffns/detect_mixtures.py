"""Find the mixtures of experts of a model, by the structure of their modules."""

from typing import Any

from torch import nn

from neurontui.compute.models.ffns.dense_experts import dense_experts_ffn, is_dense
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.mixture import mixture_ffn, require_no_others
from neurontui.compute.models.ffns.moe import ExpertsFFN, experts_ffn, is_routed, route_through


def find_experts(model: Any) -> dict[str, bool]:
    """Paths of all modules that hold experts, and whether their structure is one that can be measured."""
    paths = {path: module for path, module in model.named_modules() if _holds_experts(path, module)}
    outermost = [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
    return {path: is_routed(paths[path]) or is_dense(paths[path]) for path in outermost}


def _holds_experts(path: str, module: nn.Module) -> bool:
    name = path.rpartition(".")[2]
    return is_routed(module) or (name.endswith("experts") and "shared" not in name)


def build_mixture(model: Any, path: str, layer: tuple[int, str, int], shared: FFN | None, expert: str) -> FFN:
    """The FFN of the experts at a path, with a shared expert if there is one.

    layer: number, stack and position; expert: path of the shared expert. Raises ModelError for an unknown structure.
    """
    experts = model.get_submodule(path)
    routed = experts_ffn(experts, *layer) if is_routed(experts) else dense_experts_ffn(experts, *layer)
    block = model.get_submodule(path.rpartition(".")[0])
    if shared is None:
        require_no_others(block, routed)
        return routed
    return mixture_ffn(block, routed, shared, model.get_submodule(expert))


def route_experts(model: Any, ffns: list[FFN]) -> None:
    """Make routed experts record their routing, if there are any."""
    if any(isinstance(part, ExpertsFFN) for ffn in ffns for part in ffn.parts):
        route_through(model)
