"""Notes for readers of a run. They are (topic, text) pairs until they are stored in the table `notes`."""

from collections.abc import Collection

import pyarrow as pa

Note = tuple[str, str]
"""Topic and text."""


def notes_table(notes: Collection[Note]) -> dict[str, pa.Table]:
    """Shard table `notes`; empty without notes."""
    if not notes:
        return {}
    topics, texts = zip(*notes, strict=True)
    return {"notes": pa.table({"topic": topics, "text": texts})}
