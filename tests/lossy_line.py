"""A line between two processes that is slow, stalls as where packets are lost and sent again, and is cut now and then."""

import random
import socket
import threading
import time
from contextlib import suppress


class LossyLine:
    """Listens on `port` and passes on to another port of this machine, of each connection at most `longest` pieces a way; `cuts` counts those that it
    cut."""

    def __init__(self, to: int, seed: int = 0, delay: float = 0.004, stalls: float = 0.02, longest: int = 200) -> None:
        self._to, self._delay, self._stalls, self._longest = to, delay, stalls, longest
        self._chance = random.Random(seed)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        left = self._chance.randint(self._longest // 4, self._longest)
        with suppress(OSError):
            while data := one.recv(65536):
                time.sleep(self._chance.uniform(0, self._delay))
                if self._chance.random() < self._stalls:
                    time.sleep(0.2)  # as long as a lost packet takes to be sent again
                left -= 1
                if not left:
                    self.cuts += 1
                    other.sendall(data[: len(data) // 2])
                    break
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
