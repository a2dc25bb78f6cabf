"""Who a request is from, as the guard has found it; what is behind the guard looks nowhere else."""

import ipaddress
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from ui.access.user import Role

# What the key of a user begins with.
USER = "user "
# Where a request's scope says it.
CALLER = "yinju.caller"


@dataclass(frozen=True)
class Caller:
    """`name` is a user's, or empty for whoever is not logged in; `address` is where the request came from."""

    name: str
    role: Role
    address: str

    @property
    def key(self) -> str:
        """Whose requests are counted together: a user's, or those of one address (of IPv6, of one network)."""
        return USER + self.name if self.name else f"from {network_of(self.address)}"

    @property
    def owner(self) -> str | None:
        """Whose conversations are a user's own, in every browser; None where they are the browser's."""
        return self.key if self.name else None


SOMEBODY = Caller("", "keeper", "")


def caller_of(request: Any) -> Caller:
    """Of a request, gradio's or starlette's; where there is none, it is from this process."""
    return caller_in(getattr(getattr(request, "request", request), "scope", None) or {})


def caller_in(scope: Scope) -> Caller:
    found = scope.get(CALLER)
    return found if isinstance(found, Caller) else SOMEBODY


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def network_of(address: str) -> str:
    """Those addresses that one person has at least: of IPv6 a network of 64 bits, of IPv4 one, also where it is written as IPv6."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
