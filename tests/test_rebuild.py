"""`yinju check --repair`: a damaged library is made whole of what of it can be proved, and of its files."""

import json
import random
import shutil
import sqlite3
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import Library, LibraryError, YinjuError
from corpus.backup import back_up
from corpus.errors import DamagedLibrary
from corpus.feedback import Feedback, add_feedback
from corpus.workplace import PREFIX
from rag import index_paths
from rag.check import check_library
from rag.rebuild import Rebuilt, _written_over, rebuild
from rag.settings import Settings, library_settings, save_settings
from tests import victim
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import Yinju
from tests.invariant import opened, require_exact, require_found, require_whole, texts, write
from tests.test_faults_disk import fill, require_sentence
from tests.test_faults_flips import spoil
from tests.test_library import mounted
from tests.victim import killed_at, moments_of

pytestmark = pytest.mark.usefixtures("quiet")
TRUTH = texts(30)
SAID = Feedback("谁会见了代表团？", "down", None, None, None, "", "2026-12-01T00:00:00+00:00")
SETTINGS = replace(Settings(), threshold=0.31)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of files some of which have changed, with settings of its own and feedback."""
    for files in ({name: f"旧的{text}" for name, text in TRUTH.items()}, TRUTH):
        write(tmp_path / "in", files)
        with cheap_library(tmp_path / "library") as held:
            index_paths([tmp_path / "in"], held, CheapEncoder())
            save_settings(held, SETTINGS)
    with Library.open(tmp_path / "library") as held:
        add_feedback(held, SAID)
    return tmp_path / "library"


def repaired(library: Path) -> Rebuilt:
    return rebuild(library, CheapEncoder())


def damage(library: Path, query: str, *values: object) -> None:
    with sqlite3.connect(library / "library.sqlite") as connection:
        connection.execute(query, values)
    connection.close()
    assert check_library(library, CheapEncoder())


def texts_of(library: Path) -> dict[str, str]:
    with Library.open(library) as held:
        found = {each.name: held.document(each.name) for each in held.list_documents()}
    return {name: each.text for name, each in found.items() if each is not None}


@pytest.mark.parametrize(("query", "embedded"), [
    ("UPDATE vectors SET vector = zeroblob(32) WHERE id = (SELECT max(id) FROM vectors)", 1),
    ("UPDATE postings SET rows = zeroblob(3) WHERE (segment, term) = (SELECT segment, term FROM postings LIMIT 1)", 0),
    ("UPDATE passages SET \"start\" = 1 WHERE id = (SELECT id FROM passages LIMIT 1)", 0),
    ("DELETE FROM passages WHERE id = (SELECT max(id) FROM passages)", 0),
    ("UPDATE sqlite_sequence SET seq = 1000000000000 WHERE name = 'vectors'", 0),
    ("DELETE FROM gone", 0),
    ("UPDATE meta SET key = 'fopmat' WHERE key = 'format'", 0),
    ("UPDATE meta SET value = '1x' WHERE key = 'dimension'", 0),
])  # fmt: skip
def test_what_is_made_of_documents_is_made_again_and_only_what_is_damaged_is_embedded(library: Path, query: str, embedded: int) -> None:
    damage(library, query)
    done = repaired(library)
    assert (done.documents, done.embedded, done.lost, done.nameless, done.again) == (30, embedded, (), 0, 0)
    require_whole(library, TRUTH, asked=30)
    with Library.open(library) as held:
        assert library_settings(held) == SETTINGS and [*held.feedback()] == [SAID]
        report = index_paths([library.parent / "in"], held, CheapEncoder())
        assert (report.unchanged, report.added, report.updated, report.embedded) == (30, 0, 0, 0)


def test_a_document_that_is_not_what_was_stored_is_read_again_from_its_file(library: Path) -> None:
    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    done = repaired(library)
    assert (done.documents, done.again, done.lost) == (30, 1, ())
    require_whole(library, TRUTH, asked=30)


def test_a_document_that_is_said_to_be_of_another_file_is_of_its_own_again(library: Path) -> None:
    damage(library, "UPDATE documents SET file_id = (SELECT max(id) FROM files WHERE name <> '3.txt') WHERE name = '3.txt'")
    assert not repaired(library).lost
    # What that file has given comes back with it.
    with Library.open(library) as held:
        index_paths([library.parent / "in"], held, CheapEncoder())
    require_whole(library, TRUTH, asked=30)


def test_one_whose_file_is_gone_is_named_and_comes_back_with_it(library: Path) -> None:
    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    folder = library.parent / "in"
    folder.rename(library.parent / "away")
    done = repaired(library)
    assert (done.documents, done.again, done.lost) == (29, 0, ("3.txt",))
    require_whole(library, {name: text for name, text in TRUTH.items() if name != "3.txt"}, asked=29)
    (library.parent / "away").rename(folder)
    with Library.open(library) as held:
        assert index_paths([folder], held, CheapEncoder()).added == 1
    require_whole(library, TRUTH, asked=30)


def test_the_damaged_database_is_kept_beside_it_with_its_log_and_so_do_backups(library: Path) -> None:
    with Library.open(library):  # what was written last is in the log
        damage(library, "UPDATE documents SET title = 'another' WHERE name = '3.txt'")
        before = (library / "library.sqlite").read_bytes(), (library / "library.sqlite-wal").read_bytes()
        aside = repaired(library).aside
    assert before == (aside.read_bytes(), aside.with_name(f"{aside.name}-wal").read_bytes())
    names = {each.name for each in back_up(library, library.parent / "b.tar").manifest.members}
    assert {aside.name, f"{aside.name}-wal"} < names
    with sqlite3.connect(aside) as connection:
        assert connection.execute("SELECT title FROM documents WHERE name = '3.txt'").fetchall() == [("another",)]
    connection.close()


def test_who_has_it_open_asks_on_and_takes_up_what_was_repaired(library: Path) -> None:
    with opened(library) as reader:
        require_found(reader, "5.txt", TRUTH)
        damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
        repaired(library)
        # Texts have other numbers now, in the same database.
        for name in TRUTH:
            require_found(reader, name, TRUTH)
        add_feedback(reader.library, replace(SAID, question="还有？"))
    with Library.open(library) as held:
        assert [each.question for each in held.feedback()] == [SAID.question, "还有？"]


def test_what_people_say_while_it_is_repaired_is_kept(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    with Library.open(library) as server:
        said = threading.Thread(target=add_feedback, args=(server, replace(SAID, question="还有？")))

        def meanwhile(*given: object) -> None:
            monkeypatch.undo()
            said.start()
            said.join(0.3)
            _written_over(*given)  # type: ignore[arg-type]

        monkeypatch.setattr("rag.rebuild._written_over", meanwhile)
        repaired(library)
        said.join()
        assert [each.question for each in server.feedback()] == [SAID.question, "还有？"]


def test_a_repair_that_fails_leaves_no_copy_and_one_that_is_killed_nothing_in_backups(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise LibraryError("the disk is full; free some space")

    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    monkeypatch.setattr("rag.rebuild._written_over", full)
    with pytest.raises(LibraryError, match="free some space"):
        repaired(library)
    assert not [*library.glob("*damaged*")]
    (library / f"{PREFIX}killed").mkdir()
    (library / f"{PREFIX}killed" / "library.sqlite").write_bytes(b"half")
    monkeypatch.undo()
    repaired(library)
    (library / f"{PREFIX}killed").mkdir(exist_ok=True)
    (library / f"{PREFIX}killed" / "library.sqlite").write_bytes(b"half")
    assert not [each for each in back_up(library, library.parent / "b.tar").manifest.members if PREFIX in each.name]


def damaged_at(library: Path, chance: random.Random, count: int) -> Counter[str]:
    """Repair a library spoiled at so many places, its files there or not; what came of it."""
    folder, copy = library.parent / "in", library.parent / "copy"
    seen: Counter[str] = Counter()
    while sum(seen.values()) < count:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(library, copy)
        what = spoil(copy / "library.sqlite", chance)
        try:
            if not check_library(copy, CheapEncoder()):
                continue
        except YinjuError:
            pass
        away = chance.random() < 0.5
        if away:
            folder.rename(library.parent / "away")
        try:
            done = repaired(copy)
        except DamagedLibrary as reason:
            require_sentence(reason)
            seen["refused"] += 1
            continue
        finally:
            if away:
                (library.parent / "away").rename(folder)
        assert check_library(copy, CheapEncoder()) == [], what
        found = texts_of(copy)
        assert len(found) == done.documents and all(TRUTH[name] == text for name, text in found.items()), what
        with opened(copy) as assistant:
            for name in chance.sample(sorted(found), min(3, len(found))):
                require_found(assistant, name, found)
        with Library.open(copy) as held:
            index_paths([folder], held, CheapEncoder())
        now = texts_of(copy)
        assert now == TRUTH, (what, done, now.keys() ^ TRUTH.keys())
        seen["all of it" if len(found) == 30 else "all but a few" if len(found) > 20 else "a part"] += 1
    return seen


def test_bits_sectors_and_cuts_anywhere_are_repaired_or_refused_and_no_text_is_another(library: Path) -> None:
    seen = damaged_at(library, random.Random(), 12)
    assert seen["all of it"]


@pytest.mark.slow
def test_five_hundred_damaged_libraries_are_repaired_or_refused(library: Path) -> None:
    seen = damaged_at(library, random.Random(20261201), 500)
    print(dict(seen))
    assert seen["all of it"] > 250


def kills(library: Path, count: int, seed: int) -> int:
    """Kill repairing at so many moments: the library is then the damaged one or the repaired one, and repaired by the next."""
    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    damage(library, "UPDATE vectors SET vector = zeroblob(32) WHERE id = (SELECT max(id) FROM vectors)")
    copy, chance, done = library.parent / "copy", random.Random(seed), 0
    shutil.copytree(library, copy)
    total = moments_of(victim.repair, copy, tally=library.parent / "tally")
    while done < count:
        shutil.rmtree(copy)
        shutil.copytree(library, copy)
        done += killed_at(chance.randint(1, total), victim.repair, copy) == -9
        with opened(copy) as assistant:
            answer = assistant.ask(TRUTH["5.txt"].split("\n")[0], top_k=3)
            require_exact(answer, TRUTH)
            assert answer.passages[0].document == "5.txt"
        with Library.open(copy) as held:
            assert [*held.feedback()] == [SAID]
        if check_library(copy, CheapEncoder()):
            assert len(texts_of_whole(copy)) == 29
            repaired(copy)
            assert not list(copy.glob(".yinju-working-*"))
        else:
            with Library.open(copy) as held:
                index_paths([library.parent / "in"], held, CheapEncoder())
        require_whole(copy, TRUTH, asked=3)
    return done


def texts_of_whole(library: Path) -> list[str]:
    """The names of the documents that can be read."""
    found = []
    with Library.open(library) as held:
        for each in held.list_documents():
            try:
                found.append(each.name if held.document(each.name) else "")
            except LibraryError:
                continue
    return found


def test_killed_at_any_moment_it_is_the_damaged_library_or_the_repaired_one(library: Path) -> None:
    assert kills(library, 4, random.randrange(10**9)) == 4


@pytest.mark.slow
def test_killed_at_a_hundred_moments_it_is_the_damaged_library_or_the_repaired_one(library: Path) -> None:
    assert kills(library, 100, 5) == 100


def test_where_another_process_writes_it_says_so_and_changes_nothing(library: Path) -> None:
    damage(library, "UPDATE documents SET title = 'another' WHERE name = '3.txt'")
    before = (library / "library.sqlite").read_bytes()
    with Library.open(library) as held, held.writing(), pytest.raises(LibraryError, match="another process is indexing"):
        repaired(library)
    assert (library / "library.sqlite").read_bytes() == before


def test_on_a_full_disk_it_says_so_and_is_done_when_there_is_room(library: Path, tmp_path: Path) -> None:
    damage(library, "UPDATE documents SET text = replace(text, '。', '，') WHERE name = '3.txt'")
    size = sum(each.stat().st_size for each in library.iterdir())
    for share in (0, 0.5, 1, 1.6, 2.4):
        with mounted(tmp_path / f"disk{share}", "30m"):
            copy = tmp_path / f"disk{share}" / "library"
            shutil.copytree(library, copy)
            ballast = fill(tmp_path / f"disk{share}")
            with ballast.open("r+b") as file:
                file.truncate(ballast.stat().st_size - int(share * size))
            with pytest.raises(YinjuError) as error:
                repaired(copy)
            require_sentence(error.value)
            assert "free some space" in str(error.value)
            ballast.unlink()
            if check_library(copy, CheapEncoder()):
                repaired(copy)
            with Library.open(copy) as held:
                index_paths([library.parent / "in"], held, CheapEncoder())
            require_whole(copy, TRUTH, asked=5)


def test_the_command_says_what_was_wrong_what_was_done_and_what_is_lost(yinju: Yinju, tmp_path: Path) -> None:
    library, folder = tmp_path / "library", write(tmp_path / "in", {"a.txt": "灯会在正月十五开始。", "b.txt": "水位在夜里涨了两米。"})
    assert yinju("index", folder, "--library", library).returncode == 0
    assert yinju("check", "--repair", "--library", library).stdout == f"{library} is whole\n"
    with sqlite3.connect(library / "library.sqlite") as connection:
        connection.execute("UPDATE documents SET text = replace(text, '两', '三') WHERE name = 'b.txt'")
    connection.close()
    folder.rename(tmp_path / "away")
    shutil.copytree(library, tmp_path / "other")
    said = yinju("check", "--repair", "--library", library)
    assert said.returncode == 1 and said.stdout.startswith("b.txt in ") and "\nrepaired: 1 documents" in said.stdout
    assert "\nlost: b.txt; index the folder that holds their files" in said.stdout and said.stdout.endswith(f"{library} is whole\n")
    told = json.loads(yinju("check", "--repair", "--json", "--library", tmp_path / "other").stdout)
    assert told["whole"] and told["problems"] == [] and told["repaired"]["lost"] == ["b.txt"]
    assert Path(told["repaired"]["aside"]).is_file()


def test_what_sqlite_cannot_open_is_refused_in_a_sentence(yinju: Yinju, tmp_path: Path) -> None:
    (tmp_path / "library.sqlite").write_bytes(random.Random(1).randbytes(50_000))
    said = yinju("check", "--repair", "--library", tmp_path)
    assert said.returncode == 2 and "nothing of it can be repaired; restore a backup" in said.stderr
    assert [each.name for each in tmp_path.iterdir() if "damaged" in each.name] == []
