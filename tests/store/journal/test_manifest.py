"""Manifests survive their round trip, and no malformed one gets further than a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.store.errors import StoreError
from neurontui.store.journal.journal import Journal, list_journals, read_manifest
from neurontui.store.journal.manifest import Manifest
from neurontui.store.journal.shards import write_sealed
from tests.store.made_up import MadeUp

GOOD = MadeUp().manifest
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_a_manifest_survives_its_round_trip() -> None:
    assert Manifest.from_json(GOOD.to_json()) == GOOD


@given(field=st.sampled_from(sorted(json.loads(GOOD.to_json()))), value=JSON)
@settings(max_examples=300, deadline=None)
def test_a_field_of_any_other_kind_is_refused_or_read(field: str, value: Any) -> None:
    raw = {**json.loads(GOOD.to_json()), field: value}
    try:
        read = Manifest.from_json(json.dumps(raw))
    except (ValueError, KeyError, TypeError):
        return
    assert Manifest.from_json(read.to_json()) == read


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"manifest": 5},
        {"manifest": "[" * 100_000},
        {"manifest": "{}"},
        {"manifest": GOOD.to_json().replace('"n_batches": 3', '"n_batches": 1000000000000000000')},
        {"manifest": GOOD.to_json().replace('"en"', '"de"')},
    ],
)
def test_a_malformed_manifest_is_reported_and_not_listed(content: dict[str, Any], results: Path) -> None:
    with Journal.open(results, GOOD) as journal:
        write_sealed(journal.path / "manifest.json", content)
    with pytest.raises(StoreError, match="no readable manifest"):
        read_manifest(journal.path)
    assert list_journals(results) == []


@pytest.mark.parametrize("languages", [(), tuple(f"l{n}" for n in range(65)), ("en", "en")])
def test_more_languages_than_bits_are_refused(languages: tuple[str, ...], results: Path) -> None:
    with pytest.raises(StoreError, match="cannot be stored"):
        Journal.open(results, MadeUp(languages=languages, examples=0).manifest)
    assert not results.parent.joinpath("results.duckdb.journal").exists()
