"""Bits that turn round on the disk, and files cut short: found, named, answered around, and never quoted."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import Library, YinjuError
from corpus.feedback import Feedback, add_feedback
from corpus.whereabouts import whereabouts
from rag import index_paths
from rag.check import check_library
from rag.named_files import index_named
from rag.rebuild import rebuild
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import opened, require_exact, require_whole, texts, write

pytestmark = pytest.mark.usefixtures("quiet")
TRUTH = texts(40)
# All but what says which file is unchanged (a flip there makes it read again), which texts may be unused, and feedback.
TABLES = ("meta", "documents", "passages", "vectors", "segments", "postings", "gone", "sqlite_sequence")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of forty files, some of them changed and removed, whole."""
    folder = tmp_path_factory.mktemp("flips")
    write(folder / "in", {name: f"旧的{text}" if number % 3 else text for number, (name, text) in enumerate(TRUTH.items())})
    (folder / "in" / "gone.txt").write_text("这份文件后来没有了。")
    for files in ({}, TRUTH):
        write(folder / "in", files)
        with cheap_library(folder / "library") as held:
            index_paths([folder / "in"], held, CheapEncoder())
        (folder / "in" / "gone.txt").unlink(missing_ok=True)
    with cheap_library(folder / "library") as held:
        index_paths([folder / "in"], held, CheapEncoder())
    require_whole(folder / "library", TRUTH, asked=40)
    return folder / "library"


def spoil(file: Path, chance: random.Random) -> str:
    """Turn one bit round, overwrite a sector, or cut the file; what was done."""
    data = bytearray(file.read_bytes())
    what = chance.choices(("bit", "sector", "cut"), (8, 1, 1))[0]
    at = chance.randrange(len(data))
    if what == "bit":
        data[at] ^= 1 << chance.randrange(8)
    elif what == "sector":
        start, end = at // 512 * 512, min(at // 512 * 512 + 512, len(data))
        data[start:end] = chance.randbytes(end - start)
    else:
        del data[at:]
    file.write_bytes(data)
    return f"{what} at {at}"


def rows(file: Path) -> dict[str, list[tuple[object, ...]]] | None:
    connection = sqlite3.connect(file)
    try:
        connection.text_factory = bytes
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    finally:
        connection.close()


def judged(folder: Path, chance: random.Random, truth: dict[str, str]) -> tuple[str, str]:
    """What `check` says of a library, and what asking it gives; anything but an answer or a sentence fails the test."""
    try:
        found = "named" if check_library(folder, CheapEncoder()) else "whole"
    except YinjuError as reason:
        found = "refused"
        assert "\n" not in str(reason)
    try:
        with opened(folder) as assistant:
            for name in chance.sample(sorted(truth), 6):
                answer = assistant.ask(truth[name].split("\n")[0], top_k=3)
                require_exact(answer, truth)
                if not answer.passages or answer.passages[0].document != name:
                    return found, "lost"
        return found, "right"
    except YinjuError as reason:
        assert "\n" not in str(reason)
        return found, "refused"


def flips(library: Path, scratch: Path, count: int, seed: int) -> Counter[tuple[str, str]]:
    chance = random.Random(seed)
    before = rows(library / "library.sqlite")
    seen: Counter[tuple[str, str]] = Counter()
    for _ in range(count):
        folder = scratch / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(library, folder)
        what = spoil(folder / "library.sqlite", chance)
        after = rows(folder / "library.sqlite")
        found, answered = judged(folder, chance, TRUTH)
        seen[found, answered] += 1
        if found == "whole":
            # What is not named changed nothing that is asked, and no answer.
            assert answered == "right", what
            assert after is not None and before is not None
            assert {table for table in TABLES if after[table] != before[table]} <= {"meta"}, what
    return seen


def test_a_flip_in_the_database_is_named_or_touches_nothing_and_is_never_quoted(library: Path, tmp_path: Path) -> None:
    seen = flips(library, tmp_path, 30, random.randrange(10**9))
    assert sum(seen.values()) == 30 and seen["whole", "right"] < 30


