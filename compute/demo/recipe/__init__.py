"""How the demo was made, repeatable: `python -m neurontui.compute.demo.recipe`."""
