"""The shipped models load from their folders with nothing but those folders."""

import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from neurontui.compute.demo import DEMO_MODEL, MODELS_DIR, TASKS, demo_task
from neurontui.compute.demo.recipe.evaluate import accuracies, load, read_examples


def test_the_demo_model_is_a_small_bloom_in_sixteen_bits():
    model = AutoModelForCausalLM.from_pretrained(DEMO_MODEL, local_files_only=True)
    assert model.config.model_type == "bloom"
    assert model.dtype == torch.bfloat16
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert (DEMO_MODEL / "model.safetensors").stat().st_size <= 8_000_000


def test_its_tokenizer_knows_how_to_pad_and_end():
    tokenizer = AutoTokenizer.from_pretrained(DEMO_MODEL, local_files_only=True)
    assert tokenizer.is_fast
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<unk>", "<s>", "</s>", "<pad>"]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 3)


@pytest.mark.parametrize("task", TASKS)
def test_it_is_far_better_than_chance_in_every_task(task):
    model, tokenizer = load(DEMO_MODEL)
    shares = accuracies(model, tokenizer, read_examples(demo_task(task))[:8])
    assert sum(shares.values()) / len(shares) >= 0.75


def test_naming_the_demo_does_not_load_torch():
    code = "import sys, neurontui.compute.demo; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["llama", "mt5"])
def test_the_siblings_know_the_facts_too(name):
    model, tokenizer = load(MODELS_DIR / name)
    assert model.config.model_type == name
    shares = accuracies(model, tokenizer, read_examples(demo_task("fact"))[:4])
    assert sum(shares.values()) / len(shares) >= 0.9
