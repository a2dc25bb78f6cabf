"""Who embeds what: workers ask, before they hand texts on, which of them are to be embedded.

Only the driver knows: what the library holds, and what another worker has been given already. A worker's question waits
in an actor on the driver's machine, where the driver fetches it: nothing but Ray's own connections is needed.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rag.cluster.rows import KEY, keys_of

# Seconds that the driver waits for a question before it looks whether it is to go on.
PATIENCE = 0.5


class Claims:
    """The texts that are being embedded, each for one group of files. May be used by several threads."""

    def __init__(self, held: Callable[[list[bytes]], set[bytes]]) -> None:
        """`held` says which keys' vectors are stored."""
        self._held = held
        self._lock = threading.Lock()
        self._group: dict[bytes, int] = {}
        self._of_group: defaultdict[int, list[bytes]] = defaultdict(list)
        self._stored: set[bytes] = set()

    def claim(self, group: int, keys: Sequence[bytes]) -> list[bool]:
        """Which of a group's texts it is to have embedded.

        Asked again, it answers the same, until the group is done: a task that was lost is run again, and what it gives must not differ.
        """
        with self._lock:
            unknown = [key for key in keys if key not in self._group]
        held = self._held(unknown)
        with self._lock:
            for key in unknown:
                if key not in held and key not in self._group:
                    self._group[key] = group
                    self._of_group[group].append(key)
            return [self._group.get(key) == group for key in keys]

    def stored(self, keys: Iterable[bytes]) -> None:
        with self._lock:
            self._stored.update(key for key in keys if key in self._group)

    def awaited(self, keys: Iterable[bytes]) -> list[bytes]:
        """Those that are being embedded."""
        with self._lock:
            return [key for key in keys if key in self._group and key not in self._stored]

    def done(self, before: int) -> None:
        """The groups before that one are done: what is stored of them is known by the library."""
        with self._lock:
            for group in [each for each in self._of_group if each < before]:
                left = []
                for key in self._of_group.pop(group):
                    if key in self._stored:
                        self._stored.discard(key)
                        del self._group[key]
                    else:
                        left.append(key)
                if left:
                    self._of_group[group] = left


class Desk:
    """The actor: questions of workers on one side, the driver on the other."""

    def __init__(self) -> None:
        self._asked: list[tuple[int, int, bytes]] = []
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._count = 0
        self._some = asyncio.Event()

    async def ask(self, group: int, keys: bytes) -> bytes:
        """A byte for each key: 1 where the group is to have it embedded."""
        self._count += 1
        number = self._count
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._asked.append((number, group, keys))
        self._some.set()
        try:
            return await self._answers[number]
        finally:
            del self._answers[number]

    async def questions(self) -> list[tuple[int, int, bytes]]:
        """All that has been asked since; waits for a question, but not long."""
        try:
            await asyncio.wait_for(self._some.wait(), PATIENCE)
        except TimeoutError:
            return []
        self._some.clear()
        asked, self._asked = self._asked, []
        return asked

    async def answer(self, answers: list[tuple[int, bytes]]) -> None:
        for number, each in answers:
            waiting = self._answers.get(number)
            if waiting is not None and not waiting.done():
                waiting.set_result(each)


class Clerk:
    """The driver's thread that answers."""

    def __init__(self, desk: Any, claims: Claims) -> None:
        self._desk = desk
        self._claims = claims
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="yinju clerk", daemon=True)

    def __enter__(self) -> "Clerk":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)

    def _serve(self) -> None:
        import ray

        while not self._ended.is_set():
            try:
                asked = ray.get(self._desk.questions.remote())
                answers = [(number, self._answer(group, keys)) for number, group, keys in asked]
                if answers:
                    ray.get(self._desk.answer.remote(answers))
            except ray.exceptions.RayError:  # the cluster is lost, which whoever waits for its rows is told
                return

    def _answer(self, group: int, joined: bytes) -> bytes:
        try:
            return bytes(self._claims.claim(group, keys_of(joined)))
        except Exception:  # a library that fails is told of where it is written; nobody is to wait for ever
            return bytes([1]) * (len(joined) // KEY)
