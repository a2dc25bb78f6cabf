"""`yinju serve`: the chat in a web page, for oneself or for others."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from corpus.errors import YinjuError
from ui.options import DEFAULT, LibrariesOption


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    library: LibrariesOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 7860,
    examples: Annotated[Path | None, typer.Option(help="A question set to offer on an empty chat (of the first library).")] = None,
    guests: Annotated[bool, typer.Option("--guests", help="Whoever is not logged in may ask, but not change anything.")] = False,
    insecure_public: Annotated[
        bool, typer.Option("--insecure-public", help="Serve other machines without users: anybody may ask, add and remove.")
    ] = False,
    name: Annotated[list[str] | None, typer.Option(help="A further name that the server is called by; again for several.")] = None,
    auth_header: Annotated[
        str | None, typer.Option(help="The header in which a trusted proxy names the user, such as X-Remote-User.", metavar="HEADER")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None, typer.Option(help="A proxy's IP address, whose X-Forwarded headers are believed.  [default: this machine]", metavar="IP")
    ] = None,
    questions_per_minute: Annotated[int, typer.Option(min=1, help="Of one person, where others share the server.")] = 60,
    waiting: Annotated[int, typer.Option(min=0, help="Questions that wait at once; more are told to try again.")] = 100,
    advertise: Annotated[
        str | None, typer.Option(help="Where other machines that serve the same library reach this process, such as http://10.0.0.3:7860.", metavar="URL")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and failures only.")] = False,
    log_text: Annotated[bool, typer.Option("--log-text", help="Log the words of questions, too.")] = False,
) -> None:
    """Chat with the library in a web page; with several, each has a page of its own.

    Where users were added (`yinju users add NAME`) everybody logs in; they hold for the first library's server.

    Example: yinju serve --port 8080
    Example: yinju serve --library news.yinju --library reports.yinju
    Example: yinju serve --host 0.0.0.0 --guests
    """
    from corpus.store import open_store
    from ui.keeping import users_of

    folders = library or [DEFAULT]
    for each in folders[1:]:
        open_store(each).close()
    with open_store(folders[0]) as first, users_of(first) as users:
        closed = bool(users) or auth_header is not None
    if not _is_loopback(host) and not closed and not insecure_public:
        raise YinjuError(
            f"{host} can be reached from other machines, and there are no users; add some with: yinju users add NAME "
            f"--library {folders[0]}, or let anybody in with --insecure-public"
        )
    if guests and not closed:
        raise YinjuError(f"--guests says who may come in beside users, and there are none; add some with: yinju users add NAME --library {folders[0]}")
    with _port_free(host, port):
        pass
    from ui.access.guard import Rules
    from ui.served import Terms
    from ui.server import launch, opened

    offered: list[str] = []
    if examples is not None:
        from eval import read_questions

        offered = [each.question for each in read_questions(examples).questions[:4]]
    proxies = tuple(_address(each) for each in trusted_proxy) if trusted_proxy else Rules.proxies
    terms = Terms(
        Rules(guests, auth_header, proxies), insecure_public, tuple(name or ()), questions_per_minute, waiting=waiting, quiet=quiet,
        log_text=log_text, advertise=_url(advertise) if advertise is not None else None,
    )  # fmt: skip
    with opened(folders) as assistants:
        launch(assistants, host, port, offered, terms)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(given: str) -> str:
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        raise YinjuError(f"{given!r} is no IP address; give the proxy's, such as --trusted-proxy 10.0.0.2") from None


def _url(given: str) -> str:
    parts = urlsplit(given)
    try:
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise YinjuError(f"{given!r} is no address of a server; give this process's own, such as --advertise http://10.0.0.3:7860")
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def _port_free(host: str, port: int) -> Iterator[None]:
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as reason:
            raise YinjuError(
                f"{host}:{port} cannot be listened on ({reason.strerror}); choose another port with --port"
            ) from None
        yield
