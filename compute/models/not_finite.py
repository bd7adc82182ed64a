"""What to say of a model whose numbers are not finite."""


def not_finite(dtype: str) -> str:
    """Predicate of a sentence about a layer, with advice; dtype: float32 and so on."""
    advice = (
        "its weights may be damaged, so download them again"
        if dtype == "float32"
        else "use --dtype float32 or bfloat16"
    )
    return f"activations or outputs are not finite in {dtype}; {advice}"
