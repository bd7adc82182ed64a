"""Distances between languages as the table `language_distances`, from the data files of the package `urielplus`.

Source: the database URIEL (Littell et al., 2017) as distributed with URIEL+ (Khan et al., 2025), CC BY-SA 4.0. The
files are read here because importing the package takes seconds, configures logging and writes into its own folder.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store.errors import InputError
from neurontui.store.languages.tags import language_tag

MIN_FEATURES = 10
"""Typological distances need so many features known of both languages, because the angle of fewer is mostly chance."""

_FILES = {
    "family_features.npz": {"genetic": ("F_", 1)},
    "geocoord_features.npz": {"geographic": ("GC_", 1)},
    "features.npz": {
        "syntactic": ("S_", MIN_FEATURES),
        "phonological": ("P_", MIN_FEATURES),
        "inventory": ("INV_", MIN_FEATURES),
    },
}
"""Kinds of distances by file: prefix of the features, and the smallest number of them that two languages must share."""
_SCHEMA = pa.schema(
    [
        ("language", pa.string()),
        ("other", pa.string()),
        ("kind", pa.string()),
        ("distance", pa.float64()),
        ("n_features", pa.int64()),
    ]
)

Array = NDArray[Any]
Distances = list[list[float | None]]


@lru_cache(maxsize=8)
def language_distances(codes: tuple[str, ...]) -> pa.Table:
    """Every pair of `codes` in both orders, by kind: distance (0 to 1; NULL if unknown) and number of shared features.

    Empty if `urielplus` is not installed. Raises InputError for a damaged installation.
    """
    folder = _folder()
    if folder is None:
        return _SCHEMA.empty_table()
    uriel = [_iso_639_3(code) for code in codes]
    rows = [
        {"language": a, "other": b, "kind": kind, "distance": distances[i][j], "n_features": int(shared[i, j])}
        for name, kinds in _FILES.items()
        for kind, distances, shared in _distances(folder / name, kinds, uriel)
        for i, a in enumerate(codes)
        for j, b in enumerate(codes)
        if i != j
    ]
    return pa.Table.from_pylist(rows, _SCHEMA)


def _folder() -> Path | None:
    """The folder of URIEL's files; None if the package is not installed. The package itself is not imported."""
    spec = find_spec("urielplus")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "database" / "original_uriel"


def _iso_639_3(code: str) -> str | None:
    """URIEL's code of a language, without script and region: zho for zh-Hant. None for an unknown code."""
    from langcodes import Language

    language = language_tag(code).language
    return Language.get(language).to_alpha3() if language else None


def _distances(
    path: Path, kinds: dict[str, tuple[str, int]], uriel: list[str | None]
) -> Iterator[tuple[str, Distances, Array]]:
    """(kind, distances, numbers of shared features) of one file."""
    names, values = _features(path, uriel)
    for kind, (prefix, least) in kinds.items():
        yield kind, *_angles(values[:, np.char.startswith(names, prefix)], uriel, least)


def _features(path: Path, uriel: list[str | None]) -> tuple[Array, Array]:
    """(F,) names and (P, F) values: a feature is the maximum of its sources; nan if none knows it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            rows = {code: row for row, code in enumerate(file["langs"].tolist())}
            names, data = file["feats"], file["data"].max(axis=2)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise InputError(
            f"The language distances in {path} cannot be read ({error}); reinstall them: "
            "pip install --force-reinstall 'neurontui[distances]'."
        ) from error
    values = np.full((len(uriel), len(names)), np.nan)
    for place, code in enumerate(uriel):
        if code in rows:
            values[place] = data[rows[code]]
    return names, np.where(values < 0, np.nan, values)


def _angles(features: Array, uriel: list[str | None], least: int) -> tuple[Distances, Array]:
    """(P, P) angles between the vectors of two languages, over the features known of both, and the number of these.

    An angle is divided by a right angle, so that 1 means nothing in common, and rounded to four digits as by
    `urielplus`, so that equal distances are equal. It is None with fewer than `least` features, and if all features of
    a language are 0, because the angle is then undefined. `urielplus` takes 1 for all features of such a language, for
    example of one without a family in URIEL.
    """
    known = np.isfinite(features).astype(float)
    values = np.nan_to_num(features)
    shared = known @ known.T
    squares = values**2 @ known.T
    norms = np.sqrt(squares * squares.T)
    cosines = np.divide(values @ values.T, norms, out=np.zeros_like(norms), where=norms > 0)
    angles = np.round(2 * np.arccos(np.clip(cosines, 0, 1)) / np.pi, 4)
    usable = (shared >= least) & (norms > 0)
    distances = [
        [(0.0 if a == b else float(angles[i, j])) if usable[i, j] else None for j, b in enumerate(uriel)]
        for i, a in enumerate(uriel)
    ]
    return distances, shared
