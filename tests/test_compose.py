"""compose.yaml, the Dockerfile and nginx before several servers: nothing floats, nothing is secret, nothing is open; what can be tried without Docker is."""

import re
import subprocess
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bench.balancer import NGINX, conf_here, free_port
from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf8")
CLUSTER = (ROOT / "docs" / "nginx-cluster.conf").read_text("utf8")
SERVERS = [name for name in SERVICES if name.startswith("yinju-")]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE)).splitlines()
    return [(name, rest) for name, _, rest in (line.strip().partition(" ") for line in lines if line.strip())]


def of(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


# What is run.


@pytest.mark.parametrize("image", [*(each["image"] for each in SERVICES.values()), *(re.split(r"\s", each)[0] for each in of("FROM"))])
def test_every_image_is_of_one_version(image: str) -> None:
    tag = image.rpartition("/")[2].partition(":")[2]
    assert re.search(r"\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}", tag), f"{image} may be another one tomorrow"


def test_milvus_is_of_the_line_that_its_client_is_of() -> None:
    client = re.search(r"(?m)^pymilvus==(\d+\.\d+)", (ROOT / "constraints.txt").read_text("utf8"))
    assert client is not None
    assert SERVICES["milvus"]["image"].startswith(f"milvusdb/milvus:v{client[1]}.")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_bounds_is_looked_after_and_gains_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"] and service["restart"] == "unless-stopped"
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert "healthcheck" in service or (name in SERVERS and of("HEALTHCHECK"))


def test_whoever_needs_another_waits_until_it_is_well() -> None:
    for service in SERVICES.values():
        assert all(each == {"condition": "service_healthy"} for each in service.get("depends_on", {}).values())
    assert set(SERVICES["milvus"]["depends_on"]) == {"etcd", "minio"} and set(SERVICES["yinju-1"]["depends_on"]) == {"milvus"}


def test_only_nginx_can_be_reached_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"nginx"} and all(each.startswith("127.0.0.1:") for each in ports["nginx"])
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["back"] for name in ("etcd", "minio", "milvus"))


def test_no_secret_stands_in_it() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY|USER", key) and key != "MINIO_ADDRESS":
                assert re.fullmatch(r"(root:)?\$\{\w+:\?[^}]+\}", value), f"{name}: {key} must come from the environment"
    assert "minioadmin" not in (ROOT / "compose.yaml").read_text() and not of("ARG")
    assert not re.search(r"(?i)password|token|secret", DOCKERFILE)


def test_the_servers_write_to_their_volumes_and_nowhere_else() -> None:
    for name in [*SERVERS, "nginx"]:
        assert SERVICES[name]["read_only"] is True and all("size=" in each for each in SERVICES[name]["tmpfs"])
    mounted = [each.partition(":")[0] for service in SERVICES.values() for each in service["volumes"]]
    assert {each for each in mounted if each.isidentifier()} == set(COMPOSE["volumes"])
    assert all((ROOT / each).exists() for each in mounted if each.startswith("./"))


def test_the_proxy_that_servers_believe_is_nginx_at_the_address_that_it_has() -> None:
    address = SERVICES["nginx"]["networks"]["front"]["ipv4_address"]
    for name in SERVERS:
        command = SERVICES[name]["command"]
        assert command[command.index("--trusted-proxy") + 1] == address and "--insecure-public" not in command
    assert sorted(re.findall(r"server (yinju-\d+):7860", CLUSTER)) == sorted(SERVERS) and len(SERVERS) >= 2


# What is built.


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    kept = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [each.rstrip("/") for copy in of("COPY") if not copy.startswith("--from") for each in copy.split()[:-1]]
    assert len(sources) > 8
    for each in sources:
        assert (ROOT / each).exists() and each in kept, each
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {each.rstrip("*") for each in packages} <= set(sources)


