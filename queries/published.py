"""The paper's published numbers, as tables that queries join: `published_ablation`, `published_effective_scores`.

Source: Wang et al., "Sharing Matters: Analysing Neurons Across Languages and Tasks in LLMs", Tables 1 to 4.
"""

from pathlib import Path

import pyarrow as pa
from pyarrow import csv

_FOLDER = Path(__file__).parent / "published"


def _read(name: str) -> pa.Table:
    return csv.read_csv(
        _FOLDER / f"{name}.csv", convert_options=csv.ConvertOptions(strings_can_be_null=True)
    )


PUBLISHED = {f"published_{name}": _read(name) for name in ("ablation", "effective_scores")}
"""Table name -> its rows."""
