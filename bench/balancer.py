"""Two real servers behind the nginx of this machine: readers in the page and programs, sent where docs/nginx-cluster.conf says, and in turn.

    python -m bench.balancer [sticky] [turn]

Each of six readers opens the page as a browser does and asks four questions in it; each of three programs asks four. What counts is
an answer within a minute and a half.
"""

import asyncio
import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from bench.load import Server

ROOT = Path(__file__).parents[1]
CONF = ROOT / "docs" / "nginx-cluster.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
READERS, PROGRAMS, ASKED, PATIENCE = 6, 3, 4, 90


def conf_here(folder: Path, ports: Sequence[int], port: int, sticky: bool = True) -> Path:
    """docs/nginx-cluster.conf for this machine: these servers, without Docker's names, and all that nginx writes in a folder."""
    text = CONF.read_text("utf8").replace("listen 8080", f"listen 127.0.0.1:{port}").replace("resolver 127.0.0.11 valid=10s;\n", "")
    servers = "".join(f"    server 127.0.0.1:{each} max_fails=2 fail_timeout=10s;\n" for each in ports)
    text = re.sub(r"(?m)(^    server yinju-\d+:7860 resolve.*\n)+", servers, text)
    if not sticky:
        text = text.replace("    hash $way consistent;\n", "")
    temporary = "".join(f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = folder / "nginx.conf"
    file.write_text(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\nhttp {{ access_log off; {temporary}\n{text} }}")
    return file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def reader(address: str, questions: Sequence[str]) -> int:
    """How many were answered in the page."""
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        browser: Any = SimpleNamespace(client=client)
        try:
            await client.get("/", headers={"accept": "text/html"})
            event = await Server.page(browser)
        except (httpx.HTTPError, KeyError, ValueError, StopIteration):
            return 0
        session = secrets.token_hex(6)
        return sum([await answered(Server.in_page(browser, event, session, each)) for each in questions])


async def program(address: str, questions: Sequence[str]) -> int:
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        caller: Any = SimpleNamespace(client=client)
        return sum([await answered(Server.by_program(caller, each)) for each in questions])


async def answered(asking: Any) -> bool:
    try:
        return bool(await asyncio.wait_for(asking, PATIENCE))
    except (httpx.HTTPError, TimeoutError, KeyError, IndexError, ValueError):
        return False


async def crowd(address: str, questions: Sequence[str]) -> tuple[int, int]:
    some = [questions[number : number + ASKED] for number in range(READERS)]
    done = await asyncio.gather(*(reader(address, each) for each in some), *(program(address, each) for each in some[:PROGRAMS]))
    return sum(done[:READERS]), sum(done[READERS:])


def main(kinds: Sequence[str]) -> None:
    if NGINX is None:
        print("nothing measured: nginx is not installed")
        return
    sample = ROOT / "corpus" / "sample"
    questions = [json.loads(line)["question"] for line in (sample / "questions.jsonl").read_text("utf8").splitlines()]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        libraries, ports = [Path(folder) / each / "library" for each in ("one", "two")], [free_port(), free_port()]
        subprocess.run([sys.executable, "-m", "ui", "index", str(sample), "--library", str(libraries[0])], check=True, capture_output=True)
        shutil.copytree(*libraries)
        for library, port in zip(libraries, ports, strict=True):
            command = [sys.executable, "-m", "ui", "serve", "--library", str(library), "--port", str(port), "--quiet"]
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stack.callback(server.wait)
            stack.callback(server.terminate)
            assert server.stdout is not None and "http" in server.stdout.readline()
        print("| sent | answered in the page | answered to programs |\n| --- | --- | --- |")
        for kind in kinds or ("sticky", "turn"):
            place, port = Path(folder) / kind, free_port()
            place.mkdir()
            nginx = subprocess.Popen([NGINX, "-c", str(conf_here(place, ports, port, kind == "sticky")), "-e", f"{place}/error.log"])
            httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=20).get(f"http://127.0.0.1:{port}/nginx-health")
            pages, programs = asyncio.run(crowd(f"http://127.0.0.1:{port}", questions))
            print(f"| {kind} | {pages} of {READERS * ASKED} | {programs} of {PROGRAMS * ASKED} |", flush=True)
            nginx.terminate()
            nginx.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
