"""How often a wrong password may be tried: by one address, for one name from it, and for one name from anywhere."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from ui.access.caller import network_of
from ui.access.user import key_of

# NIST SP 800-63B, 5.2.2: no more than 100 for one account.
OF_NAME_HERE, OF_ADDRESS, OF_NAME = parse("5/minute"), parse("30/10 minutes"), parse("60/hour")


class Attempts:
    """Counts what failed; who got in is not counted."""

    def __init__(self) -> None:
        self._counted = MovingWindowRateLimiter(MemoryStorage())

    def wait(self, name: str, address: str) -> int:
        """Seconds until another attempt is taken; 0 where one is taken now."""
        waits = [
            self._counted.get_window_stats(limit, *key).reset_time - time.time()
            for limit, key in _counts(name, address)
            if not self._counted.test(limit, *key)
        ]
        return max(1, round(max(waits))) if waits else 0

    def failed(self, name: str, address: str) -> None:
        for limit, key in _counts(name, address):
            self._counted.hit(limit, *key)


def _counts(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    # As accounts are looked up, and callers told apart: one spelt otherwise, or a neighbouring address, is no other.
    name, address = key_of(name)[:200], network_of(address)
    return [(OF_NAME_HERE, ("here", address, name)), (OF_ADDRESS, ("address", address)), (OF_NAME, ("name", name))]
