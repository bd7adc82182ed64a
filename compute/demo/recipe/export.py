"""Save a trained model in the usual format: 16-bit safetensors, configuration and tokenizer."""

from pathlib import Path

from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from neurontui.compute.demo.recipe.tokenizer import save_tokenizer

MAX_NEW_TOKENS = 12


def export(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Save to the folder in bfloat16. The given model is converted too."""
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=model.config.to_dict().get("decoder_start_token_id"),
        max_new_tokens=MAX_NEW_TOKENS,
        do_sample=False,
    )
    model.bfloat16().save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
