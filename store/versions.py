"""Versions of installed packages."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


def version_of(package: str) -> str:
    """Version of an installed package; UNKNOWN where only its source folder is on Python's path."""
    try:
        return version(package)
    except PackageNotFoundError:
        return UNKNOWN
