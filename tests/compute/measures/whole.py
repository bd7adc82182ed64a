"""All tables of a batch, measured whole or in parts, as the journal gets them."""

from collections.abc import Sequence

import pyarrow as pa
from torch import Tensor

from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.attribution import AttributionOptions, Scoring
from neurontui.compute.measures.masks import off_device, pack_tensor
from neurontui.compute.measures.notes import notes_table
from neurontui.compute.measures.types import TypeCounts, mask_rows
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.store.journal.manifest import Layer
from neurontui.store.journal.shards import fit

Tables = dict[str, pa.Table]


def types_tables(
    batch: Batch,
    capture: Capture,
    layers: Sequence[Layer],
    thresholds: Sequence[float],
    part: int = 100,
) -> Tables:
    """Masks and all counts, from parts of so many examples."""
    counts = TypeCounts(batch.languages, layers, thresholds)
    masks = [pack_tensor(each > thresholds[0]) for each in capture.activations]
    for start in range(0, len(batch.examples), part):
        here = slice(start, start + part)
        some = cut(capture, here, len(batch.languages), with_near_zero=start == 0)
        counts.add(batch.only(range(len(batch.examples))[here]), some, [m[here] for m in masks])
    rows = mask_rows(batch.indices, layers, off_device(masks))
    return {n: fit(n, table) for n, table in ({"activations": rows} | counts.tables()).items()}


def attribution_tables(
    batch: Batch,
    capture: Capture,
    loaded: LoadedModel,
    masks: Sequence[Tensor],
    targets: Targets,
    options: AttributionOptions,
    part: int = 100,
) -> Tables:
    """All scores, from parts of so many examples."""
    scoring = Scoring(loaded, batch.languages, options)
    pieces: dict[str, list[pa.Table]] = {}
    n_languages = len(batch.languages)
    for start in range(0, len(batch.examples), part):
        here = slice(start, start + part)
        rows = slice(start * n_languages, (start + part) * n_languages)
        tables, notes = scoring.add(
            batch.only(range(len(batch.examples))[here]),
            cut(capture, here, n_languages, with_near_zero=start == 0),
            [each[here] for each in masks],
            Targets(targets.rows[rows]),
        )
        for name, table in (tables | notes_table(notes)).items():
            pieces.setdefault(name, []).append(table)
    return {n: pa.concat_tables(each) for n, each in pieces.items()} | scoring.tables()


def cut(capture: Capture, here: slice, n_languages: int, *, with_near_zero: bool) -> Capture:
    """Some examples of a capture; its counts near the threshold, which know no example, go with the first."""
    counted = capture.active_tokens
    texts = capture.last_tokens[here.start * n_languages : here.stop * n_languages]
    return Capture(
        activations=[each[here] for each in capture.activations],
        weights=[each[here] for each in capture.weights],
        active_tokens=None if counted is None else [each[here] for each in counted],
        near_zero=[each * with_near_zero for each in capture.near_zero],
        n_tokens=capture.n_tokens[here],
        last_tokens=texts,
        scales={layer: scales[here] for layer, scales in capture.scales.items()},
    )
