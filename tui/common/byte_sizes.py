"""Sizes in bytes as text."""


def size(n: float) -> str:
    """A number of bytes in the largest unit with a value above 1, such as 1.23 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(n) < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"
