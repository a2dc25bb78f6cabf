"""Conversations in a file and in Milvus: the same is true of both."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from corpus.milvus import connection
from rag import Answer, Quote
from tests.cheap import cheap_store
from tests.milvus_server import MilvusServer
from tests.test_conversations_kept import ANSWERS, BRIDGE, MEETING, TRAM, answer
from ui.conversations_remote import RemoteConversations
from ui.keeping import talks_of
from ui.talks import ConversationError, Talks

# Another process's view of the same: what keeps conversations, opened anew.
Anew = Callable[[], Talks]


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"milvus-lite:{tmp_path_factory.mktemp('talks') / 'library'}"


@pytest.fixture(params=["folder", "milvus"])
def anew(request: pytest.FixtureRequest, tmp_path: Path, milvus: str) -> Iterator[Anew]:
    opened: list[Talks] = []
    with cheap_store(tmp_path / "library" if request.param == "folder" else milvus) as library:

        def open_again() -> Talks:
            opened.append(talks_of(library))
            return opened[-1]

        yield open_again
        for each in opened:
            each.close()


def titles(talks: Talks, owner: str, query: str = "", **which: int) -> list[str]:
    return [each.title for each in talks.list(owner, query, **which)]


def test_what_is_begun_at_one_is_seen_continued_and_found_at_the_other(anew: Anew) -> None:
    one, other = anew(), anew()
    talk = one.begin("李明")
    first = one.add(talk, MEETING)
    second = other.add(talk, BRIDGE)
    assert [(each.id, each.answer) for each in one.turns(talk)] == [(first, MEETING), (second, BRIDGE)]
    assert one.turn(second)[0].answer == BRIDGE and other.turn(first)[1] == one.conversation(talk)
    assert titles(other, "李明", "MAYO de 2019") == titles(one, "李明", "民营企业") == [one.conversation(talk).title]
    other.rename(talk, " 民企\n100强 ")
    assert titles(one, "李明") == ["民企 100强"]
    assert one.kept and one.reason is None
    other.delete(talk)
    other.delete(talk)
    assert titles(one, "李明") == []
    for attempt in (lambda: one.turns(talk), lambda: one.add(talk, TRAM), lambda: one.rename(talk, "题"), lambda: one.conversation(talk)):
        with pytest.raises(ConversationError, match="there is no such conversation"):
            attempt()
    with pytest.raises(ConversationError, match="there is no answer at this address"):
        one.turn(first)


@pytest.mark.parametrize("identity", ["nothing", "", "' or id != '", "\ud800", "x" * 22, "talk/" + "x" * 17])
def test_what_is_no_identity_names_nothing(anew: Anew, identity: str) -> None:
    talks = anew()
    stays = talks.begin("stays")
    talks.delete(identity)
    with pytest.raises(ConversationError, match="there is no such conversation"):
        talks.add(identity, TRAM)
    with pytest.raises(ConversationError, match="there is no answer at this address"):
        talks.turn(identity)
    assert talks.conversation(stays).owner == "stays"


@settings(max_examples=15, deadline=None)
@given(ANSWERS)
def test_any_answer_is_kept_as_it_was_in_milvus(milvus: str, given_answer: Answer) -> None:
    with cheap_store(milvus) as library:
        talks = talks_of(library)
        talk = talks.begin()
        talks.add(talk, given_answer)
        assert [each.answer for each in talks.turns(talk)] == [given_answer]
        talks.delete(talk)


def test_an_answer_longer_than_a_field_is_kept_found_and_deleted_whole(anew: Anew) -> None:
    talks = anew()
    talk = talks.begin("long")
    long = "很长的一段。" * 8000
    quotes = tuple(Quote("d", f"n{at}", "t", long + last, 0, len(long) + len(last), None, (), None, None, 0.5) for at, last in enumerate(("第一个", "最后的话")))
    talks.add(talk, Answer("长的？", True, 0.5, quotes, (), {}))
    assert talks.turns(talk)[0].answer.quotes == quotes
    assert titles(talks, "long", "最后的话") == ["长的？"] and titles(talks, "long", "没有的话") == []
    talks.delete(talk)
    if isinstance(talks, RemoteConversations):
        assert talks._records.count('kind in ["turn", "turn-part"] and name != ""') == 0


@pytest.mark.parametrize(("query", "found"), [
    ("１０月１７日", ["会议"]), (" ｐｕｅｎｔｅ ", ["puente"]), ("STRASSE", ["Straße"]), ("100强 会", []), ("%", []), ("_", []), ('" or "', []), ("\\", []),
    ("民企100强发布会举行", []), ("", ["Straße", "puente", "会议"]), ("e", ["Straße", "puente"]), ("el puente se inauguró el 5 de mayo", ["puente"]),
])  # fmt: skip
def test_a_search_finds_words_of_titles_questions_and_quotes_of_one_owner(anew: Anew, query: str, found: list[str]) -> None:
    talks = anew()
    owner = f"who searches {query}"
    for title, given_answer in (("会议", MEETING), ("puente", BRIDGE), ("Straße", TRAM)):
        talk = talks.begin(owner)
        talks.add(talk, given_answer)
        talks.rename(talk, title)
    talks.add(talks.begin("another"), MEETING)
    assert titles(talks, owner, query) == found


def test_the_conversation_last_asked_in_comes_first(anew: Anew) -> None:
    talks = anew()
    made = [talks.begin("order") for _ in range(3)]
    for talk, name in zip(made, ("甲", "乙", "丙"), strict=True):
        talks.add(talk, answer(name))
    talks.add(made[0], TRAM)
    talks.rename(made[1], "新乙")
    assert titles(talks, "order") == ["甲", "丙", "新乙"]
    assert titles(talks, "order", first=1, count=1) == ["丙"]
    assert titles(talks, "order", first=3) == titles(talks, "order", first=-1, count=-1) == []
    named = talks.begin("order")
    talks.rename(named, "先取的名")
    talks.add(named, MEETING)
    assert titles(talks, "order")[0] == "先取的名"


def test_many_at_once_add_to_one_conversation_and_nothing_is_lost(anew: Anew) -> None:
    talk = anew().begin("many")

    def add(talks: Talks, name: int) -> None:
        for number in range(8):
            talks.add(talk, answer(f"{name}-{number}"))

    threads = [threading.Thread(target=add, args=(anew(), name)) for name in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    asked = [each.question for each in anew().turns(talk)]
    assert sorted(asked) == sorted(f"{name}-{number}" for name in range(4) for number in range(8))
    for name in range(4):
        assert [each for each in asked if each.startswith(f"{name}-")] == [f"{name}-{number}" for number in range(8)]


def test_who_adds_to_what_is_deleted_at_that_moment_leaves_nothing(milvus: str) -> None:
    with cheap_store(milvus) as library:
        talks = talks_of(library)
        assert isinstance(talks, RemoteConversations)
        talk, put = talks.begin("gone"), talks._records.put

        def deleted_first(records: object) -> None:
            talks.delete(talk)
            put(records)  # type: ignore[arg-type]

        talks._records.put = deleted_first  # type: ignore[method-assign]
        with pytest.raises(ConversationError, match="there is no such conversation"):
            talks.add(talk, replace(MEETING, question="SECRETQUESTION"))
        assert not any("secretquestion" in each.label for each in talks._records.where('kind == "turn"'))


def test_a_milvus_that_is_away_is_one_sentence_and_used_again_when_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.keeping.PATIENCE", 1.0)
    server = MilvusServer(tmp_path / "data").start()
    try:
        with cheap_store(server.address()) as library:
            talks = talks_of(library)
            talk = talks.begin("who waits")
            talks.add(talk, MEETING)
            server.kill()
            for attempt in (lambda: talks.add(talk, BRIDGE), lambda: talks.list("who waits"), lambda: talks.begin()):
                with pytest.raises(ConversationError, match=r"cannot be kept or read just now: .* cannot be reached") as said:
                    attempt()
                assert "\n" not in str(said.value)
            server.start()
            monkeypatch.setattr(talks._records._connection, "_patience", 30.0)  # type: ignore[attr-defined]
            talks.add(talk, TRAM)
            assert [each.answer for each in talks.turns(talk)] == [MEETING, TRAM]
    finally:
        server.kill()


def test_a_connection_that_a_milvus_closed_while_it_was_idle_is_opened_again() -> None:
    assert connection._may_pass(Exception("Too many pings")) and not connection._may_pass(Exception("invalid expression"))
