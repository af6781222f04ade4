"""When to ask a failing feed again."""

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Waits that double from `first` to `longest` (s), each drawn anew so that askers don't march in step.

    A wait is between `least` of its bound and all of it: 0 is full jitter, 0.5 a wait that is really one.

    >>> backoff = Backoff(first=1.0, longest=3.0, least=1.0)
    >>> [backoff.failed(), backoff.failed(), backoff.failed()]
    [1.0, 2.0, 3.0]
    >>> backoff.succeeded()
    >>> backoff.failed()
    1.0
    """

    first: float = 1.0
    longest: float = 300.0
    least: float = 0.0
    draw: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        bound = min(self.longest, self.first * 2.0 ** min(self.failures, 60))
        self.failures += 1
        return bound * (self.least + (1 - self.least) * self.draw.random())

    def succeeded(self) -> None:
        self.failures = 0
