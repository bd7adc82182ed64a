"""What we take from libraries without an error where it is absent: it must be there in the installed versions.

A configuration that drops an attribute would be read as a model that lacks the feature, and numbers would be wrong
without a word. Everything here is read by `getattr` with a default, or is private, somewhere in compute.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
import transformers
from accelerate.hooks import AlignDevicesHook, add_hook_to_module
from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerFast
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

from neurontui.compute.models.load import load as loading
from tests.architectures.shrink import tiny_config
from tests.compute.tiny import CONFIGS, MIXTURES, load_tiny

COMPUTE = Path(loading.__file__).parents[2]


@dataclass(frozen=True)
class Reliance:
    """An object of a library, and the attributes that compute reads from it."""

    make: Callable[[], Any]
    attributes: tuple[str, ...]

    def missing(self) -> list[str]:
        """Attributes that the installed version does not have."""
        made = self.make()
        return [name for name in self.attributes if not hasattr(made, name)]


def _config(model_type: str, **changes: Any) -> Callable[[], Any]:
    values = {**{**CONFIGS, **MIXTURES}[model_type], **changes}
    return lambda: AutoConfig.for_model(model_type, **values).get_text_config()


def _loaded_config(model_type: str) -> Callable[[], Any]:
    return lambda: load_tiny(model_type).model.config.get_text_config()


def _experts(model_type: str) -> Callable[[], Any]:
    return lambda: load_tiny(model_type).ffns[0].experts  # type: ignore[attr-defined]


def _module(model_type: str, path: str) -> Callable[[], Any]:
    def make() -> Any:
        with torch.device("meta"):
            return transformers.AutoModelForCausalLM.from_config(tiny_config(model_type)).get_submodule(path)

    return make


def _hook() -> Any:
    return AlignDevicesHook(execution_device="cpu", weights_map={})


def _hooked() -> Any:
    module = torch.nn.Linear(1, 1)
    add_hook_to_module(module, _hook())
    return module


_POSITIONS = ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "gpt2",
              "gpt_neox", "opt", "xglm", "mixtral", "qwen3_moe")  # fmt: skip
_SHAPE = ("hidden_size", "num_attention_heads", "vocab_size")

RELIANCES = {
    **{f"positions of {kind}": Reliance(_config(kind), ("max_position_embeddings",)) for kind in _POSITIONS},
    **{f"shape of {kind}": Reliance(_config(kind), _SHAPE) for kind in CONFIGS if kind != "gemma3"},
    **{
        f"key and value heads of {kind}": Reliance(_config(kind), ("num_key_value_heads",))
        for kind in ("llama", "qwen3", "gemma3_text", "mixtral")
    },
    **{
        f"sliding window of {kind}": Reliance(_config(kind), ("sliding_window", "layer_types"))
        for kind in ("gemma2", "gemma3_text")
    },
    "sliding window of mistral": Reliance(_config("mistral"), ("sliding_window",)),
    "position scaling": Reliance(_config("llama"), ("rope_parameters",)),
    "block-sparse attention": Reliance(
        lambda: AutoConfig.for_model("bigbird_pegasus"), ("attention_type",)
    ),
    "windows of gpt_neo": Reliance(lambda: AutoConfig.for_model("gpt_neo"), ("window_size",)),
    "images of gemma3": Reliance(lambda: load_tiny("gemma3").model.config, ("vision_config",)),
    "decoder switch of bert": Reliance(lambda: AutoConfig.for_model("bert"), ("is_decoder",)),
    "causal attention of xlm": Reliance(lambda: AutoConfig.for_model("xlm"), ("causal",)),
    "sliding window of phi3": Reliance(_config("phi3"), ("sliding_window",)),
    **{
        f"post-FFN norm of {kind}": Reliance(
            lambda kind=kind: load_tiny(kind).model.model.layers[0], ("post_feedforward_layernorm",)
        )
        for kind in ("gemma2", "gemma3_text")
    },
    **{
        f"experts of {kind}": Reliance(
            _experts(kind),
            ("has_gate", "has_bias", "is_transposed", "is_concatenated", "act_fn", "_apply_gate"),
        )
        for kind in ("mixtral",)
    },
    "experts that all run": Reliance(
        _module("llama4_text", "model.layers.0.feed_forward.experts"), ("gate_up_proj", "down_proj", "act_fn")
    ),
    "scaled experts": Reliance(_module("laguna", "model.layers.1.mlp"), ("routed_scaling_factor",)),
    "gate of a shared expert": Reliance(_module("qwen2_moe", "model.layers.0.mlp"), ("shared_expert_gate",)),
    "kinds of blocks": Reliance(lambda: AutoConfig.for_model("nemotron_h"), ("layers_block_type",)),
    "experts functions": Reliance(lambda: ALL_EXPERTS_FUNCTIONS, ("register", "__getitem__")),
    "decoder start": Reliance(_config("mt5"), ("decoder_start_token_id",)),
    "generation": Reliance(GenerationConfig, ("eos_token_id", "decoder_start_token_id")),
    "dtype of a checkpoint": Reliance(_loaded_config("llama"), ("dtype",)),
    "tokenizer": Reliance(
        lambda: load_tiny("llama").tokenizer,
        ("pad_token_id", "eos_token_id", "bos_token_id", "unk_token_id", "convert_ids_to_tokens", "decode",
         "added_tokens_decoder"),
    ),
    "offloaded weights": Reliance(_hook, ("weights_map", "execution_device")),
    "a module with offloaded weights": Reliance(_hooked, ("_hf_hook",)),
    "hub": Reliance(huggingface_hub.HfApi, ("resolve_revision",)),
    "resolved revision": Reliance(
        lambda: huggingface_hub.ResolvedRevision(resolved="0" * 40, initial="main"), ("resolved",)
    ),
    "hub's constants": Reliance(
        lambda: huggingface_hub.constants, ("HF_HUB_CACHE", "DEFAULT_REVISION")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RELIANCES)
def test_the_installed_libraries_have_what_we_read(name: str) -> None:
    assert RELIANCES[name].missing() == []


def test_a_library_that_drops_an_attribute_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(huggingface_hub.HfApi, "resolve_revision")
    assert RELIANCES["hub"].missing() == ["resolve_revision"]
    config = RELIANCES["sliding window of mistral"].make()
    monkeypatch.delattr(type(config), "sliding_window")
    del config.sliding_window
    assert Reliance(lambda: config, ("sliding_window",)).missing() == ["sliding_window"]


@pytest.mark.parametrize("tokenizer", ["NllbTokenizer", "MBartTokenizer", "MBart50Tokenizer"])
def test_translation_tokenizers_are_known_by_their_source_language(tokenizer: str) -> None:
    assert isinstance(inspect.getattr_static(getattr(transformers, tokenizer), "src_lang"), property)
    assert not hasattr(PreTrainedTokenizerFast, "src_lang")


def test_a_quantized_checkpoint_still_says_so() -> None:
    config = AutoConfig.for_model("llama", quantization_config={"quant_method": "gptq", "bits": 4})
    assert config.quantization_config["bits"] == 4


def test_loading_still_reports_missing_and_mismatched_weights(tmp_path: Path) -> None:
    load_tiny("llama").model.save_pretrained(tmp_path)
    _, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert {"missing_keys", "mismatched_keys"} <= set(report)


_READ = re.compile(r"getattr\([^()]*(?:\([^()]*\)[^()]*)*,\s*\"(\w+)\",")


def test_every_attribute_read_with_a_default_is_listed() -> None:
    """A new `getattr(…, "name", default)` in compute belongs into RELIANCES or is refused here."""
    read = {
        name
        for path in COMPUTE.rglob("*.py")
        if "recipe" not in path.parts
        for name in _READ.findall(path.read_text(encoding="utf-8"))
    }
    listed = {name for reliance in RELIANCES.values() for name in reliance.attributes}
    assert read - listed - _COVERED_ELSEWHERE == set()


_COVERED_ELSEWHERE = {
    "add_bos_token",  # read through get_tokenizer_config; guarded in tests/compute/checks/test_prompts.py
    "quantization_config",  # a test above
    "lang_code_to_id",  # tests/compute/models/test_language_codes.py
    "has_post_expert_norm",  # new in no released layout: absent means no norm
    "head_dim",  # optional in a configuration; hidden size over heads otherwise
    "sub_configs",  # absent in configurations of one model
    "attn_layers",  # only Reformer's, which is refused
    "weight", "bias",  # parameters of a module, which may have none
}  # fmt: skip
