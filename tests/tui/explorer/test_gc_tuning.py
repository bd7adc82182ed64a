"""Objects loaded at startup are frozen for the garbage collector, and unfrozen at the end."""

import gc

import pytest

from neurontui.tui.explorer.gc_tuning import freeze, seldom_collected


def test_what_was_there_at_the_start_is_out_of_sight_until_the_end() -> None:
    before = gc.get_freeze_count()
    with seldom_collected():
        assert not gc.isenabled()
        freeze()
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        assert frozen > before + 1000
        freeze()
        assert gc.get_freeze_count() <= frozen
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()


def test_a_failure_leaves_the_collector_at_work() -> None:
    with pytest.raises(ValueError, match="x"), seldom_collected():
        raise ValueError("x")
    assert gc.isenabled()


def test_nobody_else_is_kept_from_collecting() -> None:
    before = gc.get_freeze_count()
    freeze()
    assert gc.get_freeze_count() == before
