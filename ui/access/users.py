"""The users of a server and their sessions, in `users.db` beside its first library.

Passwords are kept as argon2id hashes (RFC 9106), sessions by the SHA-256 of their token: who reads the file can use neither.
Where nobody has been added there is no file, and no password is asked for.
"""

import os
import secrets
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args
from unicodedata import category, normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from corpus.database import Database
from corpus.errors import YinjuError

Role = Literal["reader", "keeper"]
FILE = "users.db"
FORMAT = 1
# Characters. NIST SP 800-63B asks for eight at least, and for room.
SHORTEST, LONGEST, LONGEST_NAME = 8, 1000, 64
# Seconds that a session lasts unused, and at most; and after which its use is written down again.
IDLE, LASTS, NOTED = 7 * 86400, 30 * 86400, 600

TABLES = """
CREATE TABLE user (key TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE session (
    token BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user ON DELETE CASCADE, began REAL NOT NULL, used REAL NOT NULL
);
CREATE INDEX session_of_user ON session (user);
"""


class AccessError(YinjuError):
    """A user cannot be added, changed or found, or the file of users cannot be read."""


@dataclass(frozen=True)
class User:
    """A person: `reader` may ask, `keeper` may also add and remove documents and evaluate. `created` is UTC, ISO 8601."""

    name: str
    role: Role
    created: str = ""


class Users:
    """The users beside a library; may be used by many threads and several processes."""

    def __init__(self, folder: str | Path) -> None:
        """Raises AccessError where the file is there and cannot be read: then nobody gets in."""
        self.path = Path(folder) / FILE
        self._database: Database | None = None
        self._hasher = PasswordHasher()
        # An argon2 hash takes 64 MB: one at a time.
        self._hashing = threading.Lock()
        # What the password of nobody is held against, so that a name that is not here takes as long as one that is.
        self._nobody: str | None = None
        if self.path.exists():
            self._database = _opened(self.path)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> "Users":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __bool__(self) -> bool:
        """Whether anybody has been added, ever: who removes the last user has not opened the door."""
        return self._database is not None

    # Users

    def add(self, name: str, password: str, role: Role) -> None:
        """Raises AccessError where the name is taken or not one, or the password is too short."""
        name, hashed = _name(name), self._hash(name, password)
        with self._made().changing() as connection:
            if connection.execute("SELECT 1 FROM user WHERE key = ?", (_key(name),)).fetchone():
                raise AccessError(f"there is a user {name} already; change the password with: yinju users password {name}")
            connection.execute("INSERT INTO user VALUES (?, ?, ?, ?, ?)", (_key(name), name, _role(role), hashed, _now()))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, and end all of the user's sessions."""
        self._change(name, "hash", self._hash(_name(name), password))

    def set_role(self, name: str, role: Role) -> None:
        self._change(name, "role", _role(role))

    def remove(self, name: str) -> None:
        """Take a user away, with all sessions."""
        with self._made().changing() as connection:
            if not connection.execute("DELETE FROM user WHERE key = ?", (_key(name),)).rowcount:
                raise AccessError(_unknown(name))

    def all(self) -> list[User]:
        return [_user(row) for row in self._rows("SELECT name, role, created FROM user ORDER BY key")]

    def named(self, name: str) -> User | None:
        rows = self._rows("SELECT name, role, created FROM user WHERE key = ?", (_key(name),))
        return _user(rows[0]) if rows else None

    def verified(self, name: str, password: str) -> User | None:
        """The user of that name, if this is the password."""
        rows = self._rows("SELECT name, role, created, hash FROM user WHERE key = ?", (_key(name),))
        with self._hashing:
            if self._nobody is None:
                self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
            hashed = str(rows[0][3]) if rows else self._nobody
            try:
                self._hasher.verify(hashed, password[: LONGEST + 1])
            except (VerifyMismatchError, InvalidHashError):
                return None
        return _user(rows[0]) if rows else None

    # Sessions

    def begin(self, user: User) -> str:
        """A new session's token, which only the browser has."""
        token, now = secrets.token_urlsafe(32), time.time()
        with self._made().changing() as connection:
            connection.execute("DELETE FROM session WHERE used < ? OR began < ?", (now - IDLE, now - LASTS))
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (_digest(token), _key(user.name), now, now))
        return token

    def of(self, token: str) -> User | None:
        """Whose session it is; None where it has ended, or never was."""
        now = time.time()
        query = (
            "SELECT name, role, created, used FROM session JOIN user ON session.user = user.key "
            "WHERE token = ? AND used > ? AND began > ?"
        )
        rows = self._rows(query, (_digest(token), now - IDLE, now - LASTS))
        if not rows:
            return None
        if not now - NOTED < float(str(rows[0][3])) <= now:
            # A full disk ends no session.
            with suppress(sqlite3.Error), self._made().changing() as connection:
                connection.execute("UPDATE session SET used = ? WHERE token = ?", (now, _digest(token)))
        return _user(rows[0])

    def end(self, token: str) -> None:
        with self._made().changing() as connection:
            connection.execute("DELETE FROM session WHERE token = ?", (_digest(token),))

    def _change(self, name: str, column: Literal["hash", "role"], value: str) -> None:
        with self._made().changing() as connection:
            if not connection.execute(f"UPDATE user SET {column} = ? WHERE key = ?", (value, _key(name))).rowcount:
                raise AccessError(_unknown(name))
            connection.execute("DELETE FROM session WHERE user = ?", (_key(name),))

    def _hash(self, name: str, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccessError(f"the password has {len(password)} characters; choose one of {SHORTEST} to {LONGEST}")
        if _key(password) == _key(name) or len(set(password)) < 3:
            raise AccessError("the password is too easy to guess; choose another one, a few unrelated words are good")
        with self._hashing:
            return self._hasher.hash(password)

    def _made(self) -> Database:
        if self._database is None:
            self._database = _opened(self.path)
        return self._database

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        return self._database.rows(query, values) if self._database is not None else []


def _opened(path: Path) -> Database:
    try:
        if not path.exists():
            # Its owner's alone from the first moment.
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
        database = Database(connection)
        with database.changing():
            _make_tables(connection, path)
        return database
    except (OSError, sqlite3.Error) as reason:
        raise AccessError(
            f"{path} cannot be used ({reason}); nobody is let in. Mend its rights, or move it away and add the users again "
            "with: yinju users add NAME"
        ) from None


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    if version > FORMAT:
        raise AccessError(f"{path} was made by a newer version of Yinju; install that version to use it")
    if version == 0:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    with closing(connection.execute("SELECT key, name, role, hash, created FROM user LIMIT 1")):
        pass


def _name(name: str) -> str:
    name = " ".join(normalize("NFC", name).split())
    if not 1 <= len(name) <= LONGEST_NAME or ":" in name or any(category(each)[0] == "C" for each in name):
        raise AccessError(f"{name!r} cannot be a user's name; take 1 to {LONGEST_NAME} printable characters without a colon")
    return name


def _key(name: str) -> str:
    """A name as it is looked up: whatever its case, width and white space."""
    return " ".join(normalize("NFKC", name.encode("utf8", "replace").decode()).casefold().split())


def _role(role: str) -> str:
    if role not in get_args(Role):
        raise AccessError(f"{role!r} is not a role; give reader (who asks) or keeper (who also adds, removes and evaluates)")
    return role


def _user(row: tuple[object, ...]) -> User:
    return User(str(row[0]), "keeper" if row[1] == "keeper" else "reader", str(row[2]))


def _unknown(name: str) -> str:
    return f"there is no user {name}; see: yinju users list"


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf8", "replace")).digest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
