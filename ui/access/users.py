"""The users of a server and their sessions, in `users.db` beside its first library.

Where nobody has been added there is no file, and no password is asked for.
"""

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from corpus.database import Database
from ui.access.user import (
    IDLE,
    LASTS,
    NOTED,
    AccessError,
    Passwords,
    Role,
    User,
    checked_name,
    checked_role,
    digest,
    key_of,
    new_token,
    now_text,
    taken,
    unknown,
)

FILE = "users.db"
FORMAT = 1

TABLES = """
CREATE TABLE user (key TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE session (
    token BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user ON DELETE CASCADE, began REAL NOT NULL, used REAL NOT NULL
);
CREATE INDEX session_of_user ON session (user);
"""


class Users:
    """The users beside a library; may be used by many threads and several processes."""

    def __init__(self, folder: str | Path) -> None:
        """Raises AccessError where the file is there and cannot be read: then nobody gets in."""
        self.path = Path(folder) / FILE
        self._database: Database | None = None
        self._passwords = Passwords()
        if self.path.exists():
            self._database = _opened(self.path)

    @property
    def mark(self) -> str:
        """What tells these users from those of another server of this machine."""
        return str(self.path.resolve())

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
        name, hashed = checked_name(name), self._passwords.hashed(name, password)
        with self._made().changing() as connection:
            if connection.execute("SELECT 1 FROM user WHERE key = ?", (key_of(name),)).fetchone():
                raise taken(name)
            connection.execute("INSERT INTO user VALUES (?, ?, ?, ?, ?)", (key_of(name), name, checked_role(role), hashed, now_text()))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, and end all of the user's sessions."""
        self._change(name, "hash", self._passwords.hashed(checked_name(name), password))

    def set_role(self, name: str, role: Role) -> None:
        self._change(name, "role", checked_role(role))

    def remove(self, name: str) -> None:
        """Take a user away, with all sessions."""
        with self._made().changing() as connection:
            if not connection.execute("DELETE FROM user WHERE key = ?", (key_of(name),)).rowcount:
                raise unknown(name)

    def all(self) -> list[User]:
        return [_user(row) for row in self._rows("SELECT name, role, created FROM user ORDER BY key")]

    def named(self, name: str) -> User | None:
        rows = self._rows("SELECT name, role, created FROM user WHERE key = ?", (key_of(name),))
        return _user(rows[0]) if rows else None

    def verified(self, name: str, password: str) -> User | None:
        """The user of that name, if this is the password."""
        rows = self._rows("SELECT name, role, created, hash FROM user WHERE key = ?", (key_of(name),))
        right = self._passwords.is_right(str(rows[0][3]) if rows else None, password)
        return _user(rows[0]) if right else None

    # Sessions

    def begin(self, user: User) -> str:
        """A new session's token, which only the browser has."""
        token, now = new_token(), time.time()
        with self._made().changing() as connection:
            connection.execute("DELETE FROM session WHERE used < ? OR began < ?", (now - IDLE, now - LASTS))
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (digest(token), key_of(user.name), now, now))
        return token

    def of(self, token: str) -> User | None:
        """Whose session it is; None where it has ended, or never was."""
        now = time.time()
        query = (
            "SELECT name, role, created, used FROM session JOIN user ON session.user = user.key "
            "WHERE token = ? AND used > ? AND began > ?"
        )
        rows = self._rows(query, (digest(token), now - IDLE, now - LASTS))
        if not rows:
            return None
        if not now - NOTED < float(str(rows[0][3])) <= now:
            # A full disk ends no session.
            with suppress(sqlite3.Error), self._made().changing() as connection:
                connection.execute("UPDATE session SET used = ? WHERE token = ?", (now, digest(token)))
        return _user(rows[0])

    def end(self, token: str) -> None:
        with self._made().changing() as connection:
            connection.execute("DELETE FROM session WHERE token = ?", (digest(token),))

    def _change(self, name: str, column: Literal["hash", "role"], value: str) -> None:
        with self._made().changing() as connection:
            if not connection.execute(f"UPDATE user SET {column} = ? WHERE key = ?", (value, key_of(name))).rowcount:
                raise unknown(name)
            connection.execute("DELETE FROM session WHERE user = ?", (key_of(name),))

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


def _user(row: tuple[object, ...]) -> User:
    return User(str(row[0]), "keeper" if row[1] == "keeper" else "reader", str(row[2]))
