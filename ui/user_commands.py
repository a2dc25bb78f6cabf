"""Who may use the server: `yinju users add`, `list`, `password`, `role`, `remove`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, cast

import typer

from corpus.errors import YinjuError
from ui.options import DEFAULT, JsonOption, LibraryOption
from ui.printing import print_json

if TYPE_CHECKING:
    from ui.access.user import Accounts, Role

users_app = typer.Typer(help="Who may use the server of this library.", no_args_is_help=True)
InputOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input, its first line.")]


def register(app: typer.Typer) -> None:
    app.add_typer(users_app, name="users")


@users_app.command("add")
def add(
    name: str,
    role: Annotated[str, typer.Option(help="reader (asks) or keeper (also adds, removes, evaluates).")] = "reader",
    library: LibraryOption = DEFAULT,
    password_stdin: InputOption = False,
) -> None:
    """Add a user; from the first one on, everybody logs in.

    Example: yinju users add 王芳 --role keeper
    """
    with _users(library) as users:
        first = not users
        users.add(name, _password(password_stdin), cast("Role", role))
    print(f"added {name}" + ("; restart yinju serve where it runs: from now on everybody logs in" if first else ""))


@users_app.command("list")
def listed(library: LibraryOption = DEFAULT, as_json: JsonOption = False) -> None:
    """The users, a line each.

    Example: yinju users list
    """
    from dataclasses import asdict

    with _users(library) as users:
        found = users.all()
    if as_json:
        print_json({"users": [asdict(each) for each in found]})
        return
    for each in found:
        print(f"{each.name}\t{each.role}\tsince {each.created[:10]}")


@users_app.command("password")
def password(name: str, library: LibraryOption = DEFAULT, password_stdin: InputOption = False) -> None:
    """Give a user another password, and end the user's sessions.

    Example: yinju users password 王芳
    """
    with _users(library) as users:
        users.set_password(name, _password(password_stdin))
    print(f"{name} has another password")


@users_app.command("role")
def role(name: str, role: str, library: LibraryOption = DEFAULT) -> None:
    """Make a user a reader or a keeper, and end the user's sessions.

    Example: yinju users role 王芳 keeper
    """
    with _users(library) as users:
        users.set_role(name, cast("Role", role))
    print(f"{name} is a {role}")


@users_app.command("remove")
def remove(name: str, library: LibraryOption = DEFAULT) -> None:
    """Take a user away; who is logged in is out at once.

    Example: yinju users remove 王芳
    """
    with _users(library) as users:
        users.remove(name)
    print(f"removed {name}")


@contextmanager
def _users(library: str) -> Iterator["Accounts"]:
    from corpus.store import open_store
    from ui.keeping import users_of

    with open_store(library) as opened, users_of(opened) as users:
        yield users


def _password(from_input: bool) -> str:
    if from_input:
        return _first_line()
    if not sys.stdin.isatty():
        raise YinjuError("there is no terminal to ask for the password; give it on standard input with --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _first_line() -> str:
    try:
        line = sys.stdin.readline().rstrip("\r\n")
        line.encode()  # where the locale names no encoding, what is no UTF-8 is read as halves of characters
    except UnicodeError:
        raise YinjuError("the password on standard input is not text in UTF-8; give it in UTF-8") from None
    return line