@pytest.mark.parametrize("command", of("RUN"))
def test_every_step_is_a_sentence_that_the_shell_can_read(command: str) -> None:
    done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_installed_that_is_not_listed_with_its_hash_and_nothing_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages, ours = (each for each in of("RUN") if "pip install" in each)
    split, wheels, sources = packages.split("&&")
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(wheels.split()) and "-r wheels.lock" in wheels
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(sources.split()) and "-r sources.lock" in sources
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        (tmp_path / "supply").mkdir()
        lock = (ROOT / "supply" / "requirements.lock").read_text("utf8")
        (tmp_path / "supply" / "requirements.lock").write_text(lock)
        subprocess.run(["sh", "-c", split], check=True)
    # All that is listed, and of what comes without wheels nothing but that.
    parts = [(tmp_path / name).read_text() for name in ("wheels.lock", "sources.lock")]
    assert re.findall(r"(?m)^[a-z].*", parts[1]) == re.findall(r"(?m)^jieba==.*", lock) and len(parts[1].splitlines()) > 1
    assert sorted("".join(parts).splitlines()) == sorted(line for line in lock.splitlines() if not line.startswith("#"))
    assert {"--no-deps", "--no-build-isolation", "."} <= set(ours.split())


def test_what_only_tests_need_is_taken_out_again() -> None:
    dev = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["dev"]
    (command,) = (each for each in of("RUN") if "pip uninstall" in each)
    # Milvus in a file serves libraries too where it is asked for, and tests.
    gone = set(re.split(r"[\s&]+", command))
    assert {re.split(r"[\s<>=;\[]", each)[0] for each in dev} - {"milvus-lite", "ray"} <= gone


def test_it_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    last = [name for name, _ in instructions()]
    assert of("USER") == ["10001:10001"] and last.index("USER") > len(last) - last[::-1].index("FROM") - 1
    assert "/health" in of("HEALTHCHECK")[0] and of("ENTRYPOINT") == ['["yinju"]'] and not re.search("insecure", DOCKERFILE)


# Who is sent where. The nginx of this machine, with the servers' addresses put in.

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@contextmanager
def named(name: str) -> Iterator[ThreadingHTTPServer]:
    """A server that answers with its name."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(name)))
            self.end_headers()
            self.wfile.write(name.encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def balanced(folder: Path, ports: list[int]) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([str(NGINX), "-c", str(conf_here(folder, ports, port)), "-e", f"{folder}/error.log"])
    try:
        address = f"http://127.0.0.1:{port}"
        httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=20).get(f"{address}/nginx-health")
        yield address
    finally:
        process.terminate()
        process.wait(10)


PAGE = {"accept": "text/html,application/xhtml+xml"}


@needs_nginx
def test_a_reader_stays_with_one_server_and_readers_are_spread(tmp_path: Path) -> None:
    with named("a") as a, named("b") as b, named("c") as c, balanced(tmp_path, [each.server_address[1] for each in (a, b, c)]) as address:
        first = Counter()
        for _ in range(60):
            with httpx.Client(base_url=address) as browser:
                opened = browser.get("/", headers=PAGE)
                cookie = opened.headers["set-cookie"]
                assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
                told = {browser.post("/gradio_api/queue/join", json={}).text, browser.get("/gradio_api/queue/data?session_hash=x").text, browser.get("/", headers=PAGE).text}
                assert told == {opened.text} and "set-cookie" not in browser.get("/", headers=PAGE).headers
                first[opened.text] += 1
        assert set(first) == {"a", "b", "c"} and max(first.values()) < 45


@needs_nginx
def test_a_program_without_cookies_finds_its_answer_where_it_asked(tmp_path: Path) -> None:
    with named("a") as a, named("b") as b, named("c") as c, balanced(tmp_path, [each.server_address[1] for each in (a, b, c)]) as address:
        logins = [{"authorization": f"Basic {each}"} for each in range(30)]
        told = [{httpx.request(how, f"{address}/gradio_api/call/ask", headers=each).text for how in ("POST", "GET", "GET")} for each in logins]
        assert all(len(each) == 1 for each in told) and len(set.union(*told)) == 3


@needs_nginx
def test_when_a_server_goes_only_its_readers_move(tmp_path: Path) -> None:
    with named("a") as a, named("b") as b, named("c") as c:
        ports = [each.server_address[1] for each in (a, b, c)]
        with balanced(tmp_path, ports) as address:
            ways = {f"reader-{each}": "" for each in range(60)}
            for way in ways:
                ways[way] = httpx.get(address, cookies={"yinju_way": way}).text
            c.shutdown()
            c.server_close()
            for way, before in ways.items():
                after = httpx.get(address, cookies={"yinju_way": way})
                assert after.status_code == 200 and (after.text == before if before != "c" else after.text in "ab")
            assert "c" in ways.values()
