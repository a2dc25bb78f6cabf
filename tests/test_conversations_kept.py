"""Conversations stay: what was asked and answered is there again, equal to the last digit."""

import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Answer, Found, Quote
from tests.conftest import ROOT
from ui.answer_row import answer_from_row, answer_to_row
from ui.conversation_file import FILE, opened
from ui.conversations import Conversations
from ui.talks import Conversation, ConversationError, Turn, folded, title_of

# Lone surrogates too: a file's name may hold bytes that are no text.
TEXT = st.text(st.characters(), max_size=30)
NUMBER = st.floats(allow_nan=False)
PLACE = st.integers(0, 10**9)
HEADINGS = st.lists(TEXT, max_size=3).map(tuple)
PAGE = st.none() | PLACE
QUOTES = st.builds(Quote, TEXT, TEXT, TEXT, TEXT, PLACE, PLACE, PAGE, HEADINGS, PAGE, PAGE, NUMBER)
PASSAGES = st.builds(Found, TEXT, TEXT, TEXT, TEXT, PLACE, PLACE, PAGE, HEADINGS, NUMBER)
ANSWERS = st.builds(
    Answer, TEXT, st.booleans(), st.floats(0, 1), st.lists(QUOTES, max_size=3).map(tuple), st.lists(PASSAGES, max_size=3).map(tuple),
    st.dictionaries(TEXT, NUMBER, max_size=4), st.none() | TEXT,
)  # fmt: skip


def answer(question: str, *texts: str) -> Answer:
    quotes = tuple(
        Quote("d", "news/重庆日报.txt", "民企100强发布会举行", text, 7, 7 + len(text), 3, ("要闻",), 8, 9, 0.1 + 0.2) for text in texts
    )
    passage = Found("d", "news/重庆日报.txt", "民企100强发布会举行", "卢红出席。", 50, 55, None, (), 1 / 3)
    return Answer(question, bool(quotes), 0.87654321, quotes, (passage,), {"embed": 5.1234567, "total": 152.0}, "卢红是谁？")


MEETING = answer("2023重庆民营企业100强发布会是哪天举行的？", "10月17日，2023重庆民营企业100强发布会举行。")
BRIDGE = answer("¿Cuándo se inauguró el puente?", "El puente se inauguró el 5 de mayo\nde 2019.")
TRAM = answer("轨道交通4号线的票价是多少？")


def titles(conversations: Conversations, query: str = "", owner: str = "", **which: int) -> list[str]:
    return [each.title for each in conversations.list(owner, query, **which)]


# Answers as rows


@settings(max_examples=300, deadline=None)
@given(ANSWERS)
def test_an_answer_comes_out_of_its_row_as_it_went_in(given_answer: Answer) -> None:
    read = answer_from_row(answer_to_row(given_answer))
    assert read == given_answer
    assert repr(read) == repr(given_answer)  # tuples are tuples again, and 1.0 is not 1


def test_a_row_is_json_that_says_its_version():
    assert json.loads(answer_to_row(MEETING))["version"] == 2


def test_a_row_of_version_1_which_has_no_checksum_is_read() -> None:
    value = json.loads(answer_to_row(MEETING)) | {"version": 1}
    del value["checksum"]
    assert answer_from_row(json.dumps(value).encode()) == MEETING


def test_no_byte_of_a_row_can_be_another_unnoticed() -> None:
    row = answer_to_row(BRIDGE)
    for at in range(len(row)):
        with pytest.raises(ConversationError):
            answer_from_row(row[:at] + bytes([row[at] ^ 1]) + row[at + 1 :])


def test_a_row_of_a_newer_version_says_to_update():
    newer = answer_to_row(MEETING).replace(b'"version": 2', b'"version": 3')
    with pytest.raises(ConversationError, match="pip install --upgrade yinju"):
        answer_from_row(newer)


@pytest.mark.parametrize("row", [b"", b"null", b"[]", b"{}", b'{"version": 1}', b'{"version": 1, "quotes": [{}], "passages": []}', b"\xff", b"[" * 100_000, b'{"version": "two\\nlines"}',
                                 answer_to_row(MEETING).replace(b'"start": 7', b'"start": "7"'), answer_to_row(MEETING).replace(b"0.87654321", b"NaN")])
