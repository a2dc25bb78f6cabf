"""A user of a server, what a name and a password must be, and what keeps users and their sessions, wherever that is.

`ui.access.users` keeps them in a file beside the library's folder, `ui.access.users_remote` in the library's Milvus. In both,
passwords are argon2id hashes (RFC 9106), and sessions the SHA-256 of their token: who reads them can use neither.
"""

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, Protocol, get_args
from unicodedata import category, normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from corpus.errors import YinjuError

Role = Literal["reader", "keeper"]
# Characters. NIST SP 800-63B asks for eight at least, and for room.
SHORTEST, LONGEST, LONGEST_NAME = 8, 1000, 64
# Seconds that a session lasts unused, and at most; and after which its use is written down again.
IDLE, LASTS, NOTED = 7 * 86400, 30 * 86400, 600


class AccessError(YinjuError):
    """A user cannot be added, changed or found, or the users cannot be read."""


@dataclass(frozen=True)
class User:
    """A person: `reader` may ask, `keeper` may also add and remove documents and evaluate. `created` is UTC, ISO 8601."""

    name: str
    role: Role
    created: str = ""


class Accounts(Protocol):
    """The users of a server and their sessions; `ui.access.users.Users` says what each of these does.

    `mark` tells them from those of another server. True where anybody has been added, ever.
    """

    @property
    def mark(self) -> str: ...

    def close(self) -> None: ...

    def __enter__(self) -> "Accounts": ...

    def __exit__(self, *_: object) -> None: ...

    def __bool__(self) -> bool: ...

    def add(self, name: str, password: str, role: Role) -> None: ...

    def set_password(self, name: str, password: str) -> None: ...

    def set_role(self, name: str, role: Role) -> None: ...

    def remove(self, name: str) -> None: ...

    def all(self) -> list[User]: ...

    def named(self, name: str) -> User | None: ...

    def verified(self, name: str, password: str) -> User | None: ...

    def begin(self, user: User) -> str: ...

    def of(self, token: str) -> User | None: ...

    def end(self, token: str) -> None: ...


class Passwords:
    """Makes and checks hashes; may be used by many threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        # An argon2 hash takes 64 MB: one at a time.
        self._hashing = threading.Lock()
        # What the password of nobody is held against, so that a name that is not here takes as long as one that is.
        self._nobody: str | None = None

    def hashed(self, name: str, password: str) -> str:
        """Raises AccessError where the password is too short, too long, or too easy to guess."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccessError(f"the password has {len(password)} characters; choose one of {SHORTEST} to {LONGEST}")
        if key_of(password) == key_of(name) or len(set(password)) < 3:
            raise AccessError("the password is too easy to guess; choose another one, a few unrelated words are good")
        with self._hashing:
            return self._hasher.hash(password)

    def is_right(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password of that hash; None is that of nobody, and never is."""
        with self._hashing:
            if self._nobody is None:
                self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
            try:
                self._hasher.verify(hashed or self._nobody, password[: LONGEST + 1])
            except (VerifyMismatchError, InvalidHashError):
                return False
        return hashed is not None


def checked_name(name: str) -> str:
    """A name as it is shown. Raises AccessError where it is none."""
    name = " ".join(normalize("NFC", name).split())
    if not 1 <= len(name) <= LONGEST_NAME or ":" in name or any(category(each)[0] == "C" for each in name):
        raise AccessError(f"{name!r} cannot be a user's name; take 1 to {LONGEST_NAME} printable characters without a colon")
    return name


def key_of(name: str) -> str:
    """A name as it is looked up: whatever its case, width and white space."""
    return " ".join(normalize("NFKC", name.encode("utf8", "replace").decode()).casefold().split())


def checked_role(role: str) -> Role:
    if role not in get_args(Role):
        raise AccessError(f"{role!r} is not a role; give reader (who asks) or keeper (who also adds, removes and evaluates)")
    return "keeper" if role == "keeper" else "reader"


def taken(name: str) -> AccessError:
    return AccessError(f"there is a user {name} already; change the password with: yinju users password {name}")


def unknown(name: str) -> AccessError:
    return AccessError(f"there is no user {name}; see: yinju users list")


def new_token() -> str:
    """Of a session; only the browser has it."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    return sha256(token.encode("utf8", "replace")).digest()


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
