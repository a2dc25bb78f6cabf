"""Conversations in the Milvus of the library: every process that serves it sees the same, and none holds any.

Milvus has no transactions, so nothing that is written here is read first and written back: a row that is made once says that a
conversation is there (`talk`), one of each answer what it was (`turn`), and of what changes the last word counts, each in a row of
its own: when it was last asked in, with the title that its first question gives (`talk-asked`), and the title that its reader gave
(`talk-title`). So two processes that add to one conversation at the same moment lose nothing.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import TypeVar

from corpus.errors import LibraryError
from corpus.milvus.collections import LONGEST
from corpus.milvus.documents import PATTERN
from corpus.milvus.records import Record, Records, fits, quoted, quoted_list
from rag import Answer
from ui.answer_row import answer_from_row, answer_to_row
from ui.talks import (
    Conversation,
    ConversationError,
    Turn,
    folded,
    given_title,
    new_identity,
    no_answer,
    no_conversation,
    now_text,
    storable,
    title_of,
    words_of,
)

TALK, ASKED, TITLE, TURN, PART = "talk", "talk-asked", "talk-title", "turn", "turn-part"
# What `new_identity` gives; anything else names nothing, and is not asked for.
IDENTITY = re.compile(r"[\w-]{22}", re.ASCII)
FIELDS = ("id", "kind", "name", "label", "parent", "number", "data")
Given = TypeVar("Given")


class RemoteConversations:
    """As `ui.conversations.Conversations`, in the records of a library. May be used by many threads.

    Every method raises ConversationError, too, where Milvus cannot be reached or takes nothing more.
    """

    kept = True
    reason: str | None = None

    def __init__(self, records: Records) -> None:
        self._records = records

    def close(self) -> None:
        """The connection is the library's."""

    def begin(self, owner: str = "") -> str:
        identity, owner = new_identity(), storable(owner)
        said = json.dumps({"owner": owner, "created": now_text()})
        self._put([Record(f"{TALK}/{identity}", TALK, parent=_digest(owner), number=_microseconds(), data=said)])
        return identity

    def add(self, conversation: str, answer: Answer) -> str:
        identity, now = new_identity(), now_text()
        talk, _, title = self._talk(conversation)
        before = self._where(f'kind == "{TURN}" and parent == {quoted(conversation)}', ("id", "number"))
        # After those that are there, even where another machine's clock goes ahead of this one's.
        number = max([_microseconds(), *(1 + each.number for each in before)])
        words, row = words_of(answer), answer_to_row(answer)
        kept = fits(words)
        turn = Record(f"{TURN}/{identity}", TURN, now, kept, conversation, talk.parent, number, int(kept != words), self._data(identity, row))
        asked = Record(f"{ASKED}/{conversation}", ASKED, title or title_of(answer.question), now, talk.parent, number=number)
        self._put([turn, asked])
        # Deleted meanwhile: what its reader wanted gone is not left here.
        if not self._get([talk.id], ("id",)):
            self.delete(conversation)
            raise no_conversation()
        return identity

    def conversation(self, conversation: str) -> Conversation:
        talk, asked, title = self._talk(conversation)
        return _conversation(talk, asked, title)

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        self._talk(conversation)
        rows = self._where(f'kind == "{TURN}" and parent == {quoted(conversation)}', ("id", "name", "number", "data"))
        return tuple(self._turn(each) for each in sorted(rows, key=lambda each: (each.number, each.id)))

    def turn(self, identity: str) -> tuple[Turn, Conversation]:
        rows = self._get([f"{TURN}/{identity}"]) if IDENTITY.fullmatch(identity) else []
        if not rows:
            raise no_answer()
        try:
            conversation = self.conversation(rows[0].parent)
        except ConversationError as reason:
            raise no_answer() if str(reason) == str(no_conversation()) else reason from None
        return self._turn(rows[0]), conversation

    def rename(self, conversation: str, title: str) -> None:
        line = given_title(title)
        talk, _, _ = self._talk(conversation)
        self._put([Record(f"{TITLE}/{conversation}", TITLE, line, parent=talk.parent)])

    def delete(self, conversation: str) -> None:
        if not IDENTITY.fullmatch(conversation):
            return
        # First what makes it one: from then on nobody sees it, and whoever adds to it takes its own away.
        self._delete([f"{TALK}/{conversation}"])
        turns = self._where(f'kind == "{TURN}" and parent == {quoted(conversation)}', ("id",))
        self._said(lambda: self._records.drop_long(PART, [each.id.partition("/")[2] for each in turns]))
        self._delete([*(each.id for each in turns), f"{ASKED}/{conversation}", f"{TITLE}/{conversation}"])

    def _talk(self, conversation: str) -> tuple[Record, Record | None, str]:
        """What says that it is there, when it was last asked in, and its title. Raises ConversationError where it is not there."""
        keys = [f"{kind}/{conversation}" for kind in (TALK, ASKED, TITLE)]
        rows = {each.id: each for each in self._get(keys)} if IDENTITY.fullmatch(conversation) else {}
        if keys[0] not in rows:
            raise no_conversation()
        return rows[keys[0]], rows.get(keys[1]), _title(rows.get(keys[1]), rows.get(keys[2]))

    def _data(self, identity: str, row: bytes) -> str:
        """A row as a field takes it; where it is longer, or a file's name in it holds bytes that are no text, the version of its parts."""
        with suppress(UnicodeDecodeError):
            if len(row) <= LONGEST:
                return row.decode("utf8")
        return self._said(lambda: self._records.put_long(PART, identity, row.decode("utf8", "surrogatepass")))

    def _turn(self, record: Record) -> Turn:
        identity, text = record.id.partition("/")[2], record.data
        if not text.startswith("{"):
            try:
                text = str(self._said(lambda: self._records.get_long(PART, identity, record.data)))
            except ValueError:
                text = ""
        answer = answer_from_row(text.encode("utf8", "surrogatepass"))
        return Turn(identity, answer.question, answer, record.name)

    def _with_words(self, owner: str, wanted: str) -> set[str]:
        """The conversations of an owner with these words in a question or quote."""
        # In a pattern % and _ stand for anything: what Milvus finds by it is looked through again.
        plain = [f"label like {quoted(f'%{part}%')}" for part in PATTERN.split(wanted) if part]
        condition = f'kind == "{TURN}" and hash == {quoted(_digest(owner))}' + (f" and (({' and '.join(plain)}) or size == 1)" if plain else "")
        rows = self._where(condition, ("id", "parent", "label", "size"))
        found = {each.parent for each in rows if wanted in each.label}
        # Of an answer with more words than a field holds, the rest is in the answer.
        cut = [each for each in rows if each.size and each.parent not in found]
        whole = self._get([each.id for each in cut], ("id", "parent", "name", "data")) if cut else []
        return found | {each.parent for each in whole if wanted in words_of(self._turn(each).answer)}

    # Calls

    def _put(self, records: Iterable[Record]) -> None:
        self._said(lambda: self._records.put(records))

    def _get(self, keys: Sequence[str], fields: Sequence[str] = FIELDS) -> list[Record]:
        return self._said(lambda: self._records.get(keys, fields))

    def _where(self, condition: str, fields: Sequence[str]) -> list[Record]:
        return self._said(lambda: self._records.where(condition, fields))

    def _delete(self, keys: Sequence[str]) -> None:
        self._said(lambda: self._records.delete(keys))

    @staticmethod
    def _said(call: Callable[[], Given]) -> Given:
        try:
            return call()
        except LibraryError as reason:
            raise ConversationError(f"conversations cannot be kept or read just now: {reason}") from None

    # Last in the class: from here on `list` would be this method in the class's own annotations.
    def list(self, owner: str = "", query: str = "", first: int = 0, count: int = 50) -> tuple[Conversation, ...]:
        owner, wanted = storable(owner), folded(query)
        rows = self._where(f"parent == {quoted(_digest(owner))} and kind in {quoted_list((TALK, ASKED, TITLE))}", FIELDS)
        known = {each.id: each for each in rows}
        talks = []
        for each in rows:
            if each.kind == TALK:
                identity = each.id.partition("/")[2]
                asked = known.get(f"{ASKED}/{identity}")
                talks.append((_conversation(each, asked, _title(asked, known.get(f"{TITLE}/{identity}"))), (asked or each).number))
        if wanted:
            within = self._with_words(owner, wanted)
            talks = [each for each in talks if each[0].id in within or wanted in folded(each[0].title)]
        talks.sort(key=lambda each: (each[1], each[0].id), reverse=True)
        return tuple(each for each, _ in talks[max(first, 0) :][: max(count, 0)])


def _conversation(talk: Record, asked: Record | None, title: str) -> Conversation:
    said = json.loads(talk.data)
    return Conversation(talk.id.partition("/")[2], str(said["owner"]), title, str(said["created"]), asked.label if asked else str(said["created"]))


def _title(asked: Record | None, given: Record | None) -> str:
    return given.name if given else asked.name if asked else ""


def _microseconds() -> int:
    return time.time_ns() // 1000


def _digest(owner: str) -> str:
    """An owner in so many characters as a field holds."""
    return blake2b(owner.encode(), digest_size=32).hexdigest()
