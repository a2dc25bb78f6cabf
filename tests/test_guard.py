"""The guard where the disk of `users.db` has no room, and where it takes long to answer."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from tests.test_faults_disk import fill
from tests.test_library import mounted
from ui.access import guard as guard_module
from ui.access.attempts import Attempts
from ui.access.caller import Caller, caller_in
from ui.access.guard import Guard, Rules
from ui.access.user import AccessError
from ui.access.users import User, Users
from ui.watch.failures import Failing

WHO = ("王芳", "三只企鹅 and a lamp")
SENTENCE = {"detail": "sessions cannot be begun or ended just now: the server's disk cannot be written; tell who runs it"}


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(caller_in(scope).name)(scope, receive, send)
    assert Request(scope).method == "GET"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Path, Users]]:
    """A disk of little room, and users on it."""
    with mounted(tmp_path / "disk", "400k"), Users(tmp_path / "disk") as users:
        users.add(*WHO, "reader")
        yield tmp_path / "disk", users


def client_of(users: Users, rules: Rules | None = None) -> TestClient:
    return TestClient(Guard({"reader": page, "keeper": page}, users, rules or Rules()))


# A name with other letters than Latin ones goes into the header as bytes.
def with_password(client: TestClient) -> httpx.Response:
    return client.get("/", auth=tuple(each.encode() for each in WHO))  # type: ignore[arg-type]


def test_a_program_whose_session_cannot_be_kept_is_told_so_and_comes_in_when_there_is_room(small: tuple[Path, Users]) -> None:
    disk, users = small
    client = client_of(users)
    ballast = fill(disk)
    refused = with_password(client)
    assert (refused.status_code, refused.json()) == (503, SENTENCE)
    assert client.get("/", auth=("nobody", "x")).status_code == 401
    ballast.unlink()
    assert with_password(client).text == WHO[0]


def test_who_logs_in_or_out_by_program_is_told_the_same(small: tuple[Path, Users]) -> None:
    disk, users = small
    client = client_of(users)
    form = {"username": WHO[0], "password": WHO[1]}
    assert client.post("/login", data=form).status_code == 200
    ballast = fill(disk)
    for refused in (client.post("/login", data=form), client.post("/logout", follow_redirects=False)):
        assert (refused.status_code, refused.json()) == (503, SENTENCE)
    ballast.unlink()
    assert client.post("/logout", follow_redirects=False).status_code == 303


def test_on_a_disk_that_may_only_be_read_nobody_is_let_in_and_it_is_said_why(small: tuple[Path, Users]) -> None:
    disk, users = small
    users.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(AccessError, match=r"cannot be used \(.*\); nobody is let in\. Mend its rights"):
        Users(disk)
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    with Users(disk) as again:
        assert with_password(client_of(again)).text == WHO[0]


def test_while_a_name_that_a_proxy_gives_is_looked_up_others_are_served(tmp_path: Path) -> None:
    class Slow(Users):
        def named(self, name: str) -> User | None:
            time.sleep(2)
            return super().named(name)

    async def both(users: Users) -> tuple[str, float]:
        guard = Guard({"reader": page, "keeper": page}, users, Rules(header="X-Remote-User"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://here") as client:
            asking = asyncio.create_task(client.get("/", headers={"X-Remote-User": "Ana"}))
            longest = 0.0
            while not asking.done():
                began = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)
            return (await asking).text, longest

    with Slow(tmp_path) as users:
        users.add("Ana", WHO[1], "keeper")
        name, longest = asyncio.run(both(users))
    assert name == "Ana" and longest < 1.5


def test_a_name_spelt_otherwise_and_a_neighbouring_address_are_counted_together() -> None:
    attempts = Attempts()
    for name in ("admin", "ADMIN ", "ａdmin", " admin", "admin\u3000"):
        attempts.failed(name, "192.0.2.1")
    assert attempts.wait("Admin", "192.0.2.1") > 0 and attempts.wait("admin", "192.0.2.2") == 0
    attempts = Attempts()
    for number in range(30):
        attempts.failed(f"name {number}", f"2001:db8::{number + 1:x}")
    assert attempts.wait("other", "2001:db8::ffff") > 0 and attempts.wait("other", "2001:db8:0:1::1") == 0
    # Who comes by IPv4 to a socket of both is counted as anywhere else.
    for number in range(30):
        attempts.failed(f"name {number}", f"::ffff:192.0.2.{number}")
    assert attempts.wait("other", "::ffff:192.0.2.99") == 0
    assert Caller("", "reader", "::ffff:192.0.2.1").key == Caller("", "reader", "192.0.2.1").key


def test_a_name_that_comes_twice_names_nobody(tmp_path: Path) -> None:
    with Users(tmp_path) as users:
        users.add(*WHO, "keeper")
        by_proxy = client_of(users, Rules(header="X-Remote-User", proxies=("testclient",)))
        one, other = ("X-Remote-User", "Ana"), ("x-remote-user", "boss")
        assert by_proxy.get("/", headers=[one]).text == "Ana"
        for twice in ([one, other], [other, one], [one, one], [one, ("X-Remote-User", "")]):
            refused = by_proxy.get("/", headers=twice)
            assert refused.status_code == 400 and "more than once" in refused.json()["detail"]
        # From elsewhere it is not looked at, however often it comes.
        assert client_of(users, Rules(header="X-Remote-User", proxies=("192.0.2.1",))).get("/", headers=[one, other]).status_code == 401


@pytest.mark.parametrize("change", ["logged out", "removed", "another role", "nothing", "users cannot be read"])
def test_a_stream_ends_when_who_opened_it_is_no_longer_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setattr(guard_module, "LOOKED", 0.0)
    ended = False

    with Users(tmp_path) as users:
        users.add("Ana", WHO[1], "reader")
        found = users.named("Ana")
        assert found is not None
        token = users.begin(found)

        def happens() -> None:
            if change == "logged out":
                users.end(token)
            elif change == "removed":
                users.remove("Ana")
            elif change == "another role":
                users.set_role("Ana", "keeper")
            elif change == "users cannot be read":
                monkeypatch.setattr(users, "of", unread)

        def unread(_: str) -> None:
            raise AccessError("not now")

        async def told() -> AsyncIterator[str]:
            nonlocal ended
            for number in range(3):
                await asyncio.sleep(0.01)
                yield f"data: {number}\n\n"
                if number == 0:
                    happens()
            ended = True

        async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
            await StreamingResponse(told(), media_type="text/event-stream")(scope, receive, send)

        guard = Guard({"reader": streaming, "keeper": streaming}, users, Rules(guests=True))
        app = Failing(guard)
        client = TestClient(app, cookies={guard._cookie: token})
        text = client.get("/").text
    goes_on = change in ("nothing", "users cannot be read")
    assert ended is goes_on and text == ("data: 0\n\ndata: 1\n\ndata: 2\n\n" if goes_on else "data: 0\n\n")
