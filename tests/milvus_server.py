"""A Milvus of its own process, for tests of what happens between machines: Milvus Lite behind its network server."""

import socket
import subprocess
import sys
import time
from pathlib import Path

# The server's own folder names stand in no test: whoever asks knows an address alone.
READY = 60.0
RUN = "from milvus_lite.adapter.grpc.server import run_server; import sys; run_server(sys.argv[1], '127.0.0.1', int(sys.argv[2]))"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MilvusServer:
    """Its data stay where they are when it is stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, name: str = "library") -> str:
        return f"milvus://127.0.0.1:{self.port}/{name}"

    def start(self) -> "MilvusServer":
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(self.folder), str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + READY
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self._process.poll() is None, "the server did not start"
            time.sleep(0.05)
        raise AssertionError("the server did not start in time")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
