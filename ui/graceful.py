"""Stopping: answers under way are finished and sent, those that wait are told; pages that are merely open keep nobody."""

import asyncio
import socket
import time

import uvicorn

from ui.access.room import Room

# Seconds that answers under way have, and in which what is done is sent.
GRACE, SENDING = 10.0, 0.5


class GracefulServer(uvicorn.Server):
    """Uvicorn waits for every open connection, and an open page always has one."""

    def __init__(self, config: uvicorn.Config, room: Room) -> None:
        super().__init__(config)
        self._room = room

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        had = self._room.running + self._room.waiting
        self._room.close()
        began = time.monotonic()
        while self._room.running and time.monotonic() - began < GRACE and not self.force_exit:
            await asyncio.sleep(0.05)
        if had:
            await asyncio.sleep(SENDING)
        await super().shutdown(sockets)
