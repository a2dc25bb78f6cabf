"""`conversations.db` with any bytes in it: it is used, or set aside and begun anew, and then holds what is put into it."""

import logging
import sqlite3
import tempfile
from pathlib import Path

from fuzz.target import Target
from fuzz.targets.answer_row import seeds as rows
from ui.answer_row import answer_from_row
from ui.conversation_file import FILE
from ui.conversations import Conversations
from ui.talks import ConversationError


def check(data: bytes) -> None:
    logging.disable(logging.WARNING)  # each file that is set aside would be a line
    try:
        _check(data)
    finally:
        logging.disable(logging.NOTSET)


def _check(data: bytes) -> None:
    answer = answer_from_row(rows()["answer"])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(data)
        with Conversations(folder) as conversations:
            for _ in range(3):  # a file that turns out damaged is set aside at the next use
                try:
                    for each in conversations.list():
                        _shown(conversations, each.id)
                    conversations.list("", "会议")
                    talk = conversations.begin()
                    conversations.add(talk, answer)
                    assert [each.answer for each in conversations.turns(talk)] == [answer]
                    return
                except ConversationError as reason:
                    assert "\n" not in str(reason) and len(str(reason)) < 1000, reason
        raise AssertionError("it was never set aside")


def _shown(conversations: Conversations, identity: str) -> None:
    try:
        conversations.turns(identity)
    except ConversationError as reason:
        assert "\n" not in str(reason)


def seeds() -> dict[str, bytes]:
    answer = answer_from_row(rows()["answer"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        with Conversations(folder) as conversations:
            talk = conversations.begin()
            conversations.add(talk, answer)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE turn SET answer = 'text'")
        connection.commit()
        connection.close()
        return {"whole": path.read_bytes(), "none": b"", "other": b"SQLite format 3\0" + bytes(84)}


TARGET = Target(check, seeds)
