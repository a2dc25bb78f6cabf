"""The users of a server: who they are, what is kept of their passwords, how long they are logged in."""

import sqlite3
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Yinju
from ui.access import user as module
from ui.access.user import AccessError
from ui.access.users import FILE, Users

GOOD = "三只企鹅 and a lamp"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    made = Users(tmp_path)
    made.add("王芳", GOOD, "keeper")
    made.add("Ana", "otra contraseña", "reader")
    return made


def test_who_gives_the_right_password_is_known_and_no_one_else(users: Users) -> None:
    found = users.verified("王芳", GOOD)
    assert found is not None and (found.name, found.role) == ("王芳", "keeper")
    assert users.verified("王芳", GOOD + " ") is None
    assert users.verified("Ana", GOOD) is None
    assert users.verified("nobody", GOOD) is None


def test_a_name_is_one_whatever_its_case_and_width(users: Users) -> None:
    found = users.verified("ＡＮＡ", "otra contraseña")
    assert found is not None and found.name == "Ana"
    with pytest.raises(AccessError, match="there is a user ana already"):
        users.add("ana", GOOD, "reader")


def test_neither_passwords_nor_sessions_can_be_read_from_the_file(users: Users) -> None:
    found = users.named("王芳")
    assert found is not None
    token = users.begin(found)
    for file in users.path.parent.iterdir():
        content = file.read_bytes()
        assert GOOD.encode() not in content and token.encode() not in content
    assert b"$argon2id$" in b"".join(file.read_bytes() for file in users.path.parent.iterdir())
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600


def test_a_session_is_its_users_until_it_is_ended(users: Users) -> None:
    found = users.named("Ana")
    assert found is not None
    first, second = users.begin(found), users.begin(found)
    assert users.of(first) == users.of(second) == found
    users.end(first)
    assert users.of(first) is None and users.of(second) == found
    assert users.of("") is None and users.of("x" * 10_000) is None


@pytest.mark.parametrize("change", ["password", "role", "removed"])
def test_whoever_is_changed_is_logged_out_everywhere(users: Users, change: str) -> None:
    found = users.named("Ana")
    assert found is not None
    token = users.begin(found)
    with Users(users.path.parent) as other:  # as the command line does beside the server
        if change == "password":
            other.set_password("Ana", GOOD)
        elif change == "role":
            other.set_role("Ana", "keeper")
        else:
            other.remove("Ana")
    assert users.of(token) is None


def test_a_session_ends_unused_and_in_any_case_after_a_month(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    found = users.named("Ana")
    assert found is not None
    now = 1_000_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    token, unused = users.begin(found), users.begin(found)
    for _ in range(9):
        now += module.IDLE / 2
        assert (users.of(token) is not None) is (now < 1_000_000_000 + module.LASTS)
    assert users.of(token) is None and users.of(unused) is None


@pytest.mark.parametrize(
    ("name", "password", "role", "sentence"),
    [
        ("", GOOD, "reader", "cannot be a user's name"),
        ("a:b", GOOD, "reader", "cannot be a user's name"),
        ("a\u202eb", GOOD, "reader", "cannot be a user's name"),
        ("n" * 65, GOOD, "reader", "cannot be a user's name"),
        ("李明", "short", "reader", "has 5 characters; choose one of 8"),
        ("李明", "a" * 1001, "reader", "has 1001 characters"),
        ("李明", "aaaaaaaaaa", "reader", "too easy to guess"),
        ("lee the keeper", "Lee the  Keeper", "reader", "too easy to guess"),
        ("李明", GOOD, "owner", "'owner' is not a role; give reader"),
    ],
)
def test_what_cannot_be_is_one_sentence(users: Users, name: str, password: str, role: str, sentence: str) -> None:
    with pytest.raises(AccessError, match=sentence) as refused:
        users.add(name, password, role)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value) and password not in str(refused.value)
    assert len(users.all()) == 2


@given(name=st.text(max_size=80), password=st.text(max_size=40))
@settings(max_examples=25, deadline=None)
def test_any_name_and_password_is_refused_in_a_sentence_or_works(tmp_path_factory: pytest.TempPathFactory, name: str, password: str) -> None:
    with Users(tmp_path_factory.mktemp("users")) as users:
        assert users.verified(name, password) is None and users.named(name) is None
        try:
            users.add(name, password, "reader")
        except AccessError:
            return
        assert users.verified(name, password) is not None


def test_a_file_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database, but it is long enough to be looked at" * 40)
    with pytest.raises(AccessError, match=r"users.db cannot be used .* nobody is let in"):
        Users(tmp_path)


def test_a_newer_file_is_not_touched(users: Users) -> None:
    users.close()
    with sqlite3.connect(users.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(AccessError, match="made by a newer version"):
        Users(users.path.parent)


def test_who_removes_the_last_user_has_not_opened_the_door(users: Users) -> None:
    users.remove("Ana")
    users.remove("王芳")
    with Users(users.path.parent) as again:
        assert again and again.all() == []


def test_users_are_kept_by_the_command_line(sample_library: Path, tmp_path: Path, yinju: Yinju) -> None:
    import shutil
    import subprocess
    import sys

    from tests.conftest import ROOT

    library = tmp_path / "library"
    shutil.copytree(sample_library, library)

    def given_password(*arguments: str, password: str = GOOD) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ui", "users", *arguments, "--password-stdin", "--library", str(library)]
        return subprocess.run(command, input=password + "\n", capture_output=True, text=True, cwd=ROOT)

    done = given_password("add", "王芳", "--role", "keeper")
    assert done.returncode == 0 and "restart yinju serve" in done.stdout
    assert given_password("add", "王芳").returncode == 2
    assert given_password("add", "李明", password="x").stderr.startswith("yinju: the password has 1 characters")
    assert "王芳\tkeeper" in yinju("users", "list", "--library", library).stdout
    assert yinju("users", "role", "王芳", "reader", "--library", library).returncode == 0
    assert yinju("users", "remove", "李明", "--library", library).returncode == 2
    refused = yinju("users", "add", "李明", "--library", library)
    assert refused.returncode == 2 and "--password-stdin" in refused.stderr
