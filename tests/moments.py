"""Random moments at which tests disturb what is under way."""

import random
import time
from dataclasses import dataclass


@dataclass
class Moments:
    """Random moments while something is at work, however busy the machine is: four or five of six are in time."""

    chance: random.Random
    lasts: float
    """Seconds that the work is expected to last."""
    earliest: float = 0.0
    """Seconds before the first moment."""
    hit: int = 0
    """How many were in time."""

    def sleep(self) -> None:
        """Until the next moment."""
        time.sleep(self.chance.uniform(self.earliest, max(self.earliest, self.lasts)))

    def note(self, in_time: bool) -> None:
        """Whether the work was still under way; the next moment may then be later, otherwise it is sooner."""
        self.hit += in_time
        self.lasts *= 1.02 if in_time else 0.9
