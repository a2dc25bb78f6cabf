"""Conversations that stay: what readers asked and were answered, in a file of its own beside the library.

`conversations.db` holds readers' own words and is no part of the library's truth: it may be deleted at
any time, and where it cannot be written the conversations last as long as the process. One short
transaction a change; many threads and several processes may use the same file.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from corpus.database import Database
from rag import Answer
from ui.answer_row import answer_from_row, answer_to_row
from ui.conversation_file import FILE, is_busy, is_damage, opened, which_file
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

LOG = logging.getLogger(__name__)

CONVERSATION = "conversation.id, conversation.owner, conversation.title, conversation.created, conversation.changed"
TURN = "turn.id, turn.answer, turn.created"


class Conversations:
    """The conversations of a library's readers. May be used by many threads.

    Where they cannot be kept `kept` is False and `reason` says why in a sentence: then they last until
    `close`, or until they can be kept, which each new one tries. A file that is damaged is set aside under another name, and a
    new one begun.
    """

    def __init__(self, folder: str | Path) -> None:
        """The conversations beside the library in `folder`; nothing is written before the first is begun."""
        self.path = Path(folder) / FILE
        self.reason: str | None = None
        self._lock = threading.RLock()
        self._database = Database(opened(None))
        # Which file is open: None where there was none; at first, what no file is.
        self._file: tuple[int, int] | None = (-1, -1)
        with suppress(ConversationError):  # busy for now
            self._open(make=False)

    @property
    def kept(self) -> bool:
        """Whether what is added will be there after the process has ended."""
        return self.reason is None

    def __enter__(self) -> "Conversations":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def begin(self, owner: str = "") -> str:
        """A new conversation's id, which cannot be guessed and may stand in an address."""
        identity = new_identity()
        now = now_text()
        with self._changing(again=True) as connection:
            values = (identity, storable(owner), "", now, now)
            connection.execute("INSERT INTO conversation VALUES (?, ?, ?, ?, ?)", values)
        return identity

    def add(self, conversation: str, answer: Answer) -> str:
        """Put an answer at a conversation's end, and give its id; the first question becomes the title.

        Raises ConversationError where there is no such conversation, or the file cannot be written.
        """
        identity = new_identity()
        now = now_text()
        row, words = answer_to_row(answer), words_of(answer)
        with self._changing() as connection:
            changed = connection.execute(
                "UPDATE conversation SET changed = ?, title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?",
                (now, title_of(answer.question), storable(conversation)),
            )
            if not changed.rowcount:
                raise no_conversation()
            connection.execute(
                "INSERT INTO turn SELECT ?, ?, 1 + coalesce(max(position), -1), ?, ?, ?, ? FROM turn WHERE conversation = ?",
                (identity, conversation, storable(answer.question), row, words, now, conversation),
            )
        return identity

    def conversation(self, conversation: str) -> Conversation:
        """The conversation of that id. Raises ConversationError where there is none."""
        rows = self._rows(f"SELECT {CONVERSATION} FROM conversation WHERE id = ?", (storable(conversation),))
        if not rows:
            raise no_conversation()
        return _conversation(rows[0])

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """The questions and answers of a conversation, oldest first. Raises ConversationError where there is none."""
        query = (
            f"SELECT {TURN} FROM conversation LEFT JOIN turn ON turn.conversation = conversation.id "
            "WHERE conversation.id = ? ORDER BY position"
        )
        rows = self._rows(query, (storable(conversation),))
        if not rows:
            raise no_conversation()
        return tuple(_turn(row) for row in rows if row[0] is not None)

    def turn(self, identity: str) -> tuple[Turn, Conversation]:
        """One question with its answer, and the conversation it belongs to.

        Raises ConversationError where there is no such answer.
        """
        tables = "turn JOIN conversation ON turn.conversation = conversation.id"
        rows = self._rows(f"SELECT {TURN}, {CONVERSATION} FROM {tables} WHERE turn.id = ?", (storable(identity),))
        if not rows:
            raise no_answer()
        return _turn(rows[0][:3]), _conversation(rows[0][3:])

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation another title. Raises ConversationError where it is empty, or there is no such conversation."""
        values = (given_title(title), storable(conversation))
        with self._changing() as connection:
            if not connection.execute("UPDATE conversation SET title = ? WHERE id = ?", values).rowcount:
                raise no_conversation()

    def delete(self, conversation: str) -> None:
        """Delete a conversation with its answers; one that is gone already is no error."""
        with self._changing() as connection:
            connection.execute("DELETE FROM conversation WHERE id = ?", (storable(conversation),))

    # Last in the class: from here on `list` would be this method in the class's own annotations.
    def list(self, owner: str = "", query: str = "", first: int = 0, count: int = 50) -> tuple[Conversation, ...]:
        """An owner's conversations, the one last asked in first: `count` of them from number `first` on.

        With a query, those with its words in the title, a question or a quote: one beside the other
        as they stand there, whatever their case, width and white space.
        """
        wanted = folded(query)
        found = (
            "instr(folded(CAST(title AS BLOB)), ?) OR "
            "EXISTS (SELECT 1 FROM turn WHERE turn.conversation = conversation.id AND instr(words, ?))"
        )
        rows = self._rows(
            f"SELECT {CONVERSATION} FROM conversation WHERE owner = ? AND (? = '' OR {found}) "
            "ORDER BY changed DESC, rowid DESC LIMIT ? OFFSET ?",
            (storable(owner), wanted, wanted, wanted, max(count, 0), max(first, 0)),
        )
        return tuple(_conversation(row) for row in rows)

    @contextmanager
    def _changing(self, again: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            self._open(make=True, again=again)
            with self._database.changing() as connection:
                yield connection

    def _rows(self, query: str, values: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        with self._lock, self._explained():
            self._open(make=False)
            return self._database.rows(query, values)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:  # what SQLite says of a damaged file repeats its bytes
            self._file = (-1, -1)
            raise ConversationError(f"{self.path} is damaged; try again: it is set aside, and a new one begun") from None
        except sqlite3.DatabaseError as reason:
            if is_damage(reason):
                self._file = (-1, -1)  # the next use looks at it closely, and sets it aside
                raise ConversationError(
                    f"{self.path} is damaged ({reason}); try again: it is set aside, and a new one begun"
                ) from None
            raise ConversationError(
                f"{self.path} cannot be used just now ({reason}); check the disk and its rights, then try again"
            ) from None

    def _open(self, make: bool, again: bool = False) -> None:
        """Have the file open that is there now: another process may have deleted it or set it aside.

        Where it could not be kept before, that is tried only `again`; then what was begun meanwhile is moved into it.
        """
        if self.reason is not None and not again:
            return
        there = which_file(self.path)
        if self.reason is None and there == self._file and (there is not None or not make):
            return
        try:
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                raise PermissionError(f"{self.path.parent} is no folder that can be written")
            connection = opened(None if there is None and not make else self.path)
            if self.reason is not None:
                self._move(connection)
        except (OSError, sqlite3.Error, ConversationError) as reason:
            before = self.reason
            if is_busy(reason):
                if before is not None:
                    return
                raise ConversationError(f"{self.path} is being written by another process; try again in a moment") from None
            self.reason = f"conversations are not kept ({reason}); give a library whose folder can be written, with --library"
            if self.reason != before:
                LOG.warning("%s", self.reason)
            if before is not None:
                return
            connection = opened(None)
        else:
            self.reason = None
        self._database.replace(connection)
        self._file = which_file(self.path)

    def _move(self, connection: sqlite3.Connection) -> None:
        """Put what could not be kept before into the file, or close it."""
        try:
            with Database(connection).changing():
                for table, places in (("conversation", "?, ?, ?, ?, ?"), ("turn", "?, ?, ?, ?, ?, ?, ?")):
                    connection.executemany(f"INSERT INTO {table} VALUES ({places})", self._database.rows(f"SELECT * FROM {table}"))
        except BaseException:
            connection.close()
            raise


def _conversation(row: Sequence[Any]) -> Conversation:
    return Conversation(*map(str, row))


def _turn(row: Sequence[Any]) -> Turn:
    answer = answer_from_row(row[1])
    return Turn(str(row[0]), answer.question, answer, str(row[2]))
