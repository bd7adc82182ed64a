"""How the demo's model, tokenizer and task files were made: `python -m neurontui.compute.demo.recipe`."""
