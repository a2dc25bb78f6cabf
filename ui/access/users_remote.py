"""The users of a server and their sessions, in the Milvus of its first library: who logs in at one process is known at all.

Milvus has no transactions. So a user's row says by what `stamp` sessions of it are valid: another password, another role or a
removal is one row written, and all sessions of before have ended. When a session was last used is in a row of its own, so that
noting it brings no session back that ends at that moment.
"""

import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TypeVar

from corpus.errors import LibraryError
from corpus.milvus.lease import lease
from corpus.milvus.records import Record, Records, quoted
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

USER, SESSION, USED = "user", "session", "session-used"
# Says that somebody has been added, ever.
CLOSED = "access/closed"
# Seconds that what was read of a session or a name is taken for true without asking again; and how many of them are remembered.
HOLDS, REMEMBERED = 5.0, 10_000
FIELDS = ("id", "kind", "name", "label", "parent", "hash", "number", "data")
Given = TypeVar("Given")


class RemoteUsers:
    """As `ui.access.users.Users`, in the records of a library. May be used by many threads.

    Every method raises AccessError, too, where Milvus cannot be reached: then nobody gets in.
    """

    def __init__(self, records: Records, address: str, mark: str) -> None:
        self.mark = mark
        self._records = records
        self._address = address
        self._passwords = Passwords()
        self._remembering = threading.Lock()
        # By what was asked for: until when it holds (of the monotonic clock), and the user.
        self._remembered: OrderedDict[str, tuple[float, User]] = OrderedDict()
        self._closed = bool(self._get([CLOSED]))

    def close(self) -> None:
        """The connection is the library's."""

    def __enter__(self) -> "RemoteUsers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __bool__(self) -> bool:
        return self._closed

    # Users

    def add(self, name: str, password: str, role: Role) -> None:
        name, role, hashed = checked_name(name), checked_role(role), self._passwords.hashed(name, password)
        with self._changing():
            if self._row(name) is not None:
                raise taken(name)
            # First that one has to log in: whoever is added is never let in beside an open door.
            self._put(Record(CLOSED, "access"), _record(name, {"role": role, "hash": hashed, "created": now_text()}))
        self._closed = True

    def set_password(self, name: str, password: str) -> None:
        self._change(name, "hash", self._passwords.hashed(checked_name(name), password))

    def set_role(self, name: str, role: Role) -> None:
        self._change(name, "role", checked_role(role))

    def remove(self, name: str) -> None:
        with self._changing():
            row = self._required(name)
            self._delete(row.id)
            self._end_all(row)

    def all(self) -> list[User]:
        rows = self._where(f'kind == "{USER}"')
        return [_user(each) for each in sorted(rows, key=lambda each: each.label)]

    def named(self, name: str) -> User | None:
        key = f"name {_key(name)}"
        if (known := self._known(key)) is not None:
            return known
        row = self._row(name)
        return self._remember(key, _user(row)) if row else None

    def verified(self, name: str, password: str) -> User | None:
        row = self._row(name)
        right = self._passwords.is_right(str(_said(row)["hash"]) if row else None, password)
        return _user(row) if row and right else None

    # Sessions

    def begin(self, user: User) -> str:
        token, now = new_token(), int(time.time())
        row = self._required(user.name)
        over = self._where(f'kind == "{SESSION}" and parent == {quoted(row.parent)} and number < {now - LASTS}')
        self._delete(*(f"{kind}/{each.name}" for each in over for kind in (SESSION, USED)))
        name = digest(token).hex()
        self._put(Record(f"{SESSION}/{name}", SESSION, name, parent=row.parent, hash=row.hash, number=now), _used(name, row.parent, now))
        return token

    def of(self, token: str) -> User | None:
        """At each request; asked of Milvus every few seconds only (`HOLDS`)."""
        name, now = digest(token).hex(), int(time.time())
        if (known := self._known(name)) is not None:
            return known
        rows = {each.id: each for each in self._get([f"{SESSION}/{name}", f"{USED}/{name}"])}
        session, used = rows.get(f"{SESSION}/{name}"), rows.get(f"{USED}/{name}")
        if session is None or session.number <= now - LASTS or (used or session).number <= now - IDLE:
            return None
        found = self._get([f"{USER}/{session.parent}"])
        if not found or found[0].hash != session.hash:
            return None
        if not now - NOTED < (used or session).number <= now:
            with suppress(AccessError):  # a full Milvus ends no session
                self._put(_used(name, session.parent, now))
        return self._remember(name, _user(found[0]))

    def end(self, token: str) -> None:
        name = digest(token).hex()
        self._delete(f"{SESSION}/{name}", f"{USED}/{name}")
        with self._remembering:
            self._remembered.pop(name, None)

    # Parts

    def _change(self, name: str, key: str, value: str) -> None:
        with self._changing():
            row = self._required(name)
            self._put(_record(row.name, _said(row) | {key: value}))
            self._end_all(row)

    def _end_all(self, user: Record) -> None:
        """Take a user's sessions away; they have ended already, and nobody here remembers them."""
        with self._remembering:
            self._remembered.clear()
        rows = self._where(f'kind in ["{SESSION}", "{USED}"] and parent == {quoted(user.parent)}')
        self._delete(*(each.id for each in rows))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change of users at a time, of any machine."""
        try:
            with lease(self._records, self._address, "lease/users", "changing the users of"):
                yield
        except LibraryError as reason:
            raise AccessError(str(reason)) from None

    def _row(self, name: str) -> Record | None:
        rows = self._get([f"{USER}/{_key(name)}"])
        return rows[0] if rows else None

    def _required(self, name: str) -> Record:
        row = self._row(name)
        if row is None:
            raise unknown(name)
        return row

    def _known(self, key: str) -> User | None:
        with self._remembering:
            until, user = self._remembered.get(key, (0.0, None))
        return user if time.monotonic() < until else None

    def _remember(self, key: str, user: User) -> User:
        with self._remembering:
            self._remembered[key] = time.monotonic() + HOLDS, user
            self._remembered.move_to_end(key)
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return user

    def _get(self, keys: list[str]) -> list[Record]:
        return _explained(lambda: self._records.get(keys, FIELDS))

    def _where(self, condition: str) -> list[Record]:
        return _explained(lambda: self._records.where(condition, FIELDS))

    def _put(self, *records: Record) -> None:
        _explained(lambda: self._records.put(records))

    def _delete(self, *keys: str) -> None:
        _explained(lambda: self._records.delete(keys))


def _explained(call: Callable[[], Given]) -> Given:
    try:
        return call()
    except LibraryError as reason:
        raise AccessError(f"the users cannot be read or changed, and nobody is let in: {reason}") from None


def _key(name: str) -> str:
    """A name as it is looked up, in so many characters as a field holds."""
    return blake2b(key_of(name).encode(), digest_size=32).hexdigest()


def _record(name: str, said: dict[str, str]) -> Record:
    """A user's row, by which no session of before is valid."""
    key = _key(name)
    return Record(f"{USER}/{key}", USER, name, key_of(name), key, secrets.token_hex(16), data=json.dumps(said))


def _used(name: str, parent: str, now: int) -> Record:
    return Record(f"{USED}/{name}", USED, name, parent=parent, number=now)


def _said(record: Record) -> dict[str, str]:
    return dict(json.loads(record.data))


def _user(record: Record) -> User:
    said = _said(record)
    return User(record.name, "keeper" if said["role"] == "keeper" else "reader", said["created"])
