"""A server with users, as those who keep an archive for others run it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conftest import ROOT
from tests.test_browser import Served
from ui.access.users import Users

KEEPER, READER, OTHER = ("王芳", "三只企鹅 and a lamp"), ("Ana", "otra contraseña"), ("李明", "四个苹果 and a door")


class ServedUsers(Served):
    """`options` are further options of `yinju serve`; what it logs is in `log`."""

    def __init__(self, sample: Path, folder: Path, *options: str, users: bool = True) -> None:
        library = folder / "library"
        shutil.copytree(sample, library)
        if users:
            with Users(library) as made:
                made.add(*KEEPER, "keeper")
                made.add(*READER, "reader")
                made.add(*OTHER, "reader")
        self.options = options
        self.log = folder / "log"
        super().__init__(library)

    def start(self) -> None:
        command = [sys.executable, "-m", *self.command(), "--port", str(self.port), *self.options]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None and "http" in self.process.stdout.readline()

    @contextmanager
    def client(self, who: tuple[str, str] | None = None, **headers: str) -> Iterator[httpx.Client]:
        """A browser's requests, logged in by the form where `who` is given."""
        with httpx.Client(base_url=self.address, headers=headers, timeout=30) as client:
            if who is not None:
                done = client.post("/login", data={"username": who[0], "password": who[1]})
                assert done.status_code == 200, done.text
            yield client
