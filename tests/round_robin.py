"""A load balancer that knows nothing: each request goes to the next server, whoever asks and whatever for.

A server that cannot be reached is left out for that request. Like nginx it says from whom a request comes (`X-Forwarded-For`).
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

LONGEST_HEAD = 1 << 16


class RoundRobin:
    """`ports` of this machine, taken in turn; `sent` says which got each request, with its first line."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = list(ports)
        self._next = 0
        self.sent: list[tuple[int, str]] = []
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait(10)
        self.address = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._one, "127.0.0.1", 0, limit=LONGEST_HEAD))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: the server is told to end it with its answer."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            lines = [each for each in lines if not each.lower().startswith(("connection:", "keep-alive:"))]
            lines += ["Connection: close", f"X-Forwarded-For: {writer.get_extra_info('peername')[0]}"]
            first_tried = self._next
            self._next += 1
            for tried in range(len(self._ports)):
                port = self._ports[(first_tried + tried) % len(self._ports)]
                with suppress(OSError):
                    back, forth = await asyncio.open_connection("127.0.0.1", port)
                    break
            else:
                raise ConnectionError
            self.sent.append((port, first))
            forth.write("\r\n".join([first, *lines, "", ""]).encode("latin1"))
            sending = asyncio.create_task(_copied(reader, forth))
            await _copied(back, writer)
            sending.cancel()
            forth.close()
        writer.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(1 << 16):
            writer.write(part)
            await writer.drain()