@pytest.mark.slow
def test_a_thousand_flips_in_the_database_are_named_or_touch_nothing_and_are_never_quoted(library: Path, tmp_path: Path) -> None:
    seen = flips(library, tmp_path, 1000, 20261130)
    print(dict(seen))
    assert sum(count for (found, _), count in seen.items() if found != "whole") > 300


def spoil_value(file: Path, chance: random.Random) -> str:
    """Turn a bit of one value of the database round, or make it one of another kind, as a flip in the head of its row does."""
    connection = sqlite3.connect(file)
    connection.text_factory = bytes
    try:
        table = chance.choice((*TABLES, "files", "feedback"))
        columns = [name.decode() for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        held = connection.execute(f"SELECT * FROM {table}").fetchall()
        row, at = chance.choice(held) if held else (), chance.randrange(len(columns))
        value = row[at] if row else None
        if chance.random() < 0.4:
            value = chance.choice((None, 2.5, -5, 2**40, b"\xff\xfe", "x"))
        elif isinstance(value, int):
            value ^= 1 << chance.randrange(40)
        elif isinstance(value, bytes) and value:
            place = chance.randrange(len(value))
            value = value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1 :]
        kept = f'SELECT typeof("{columns[at]}") FROM {table} LIMIT 1'
        cast = "CAST(? AS TEXT)" if held and connection.execute(kept).fetchone() == (b"text",) and isinstance(value, bytes) else "?"
        key = " AND ".join(f'"{each}" IS ?' for each in columns[:2])
        connection.execute(f'UPDATE OR IGNORE {table} SET "{columns[at]}" = {cast} WHERE {key}', (value, *row[:2]) if row else (value, None, None))
        connection.commit()
        return f"{table}.{columns[at]} of {row[:1]} is {value!r}"
    except sqlite3.IntegrityError as reason:  # none that SQLite would read without a word
        return str(reason)
    finally:
        connection.close()


def work(folder: Path, files: Path) -> None:
    """Whatever is done with a library, each step by itself: what cannot be done is a sentence."""

    def held(do: Callable[[Library], object]) -> None:
        with Library.open(folder) as opened_:
            do(opened_)

    for step in (
        lambda: held(lambda library: index_paths([files], library, CheapEncoder())),
        lambda: check_library(folder, CheapEncoder()),
        lambda: held(lambda library: index_named(whereabouts(library).there, library, CheapEncoder(), lambda step: None)),
        lambda: held(lambda library: [*library.feedback()]),
        lambda: held(lambda library: (library.list_documents(), library.find_documents("1"), library.distinct_values("source", 5))),
        lambda: held(lambda library: library.remove(["1.txt"])),
        lambda: held(lambda library: index_paths([files], library, CheapEncoder())),
        lambda: rebuild(folder, CheapEncoder()),
    ):
        try:
            step()
        except YinjuError as reason:
            assert "\n" not in str(reason)


def values(library: Path, scratch: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    with Library.open(library) as held:
        add_feedback(held, Feedback("谁会见了代表团？", "down"))
    for _ in range(count):
        folder = scratch / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(library, folder)
        what = spoil_value(folder / "library.sqlite", chance)
        try:
            judged(folder, chance, TRUTH)
            work(folder, library.parent / "in")
            judged(folder, chance, TRUTH)
        except Exception as reason:
            raise AssertionError(what) from reason


def test_a_value_of_any_table_that_is_another_or_of_another_kind_is_a_sentence_at_most(library: Path, tmp_path: Path) -> None:
    values(library, tmp_path, 15, random.randrange(10**9))


@pytest.mark.slow
def test_a_thousand_values_that_are_others_or_of_another_kind_are_a_sentence_at_most(library: Path, tmp_path: Path) -> None:
    values(library, tmp_path, 1000, 20261201)
