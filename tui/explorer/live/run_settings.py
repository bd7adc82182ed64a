"""The settings of a run that a live prompt needs, from the queries `runs` and `run-settings`."""

import pyarrow as pa

from neurontui.compute.live.messages import ModelSettings
from neurontui.tui.explorer.run_catalog import RunInfo


def settings_of(run: RunInfo, table: pa.Table, model: str | None) -> ModelSettings:
    """How the run's model is loaded. model: hub id or folder to use instead; table: rows of `run-settings`."""
    rows = table.to_pylist()
    named = {row["name"]: row["value"] for row in rows if row["part"] == "setting"}
    revision = run.get("revision")
    on_hub = str(run.get("model")) if revision is not None else None
    return ModelSettings(
        model=model or on_hub,
        name=str(run.get("model")),
        digest=named.get("model_digest"),
        revision=None if model else revision,
        dtype=run.get("dtype"),
        bos=named.get("bos"),
        chat=named.get("chat") == "true",
        system=named.get("system"),
        activation=named.get("activation") or "gate",
        threshold=run.threshold,
        weight=named.get("weight") or "product",
        post_norm=named.get("post_norm") != "false",
        token=named.get("token") or "last",
        encoder_token=named.get("encoder_token") or "last",
    )
