"""Snapshots of every view of every screen, of two runs compared, and of every dialog, at 80x24.

After a change, look at the report, then run `pytest tests/tui/explorer/test_view_snapshots.py --snapshot-update`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driving import NARROW, explorer_of, page_of, press, settle

VIEWS = {
    "layers-lines": "2 s",
    "layers-active": "2 s s",
    "layers-stacked": "2 s s s",
    "layers-by-languages": "2 v",
    "layers-by-threshold": "2 v v",
    "layers-every-token": "2 v v v",
    "layers-right-or-wrong": "2 v v v v",
    "layers-one-language": "2 L O",
    "layers-two-runs": "2 c down enter",
    "layers-difference": "2 c down enter d",
    "languages-sharing": "3",
    "languages-specific": "3 v j",
    "languages-partial": "3 v v l",
    "languages-against-chance": "3 v v v j",
    "languages-lift": "3 m",
    "languages-by-distance": "3 V j",
    "persistence-by-size": "5 v",
    "persistence-filtered": "5 f u b",
    "neuron-next": "6 right_square_bracket",
    "attribution-one-neuron": "7 v",
    "attribution-all-neurons": "7 v v",
    "attribution-largest-effect": "7 v v v",
    "attribution-effective-scores": "7 v v v v",
    "attribution-one-language": "7 u",
    "ablation-bars": "8 v",
    "ablation-controls": "8 v v",
    "ablation-dose": "8 v v v",
    "ablation-rank": "8 r",
    "ablation-invalid": "8 r r r",
    "examples-wrong": "4 w w",
}
INTERVENTIONS = {
    "ablation-matrix": ("selected", "ablation", "matrix", ""),
    "ablation-matrix-control": ("selected", "ablation", "matrix", "d d"),
    "ablation-values": ("valued", "ablation", "values", ""),
    "ablation-patching": ("valued", "ablation", "patching", ""),
    "ablation-steering": ("steered", "ablation", "steering", "w"),
    "ablation-steering-logprob": ("steered", "ablation", "steering", "w d d"),
    "attribution-truth": ("truth", "attribution", "exact effects", ""),
}
"""File, screen, view and keys."""
DIALOGS = {
    "ask": "6 o",
    "export": "2 e",
    "help": "2 question_mark",
    "full-text": "4 f",
    "compare": "2 c",
    "schema": "9 escape d",
    "search": "4 slash z",
}


@pytest.mark.parametrize("keys", [pytest.param(keys, id=name) for name, keys in {**VIEWS, **DIALOGS}.items()])
def test_view(
    keys: str,
    demo_runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    monkeypatch.chdir(demo_runs.parent)
    monkeypatch.setenv("NEURONTUI_CONFIG", "/config")

    async def drive(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, *keys.split())
        pilot.app.screen.set_class(False, "-hover")
        for folder in pilot.app.screen.query("#folder"):
            assert isinstance(folder, Input)
            folder.value = "/results"
        await settle(pilot)

    assert snap_compare(explorer_of(demo_runs, run=1), terminal_size=NARROW, run_before=drive)


@pytest.mark.parametrize("view", [pytest.param(view, id=name) for name, view in INTERVENTIONS.items()])
def test_view_of_interventions(
    view: tuple[str, str, str, str],
    interventions: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
) -> None:
    kind, screen, name, keys = view
    monkeypatch.chdir(interventions[kind].parent)
    monkeypatch.setenv("NEURONTUI_CONFIG", "/config")

    async def drive(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, {"ablation": "8", "attribution": "7"}[screen])
        page_of(pilot).choose_view(name)
        page_of(pilot).update()
        await settle(pilot)
        await press(pilot, *keys.split())
        await settle(pilot)

    assert snap_compare(explorer_of(interventions[kind]), terminal_size=NARROW, run_before=drive)
