"""Numbers of a model that are NaN or infinite: what to say of them, and logits that no answer may be read from."""

from torch import Tensor

from neurontui.store.errors import MeasureError


def not_finite(what: str, dtype: str) -> str:
    """Predicate of a sentence, with advice. what: plural; dtype: float32 and so on."""
    advice = (
        "its weights may be damaged, so download them again"
        if dtype == "float32"
        else "use --dtype float32 or bfloat16"
    )
    return f"{what} are not finite in {dtype}; {advice}"


def are_finite(logits: Tensor, mask: Tensor | None = None) -> bool:
    """Whether logits (..., V) have a likeliest token: no NaN, and a largest one that is finite; -inf is a logit.

    mask: (...), 0 for logits that do not count.
    """
    finite = logits.amax(-1).isfinite()
    return bool(finite.all() if mask is None else (finite | (mask == 0).to(finite.device)).all())


def require_finite(logits: Tensor, name: str, dtype: str, mask: Tensor | None = None, *, changed: bool = False) -> None:
    """Raise MeasureError for logits from which no answer could be read; see `are_finite`.

    changed: whether neurons of the model are changed in the pass, as in an ablation.
    """
    if are_finite(logits, mask):
        return
    if changed:
        raise MeasureError(
            f"With neurons changed, logits of '{name}' are not finite in {dtype}, so there is no answer; use other "
            "values for the neurons, or another dtype."
        )
    raise MeasureError(f"'{name}' gives no answer: {not_finite('logits', dtype)}.")
