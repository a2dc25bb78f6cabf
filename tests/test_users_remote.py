"""Users and their sessions in Milvus: who logs in at one process is known at the other, and who is logged out, nowhere."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from corpus.milvus.library import MilvusLibrary
from tests.cheap import cheap_store
from tests.conftest import ROOT
from tests.milvus_server import MilvusServer
from ui.access import users_remote
from ui.access.user import IDLE, LASTS, AccessError
from ui.access.users_remote import RemoteUsers
from ui.keeping import users_of

GOOD = "三只企鹅 and a lamp"


@pytest.fixture(scope="module")
def library(milvus: MilvusServer) -> Iterator[MilvusLibrary]:
    with cheap_store(milvus.address("users")) as opened:
        assert isinstance(opened, MilvusLibrary)
        yield opened


@pytest.fixture
def users(library: MilvusLibrary) -> RemoteUsers:
    library.records.delete([each.id for each in library.records.where('kind != "meta"')])
    made = users_of(library)
    assert isinstance(made, RemoteUsers) and not made
    made.add("王芳", GOOD, "keeper")
    made.add("Ana", "otra contraseña", "reader")
    return made


def test_who_logs_in_at_one_process_is_known_at_the_other_until_logged_out(users: RemoteUsers, library: MilvusLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    other = users_of(library)
    assert other and other.mark == users.mark and [each.name for each in other.all()] == ["Ana", "王芳"]
    assert users.verified("王芳", GOOD + " ") is users.verified("nobody", GOOD) is other.named("nobody") is None
    found = users.verified("ＡＮＡ", "otra contraseña")
    assert found is not None and found == other.named("ana") and found.role == "reader"
    first, second = users.begin(found), users.begin(found)
    assert other.of(first) == users.of(second) == found
    assert other.of("") is None and other.of("x" * 10_000) is None and other.of("' or '' == '") is None
    users.end(first)
    assert users.of(first) is None and users.of(second) == found
    assert other.of(first) == found, "what was read holds for a moment"
    monkeypatch.setattr(users_remote, "HOLDS", 0.0)
    other._remembered.clear()  # type: ignore[attr-defined]
    assert other.of(first) is None and other.of(second) == found


@pytest.mark.parametrize("change", ["password", "role", "removed"])
def test_whoever_is_changed_is_logged_out_everywhere_after_a_moment(users: RemoteUsers, library: MilvusLibrary, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users_remote, "HOLDS", 0.2)
    found = users.named("Ana")
    assert found is not None
    token = users.begin(found)
    assert users.of(token) == found
    other = users_of(library)
    if change == "password":
        other.set_password("Ana", GOOD)
        assert users.verified("Ana", GOOD) is not None and users.verified("Ana", "otra contraseña") is None
    elif change == "role":
        other.set_role("Ana", "keeper")
        time.sleep(0.3)
        changed = users.named("Ana")
        assert changed is not None and changed.role == "keeper" and changed.created == found.created
    else:
        other.remove("Ana")
        with pytest.raises(AccessError, match="there is no user Ana"):
            other.set_role("Ana", "keeper")
    time.sleep(0.3)
    assert users.of(token) is None
    assert library.records.count('kind in ["session", "session-used"]') == 0


def test_a_session_that_was_not_taken_away_when_its_user_changed_is_none(users: RemoteUsers, library: MilvusLibrary) -> None:
    """A process that is killed between the two writes of a change leaves the sessions there."""
    found = users.named("Ana")
    assert found is not None
    token = users.begin(found)
    rows = library.records.where('kind in ["session", "session-used"]')
    users.set_role("Ana", "keeper")
    library.records.put(rows)
    assert users.of(token) is None


def test_a_session_ends_unused_and_in_any_case_after_a_month(users: RemoteUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users_remote, "HOLDS", 0.0)
    found = users.named("Ana")
    assert found is not None
    now = 1_000_000_000.0
    monkeypatch.setattr(users_remote, "time", SimpleNamespace(time=lambda: now, monotonic=time.monotonic))
    token, unused = users.begin(found), users.begin(found)
    for _ in range(9):
        now += IDLE / 2
        assert (users.of(token) is not None) is (now < 1_000_000_000 + LASTS)
    assert users.of(token) is None and users.of(unused) is None


def test_noting_that_a_session_is_used_brings_none_back(users: RemoteUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users_remote, "HOLDS", 0.0)
    monkeypatch.setattr(users_remote, "NOTED", 0)
    found = users.named("Ana")
    assert found is not None
    token, put = users.begin(found), users._put

    def ended_first(*records: object) -> None:
        users.end(token)
        put(*records)  # type: ignore[arg-type]

    monkeypatch.setattr(users, "_put", ended_first)
    users.of(token)
    assert users.of(token) is None


def test_neither_passwords_nor_sessions_can_be_read_from_the_records(users: RemoteUsers, library: MilvusLibrary) -> None:
    found = users.named("王芳")
    assert found is not None
    token = users.begin(found)
    kept = repr(library.records.where('kind != ""'))
    assert GOOD not in kept and token not in kept and "$argon2id$" in kept


def test_a_name_is_taken_once_and_the_door_stays_shut(users: RemoteUsers, library: MilvusLibrary) -> None:
    with pytest.raises(AccessError, match="there is a user ana already"):
        users.add("ana", GOOD, "reader")
    with pytest.raises(AccessError, match="'owner' is not a role"):
        users.add("李明", GOOD, "owner")  # type: ignore[arg-type]
    users.remove("Ana")
    users.remove("王芳")
    again = users_of(library)
    assert again and again.all() == []


def test_two_consoles_do_not_change_users_at_the_same_moment(users: RemoteUsers) -> None:
    with users._changing(), pytest.raises(AccessError, match=r"another process .* is changing the users of .*; wait"):
        users.set_role("Ana", "keeper")


def test_a_milvus_that_is_away_lets_nobody_in_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.keeping.PATIENCE", 1.0)
    server = MilvusServer(tmp_path / "data").start()
    try:
        with cheap_store(server.address()) as library:
            command = [sys.executable, "-m", "ui", "users", "add", "王芳", "--role", "keeper", "--password-stdin", "--library", server.address()]
            done = subprocess.run(command, input=GOOD + "\n", capture_output=True, text=True, cwd=ROOT)
            assert done.returncode == 0 and "everybody logs in" in done.stdout, done.stderr
            users = users_of(library)
            found = users.verified("王芳", GOOD)
            assert users and found is not None and found.role == "keeper"
            token = users.begin(found)
            server.kill()
            for attempt in (lambda: users.of(token), lambda: users.verified("王芳", GOOD), lambda: users_of(library)):
                with pytest.raises(AccessError, match=r"nobody is let in: .* cannot be reached") as said:
                    attempt()
                assert "\n" not in str(said.value)
    finally:
        server.kill()
