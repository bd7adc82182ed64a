"""plotext ends the process on numbers it does not like; here it gets the worst, in a process of its own."""

import subprocess
import sys

PROGRAM = """
import math, random
from neurontui.tui.charts.terminal.braille import rasterise
random.seed(1)
worst = [math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0, -0.0, None, 1e30, 50.0]
for low, high in ((0.0, 100.0), (-1e-9, 1e-9), (0.0, 1e300), (1.0, 1.0), (5.0, -5.0), (math.nan, 1.0), (0.0, math.inf)):
    for width, height in ((0, 0), (1, 1), (57, 13), (300, 80), (-3, 5)):
        for n in (0, 1, 2, 30, 300):
            curves = [[random.choice(worst) for _ in range(n)] for _ in range(5)]
            dots = rasterise(curves, low, high, width, height)
            assert len(dots) == max(height, 0) and all(len(row) == max(width, 0) for row in dots)
print("alive")
"""


def test_nothing_makes_plotext_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "alive"
