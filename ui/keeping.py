"""Where conversations and users of a library are kept: in its folder, or for one in Milvus, there, where every process that serves
it has them."""

from corpus.store import Store, records_beside
from ui.conversations import Conversations
from ui.talks import Talks

# Seconds that a call may take: whoever waits for an answer sees it then, kept or not.
PATIENCE = 5.0


def talks_of(library: Store) -> Talks:
    """The conversations of its readers."""
    records = records_beside(library, PATIENCE)
    if records is None:
        return Conversations(library.folder)
    from ui.conversations_remote import RemoteConversations

    return RemoteConversations(records)