def test_a_row_that_is_no_answer_is_one_sentence(row):
    with pytest.raises(ConversationError, match="ask the question again"):
        answer_from_row(row)


# Keeping


def test_a_conversation_is_there_when_the_library_is_opened_again(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        added = [conversations.add(talk, each) for each in (MEETING, BRIDGE, TRAM)]
        assert conversations.kept and conversations.reason is None
    with Conversations(tmp_path) as conversations:
        turns = conversations.turns(talk)
        assert [each.id for each in turns] == added
        assert [each.answer for each in turns] == [MEETING, BRIDGE, TRAM]
        assert [each.question for each in turns] == [MEETING.question, BRIDGE.question, TRAM.question]
        assert all(each.created.endswith("+00:00") for each in turns)
        with pytest.raises(FrozenInstanceError):
            turns[0].question = "?"  # type: ignore[misc]


@settings(max_examples=40, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_any_answers_are_kept_and_found(given_answers: list[Answer]) -> None:
    with Conversations("nowhere/at/all") as conversations:
        talk = conversations.begin("\ud800")
        for each in given_answers:
            conversations.add(talk, each)
        assert [each.answer for each in conversations.turns(talk)] == given_answers
        for query in (given_answers[0].question, *(each.text for each in given_answers[-1].quotes)):
            assert [each.id for each in conversations.list("\ud800", query)] == [talk]


def test_a_link_to_an_answer_leads_to_it_and_its_conversation(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin("李明")
        conversations.add(talk, MEETING)
        added = conversations.add(talk, BRIDGE)
        turn, conversation = conversations.turn(added)
        assert turn == conversations.turns(talk)[1] == Turn(added, BRIDGE.question, BRIDGE, turn.created)
        assert conversation == conversations.conversation(talk) == conversations.list("李明")[0]
        assert conversation == Conversation(talk, "李明", title_of(MEETING.question), conversation.created, turn.created)


def test_ids_stand_in_an_address_and_cannot_be_guessed(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        ids = {conversations.begin() for _ in range(50)}
        ids |= {conversations.add(min(ids), TRAM) for _ in range(50)}
    assert len(ids) == 100
    assert all(len(each) >= 22 and set(each) <= set("-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") for each in ids)


def test_nothing_is_written_before_the_first_conversation(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        assert conversations.kept and conversations.list() == () and conversations.list(query="桥") == ()
        with pytest.raises(ConversationError):
            conversations.turns("x")
        assert list(tmp_path.iterdir()) == []
        conversations.begin()
        assert (tmp_path / FILE).is_file()


# Titles


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("卢红出席了什么会议？", "卢红出席了什么会议？"),
        (" 卢红\n出席了\x00什么　会议？ ", "卢红 出席了 什么 会议？"),
        ("问" * 60, "问" * 60),
        ("问" * 61, "问" * 59 + "…"),
        ("问" * 57 + "2023年有多少企业？", "问" * 57 + "…"),
        ("问" * 58 + "“双招双引”是什么？", "问" * 58 + "…"),
        ("Which of the companies named in the annual report opened a second factory abroad?", "Which of the companies named in the annual report opened a…"),
        ("a" * 100, "a" * 59 + "…"),
        ("问" * 55 + "👨‍👩‍👧‍👦是谁？", "问" * 55 + "…"),
        ("\ud800", "?"),
        ("", "无题 Untitled"),
    ],
)  # fmt: skip
def test_a_question_as_a_title(question, title):
    assert title_of(question) == title


@given(st.text(st.characters(), max_size=200))
def test_any_question_is_a_title_of_one_line(question: str) -> None:
    title = title_of(question)
    assert 0 < len(title) <= 60
    assert title.splitlines() == [title] and not any(category(each) == "Cc" for each in title)
    assert title == title_of(title)


def test_the_first_question_is_the_title_until_it_is_renamed(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        assert titles(conversations) == [""]
        conversations.add(talk, MEETING)
        conversations.add(talk, BRIDGE)
        assert titles(conversations) == ["2023重庆民营企业100强发布会是哪天举行的？"]
        conversations.rename(talk, "  民企\n100强 ")
        conversations.add(talk, TRAM)
        assert titles(conversations) == ["民企 100强"]
        conversations.rename(talk, "长" * 500)
        assert titles(conversations) == ["长" * 199 + "…"]


# What cannot be done


@pytest.mark.parametrize("title", ["", " \n\t　", "\x00"])
def test_an_empty_title_is_refused_and_the_old_one_stays(tmp_path: Path, title: str) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        conversations.add(talk, TRAM)
        with pytest.raises(ConversationError, match="the title is empty; write a few words"):
            conversations.rename(talk, title)
        assert titles(conversations) == [TRAM.question]


def test_an_unknown_conversation_is_one_sentence(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        conversations.begin()
        for attempt in (
            lambda: conversations.turns("nothing"),
            lambda: conversations.conversation("' OR 1=1 --"),
            lambda: conversations.rename("nothing", "题"),
            lambda: conversations.add("\ud800", TRAM),
        ):
            with pytest.raises(ConversationError, match="there is no such conversation; it was deleted, or the link is not whole"):
                attempt()
        with pytest.raises(ConversationError, match="there is no answer at this address"):
            conversations.turn("nothing")


def test_what_is_deleted_is_gone_from_the_file_and_the_rest_stays(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        gone, stays = conversations.begin(), conversations.begin()
        added = conversations.add(gone, replace(TRAM, question="SECRETQUESTION"))
        conversations.add(stays, BRIDGE)
        conversations.delete(gone)
        conversations.delete(gone)
        assert [each.id for each in conversations.list()] == [stays]
        for attempt in (lambda: conversations.turns(gone), lambda: conversations.turn(added), lambda: conversations.add(gone, TRAM)):
            with pytest.raises(ConversationError):
                attempt()
    assert b"SECRETQUESTION" not in (tmp_path / FILE).read_bytes()


# Lists


def test_the_conversation_last_asked_in_comes_first(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talks = [conversations.begin() for _ in range(3)]
        for talk, name in zip(talks, ("甲", "乙", "丙"), strict=True):
            conversations.add(talk, answer(name))
        assert titles(conversations) == ["丙", "乙", "甲"]
        conversations.add(talks[0], TRAM)
        conversations.rename(talks[1], "新乙")
        assert titles(conversations) == ["甲", "丙", "新乙"]
        assert titles(conversations, first=1, count=1) == ["丙"]
        assert titles(conversations, first=3) == titles(conversations, first=-1, count=-1) == []


def test_each_owner_sees_their_own(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        for owner in ("李明", "Анна", ""):
            conversations.add(conversations.begin(owner), answer(f"{owner}的问题"))
        assert titles(conversations, owner="李明") == ["李明的问题"]
        assert titles(conversations, "问题", "Анна") == ["Анна的问题"]
        assert titles(conversations) == ["的问题"]
        assert titles(conversations, owner="%") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("民营企业", ["会议"]),  # a question
        ("１０月１７日", ["会议"]),  # a quote, wide digits
        ("mayo de 2019", ["puente"]),  # a quote, over a line's end
        ("PUENTE", ["puente"]),
        (" ｐｕｅｎｔｅ ", ["puente"]),  # a title
        ("会议", ["会议"]),
        ("STRASSE", ["Straße"]),
        ("100强 会", []),
        ("%", []),
        ("_", []),
        ("民企100强发布会举行", []),  # a document's title is none of these
        ("", ["Straße", "puente", "会议"]),
        ("e", ["Straße", "puente"]),
    ],
)
def test_a_search_finds_words_of_titles_questions_and_quotes(tmp_path: Path, query: str, found: list[str]) -> None:
    with Conversations(tmp_path) as conversations:
        for title, given_answer in (("会议", MEETING), ("puente", BRIDGE), ("Straße", TRAM)):
            talk = conversations.begin()
            conversations.add(talk, given_answer)
            conversations.rename(talk, title)
        assert titles(conversations, query) == found


@given(st.text(st.sampled_from("Ａa1１ 　\nßẞＳsИи桥"), max_size=8), st.text(st.sampled_from("Ａa1１ 　\nßẞＳsИи桥"), max_size=8))
def test_what_is_searched_has_no_case_width_or_white_space(before: str, after: str) -> None:
    assert folded(before + after) == folded(folded(before + "x" + after).replace("x", "", 1))
    assert folded(before.upper()) == folded(before.lower()) == folded(folded(before))


# Threads and processes


def test_many_threads_add_to_one_conversation_and_nothing_is_lost(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()

        def add(name: int) -> None:
            for number in range(10):
                conversations.add(talk, answer(f"{name}-{number}"))

        threads = [threading.Thread(target=add, args=(name,)) for name in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        asked = [each.question for each in conversations.turns(talk)]
    assert sorted(asked) == sorted(f"{name}-{number}" for name in range(8) for number in range(10))
    for name in range(8):
        assert [each for each in asked if each.startswith(f"{name}-")] == [f"{name}-{number}" for number in range(10)]


def test_several_processes_begin_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    program = (
        "import sys; from rag import Answer; from ui.conversations import Conversations\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with Conversations(sys.argv[1]) as conversations:\n"
        "    talk = conversations.begin()\n"
        "    assert conversations.kept, conversations.reason\n"
        "    for number in range(20): conversations.add(talk, Answer(f'{number}', False, 0.0, (), (), {}))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for each in running:
        assert each.stdout is not None and each.stdout.readline() == "ready\n"
    with Conversations(tmp_path) as mine:  # open before there is a file, and reading while they write
        for each in running:
            each.communicate("\n", timeout=60)
        assert [each.returncode for each in running] == [0, 0, 0]
        talks = mine.list()
        assert len(talks) == 3
        assert all([turn.question for turn in mine.turns(talk.id)] == [str(number) for number in range(20)] for talk in talks)
    assert not list(tmp_path.glob("*damaged*"))


def test_a_change_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        conversations.add(talk, MEETING)
        before = conversations.conversation(talk)
        with sqlite3.connect(tmp_path / FILE) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON turn BEGIN SELECT raise(ABORT, 'disk is full'); END")
        with pytest.raises(ConversationError, match=r"conversations\.db cannot be used just now \(disk is full\); check the disk"):
            conversations.add(talk, BRIDGE)
        assert conversations.conversation(talk) == before and len(conversations.turns(talk)) == 1


def test_a_file_that_is_busy_for_long_says_so_and_is_used_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.conversation_file.BUSY", 0.05)
    Conversations(tmp_path).begin()
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Conversations(tmp_path) as conversations:
        with pytest.raises(ConversationError, match="another process; try again in a moment"):
            conversations.begin()
        other.execute("ROLLBACK")
        conversations.begin()
        assert conversations.kept and len(conversations.list()) == 2


# Where they cannot be kept


def test_where_the_folder_cannot_be_written_a_conversation_lasts_as_long_as_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with Conversations(tmp_path) as conversations:
        assert not conversations.kept
        assert conversations.reason is not None and str(tmp_path) in conversations.reason and "--library" in conversations.reason
        talk = conversations.begin()
        conversations.add(talk, MEETING)
        assert [each.answer for each in conversations.turns(talk)] == [MEETING]
        assert titles(conversations, "10月17日") == [MEETING.question]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [sqlite3.OperationalError("unable to open database file"), OSError(28, "No space left on device")])
def test_what_could_not_be_kept_for_a_while_is_kept_from_the_next_conversation_on_and_the_failure_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    def failing(path: Path | None) -> sqlite3.Connection:
        if path is not None:
            raise failure
        return opened(None)

    with Conversations(tmp_path) as conversations:
        with monkeypatch.context() as patch:
            patch.setattr("ui.conversations.opened", failing)
            first, second = conversations.begin(), conversations.begin()
            conversations.add(first, MEETING)
            assert not conversations.kept and len(caplog.records) == 1
        conversations.add(second, BRIDGE)
        assert not conversations.kept
        third = conversations.begin()
        assert conversations.kept and conversations.reason is None
        conversations.add(third, TRAM)
    with Conversations(tmp_path) as again:
        assert [[each.answer for each in again.turns(talk)] for talk in (first, second, third)] == [[MEETING], [BRIDGE], [TRAM]]


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with Conversations(tmp_path / "gone") as conversations:
        conversations.begin()
        assert not conversations.kept
    assert not (tmp_path / "gone").exists()


def test_a_file_that_cannot_be_opened_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with Conversations(tmp_path) as conversations:
        assert not conversations.kept and conversations.turns(conversations.begin()) == ()
    assert (tmp_path / FILE).is_dir()


def test_a_file_of_a_newer_format_is_left_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as newer:
        newer.execute("PRAGMA user_version = 2")
    with Conversations(tmp_path) as conversations:
        assert conversations.reason is not None and "newer than this version of Yinju" in conversations.reason
    assert [each.name for each in tmp_path.glob("*.db")] == [FILE]


# Damage


def damage_header(file: Path) -> None:
    file.write_bytes(b"not a database at all " * 500)


def damage_middle(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def damage_end(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


def other_tables(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE conversation (something)")


@pytest.mark.parametrize("damage", [damage_header, damage_middle, damage_end, other_tables])
def test_a_damaged_file_is_set_aside_whole_and_a_new_one_begun(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        for _ in range(5):
            conversations.add(talk, MEETING)
    assert callable(damage)
    damage(tmp_path / FILE)
    damaged = (tmp_path / FILE).read_bytes()
    with caplog.at_level(logging.WARNING), Conversations(tmp_path) as conversations:
        assert conversations.kept and conversations.list() == ()
        (aside,) = tmp_path.glob("conversations-damaged-*.db")
        assert aside.read_bytes() == damaged
        assert aside.name in caplog.text and "begin anew" in caplog.text
        talk = conversations.begin()
        conversations.add(talk, BRIDGE)
    with Conversations(tmp_path) as conversations:
        assert [each.answer for each in conversations.turns(talk)] == [BRIDGE]
    assert len(list(tmp_path.glob("*damaged*.db"))) == 1


def test_a_damaged_file_is_set_aside_once_however_many_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_bytes(b"not a database at all " * 500)
    replace_file = os.replace

    def slowly(old: Path, new: Path) -> None:
        time.sleep(0.1)
        replace_file(old, new)

    monkeypatch.setattr(os, "replace", slowly)
    opened: list[Conversations] = []
    talks: list[str] = []
    together = threading.Barrier(6)

    def begin() -> None:
        together.wait()
        opened.append(Conversations(tmp_path))
        talks.append(opened[-1].begin())

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(list(tmp_path.glob("conversations-damaged-*.db"))) == 1
    assert all({talk.id for talk in each.list()} == set(talks) for each in opened) and len(talks) == 6
    for conversations in opened:
        conversations.close()


def test_a_file_damaged_while_it_is_open_is_set_aside_at_the_next_use(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        talk = conversations.begin()
        for _ in range(200):
            conversations.add(talk, MEETING)
        with sqlite3.connect(tmp_path / FILE) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage_middle(tmp_path / FILE)
        with pytest.raises(ConversationError, match=r"is damaged .*try again: it is set aside, and a new one begun"):
            conversations.list(query="桥")
            conversations.turns(talk)
        talk = conversations.begin()
        conversations.add(talk, BRIDGE)
        assert [each.answer for each in conversations.turns(talk)] == [BRIDGE]
        assert len(list(tmp_path.glob("conversations-damaged-*.db"))) == 1


def test_a_file_that_was_deleted_meanwhile_is_made_again(tmp_path: Path) -> None:
    with Conversations(tmp_path) as conversations:
        conversations.begin()
        for file in tmp_path.glob(f"{FILE}*"):
            file.unlink()
        assert conversations.list() == ()
        talk = conversations.begin()
    with Conversations(tmp_path) as conversations:
        assert [each.id for each in conversations.list()] == [talk]
