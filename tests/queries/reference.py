"""What the queries have to return, from raw arrays and the paper's equations: NumPy only, nothing from the queries."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.queries.raw_run import RawRun

Array = NDArray[Any]


def active(run: RawRun, layer: int, codes: list[str], threshold: float = 0.0) -> Array:
    """(E, P', d): active at the last token in the chosen languages."""
    places = [p for p, code in enumerate(run.languages) if code in codes]
    return run.activations[layer][:, places] > threshold


def types(acts: Array) -> dict[str, Array]:
    """(E, d) booleans of each type that is defined, from (E, P', d) activity, Eq. 3 to 6."""
    P = acts.shape[1]
    count = acts.sum(axis=1)
    neuron_types = {"non-activated": count == 0, "all-shared": count == P}
    if P > 1:
        neuron_types["specific"] = count == 1
    if P > 2:
        neuron_types["partial-shared"] = (count > 1) & (count < P)
    return neuron_types


def student_t(degrees: int, level: float = 0.95) -> float:
    """Two-sided quantile of Student's t, by bisection over its numerically integrated density."""
    low, high = 0.0, 400.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(middle, degrees) < level else (low, middle)
    return low


_student_t = cache(student_t)


def student_tail(values: tuple[float, float, float], degrees: int) -> float:
    """Two-sided p-value of an estimate from its 95 % interval; nan without one."""
    if degrees < 1:
        return math.nan
    return 1 - _inside(abs(values[0]) / (values[2] - values[0]) * _student_t(degrees, 0.95), degrees)


def _inside(t: float, degrees: int) -> float:
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    x = np.linspace(-t, t, 20001)
    return float(np.trapezoid(scale * (1 + x * x / degrees) ** (-(degrees + 1) / 2), x))


def jackknife(
    folds: tuple[int, ...], estimate: Callable[[Array], float], level: float = 0.95, degrees: int = 0
) -> tuple[float, float, float]:
    """Estimate from all examples, and its interval: the estimate again without each fold.

    degrees: those of Student's t; 0: the number of folds minus one.
    """
    fold = np.array(folds)
    whole = estimate(np.ones(len(fold), bool))
    present = sorted(set(folds))
    g = len(present)
    if g < 2:
        return whole, math.nan, math.nan
    without = np.array([estimate(fold != j) for j in present])
    variance = (g - 1) / g * ((without - without.mean()) ** 2).sum()
    half = _student_t(degrees or g - 1, level) * math.sqrt(variance)
    return whole, whole - half, whole + half


def ratio(numerator: Array, denominator: Array) -> Callable[[Array], float]:
    """Estimate 100 × a ratio of sums over the kept examples; both (E,)."""

    def estimate(kept: Array) -> float:
        total = denominator[kept].sum()
        return float(100 * numerator[kept].sum() / total) if total else math.nan

    return estimate


def type_ratio(
    run: RawRun, layers: list[int], codes: list[str], name: str, threshold: float = 0.0
) -> tuple[float, ...]:
    """Eq. 7 and 8 over the neurons of these layers: mean over examples, low, high; nan where it is undefined."""
    counts, sizes = np.zeros(len(run.folds)), 0
    for layer in layers:
        acts = active(run, layer, codes, threshold)
        if name not in types(acts):
            return math.nan, math.nan, math.nan
        counts = counts + types(acts)[name].sum(axis=1)
        sizes += acts.shape[2]
    return jackknife(run.folds, lambda kept: float(np.mean(100 * counts[kept] / sizes)))
