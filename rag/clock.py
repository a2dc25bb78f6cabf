"""How long each stage of a question takes."""

import time
from collections.abc import Callable


class Clock:
    """Milliseconds between stops, by stage, and altogether."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._began = self._last = now()
        self._stages: dict[str, float] = {}

    def stop(self, stage: str) -> None:
        moment = self._now()
        self._stages[stage] = self._stages.get(stage, 0.0) + (moment - self._last) * 1000
        self._last = moment

    def timings(self) -> dict[str, float]:
        return self._stages | {"total": (self._now() - self._began) * 1000}
