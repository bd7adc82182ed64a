"""Bytes for people."""


def size(n: float) -> str:
    """Bytes in the largest unit that leaves a number above 1, such as 1.23 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(n) < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"
