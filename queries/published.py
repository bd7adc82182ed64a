"""The paper's published numbers as tables for queries: `published_ablation`, `published_effective_scores`.

Source: Wang et al., "Sharing Matters: Analysing Neurons Across Languages and Tasks in LLMs", Tables 1 to 4.
"""

from functools import cache
from pathlib import Path

import pyarrow as pa

NAMES = frozenset({"published_ablation", "published_effective_scores"})


@cache
def published(name: str) -> pa.Table:
    """The rows of one of `NAMES`."""
    from pyarrow import csv

    path = Path(__file__).parent / "published" / f"{name.removeprefix('published_')}.csv"
    options = csv.ConvertOptions(strings_can_be_null=True)
    return csv.read_csv(path, convert_options=options)
