"""Where conversations and users of a library are kept: in its folder, or for one in Milvus, there, where every process that serves
it has them."""

from typing import TYPE_CHECKING

from corpus.store import Store, is_of_several_machines, records_beside
from ui.access.user import Accounts
from ui.access.users import Users
from ui.conversations import Conversations
from ui.talks import Talks

if TYPE_CHECKING:
    from ui.nodes.register import Register

# Seconds that a call may take: whoever waits for an answer sees it then, kept or not.
PATIENCE = 5.0


def talks_of(library: Store) -> Talks:
    """The conversations of its readers."""
    records = records_beside(library, PATIENCE)
    if records is None:
        return Conversations(library.folder)
    from ui.conversations_remote import RemoteConversations

    return RemoteConversations(records)


def register_of(library: Store, address: str) -> "Register | None":
    """The processes that serve it, this one at that address among them; None where no other can."""
    records = records_beside(library, PATIENCE) if is_of_several_machines(library) else None
    if records is None:
        return None
    from ui.nodes.register import Register

    return Register(records, address)


def users_of(library: Store) -> Accounts:
    """The users of the server whose first library this is. Raises AccessError where they cannot be read: then nobody gets in."""
    records = records_beside(library, PATIENCE)
    if records is None:
        return Users(library.folder)
    from ui.access.users_remote import RemoteUsers

    return RemoteUsers(records, library.address, library.mark)
