"""Versions of packages, also where only the source folder is on Python's path."""

from importlib.metadata import version

from neurontui.store.versions import UNKNOWN, version_of


def test_versions_are_those_of_the_installed_packages() -> None:
    assert version_of("duckdb") == version("duckdb")
    assert version_of("neurontui") == version("neurontui")


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert version_of("no-such-package-of-anyone") == UNKNOWN
