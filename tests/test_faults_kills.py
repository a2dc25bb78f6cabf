"""`kill -9` at every kind of moment: of migration, of indexing, of writing the index, of an evaluation."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from corpus import Library
from corpus.schema import FORMAT
from embeddings.packed_index import PackedIndex
from rag.check import check_library
from rag.vectors import open_index
from tests import make_format_1, make_format_4, victim
from tests.cheap import CheapEncoder
from tests.invariant import opened, require_exact, require_found, require_whole, texts, write
from tests.victim import killed_at, moments_of, numbered

KILLED = -9
TRUTH = texts(12)
OLD = make_format_1.TEXT


def format_of(library: Path) -> int:
    with sqlite3.connect(library / "library.sqlite") as connection:
        ((found,),) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchall()
    connection.close()
    return int(found)


def library_of(number: int, folder: Path) -> tuple[Path, dict[str, str]]:
    """A library of an older format, and its texts."""
    if number == 1:
        make_format_1.make(folder / "library", folder / "a.txt")
        return folder / "library", {"a.txt": OLD}
    victim.index(write(folder / "in", TRUTH), folder / "library")
    make_format_4.make(folder / "library")
    return folder / "library", TRUTH


def migrations(number: int, scratch: Path, kills: int | None, seed: int) -> int:
    """Kill a migration at so many of its moments, or at each; how many kills there were."""
    before, truth = library_of(number, scratch)
    copy = scratch / "copy"
    shutil.copytree(before, copy)
    total = moments_of(victim.open_library, copy, tally=scratch / "tally")
    chance = random.Random(seed)
    moments = range(1, total + 1) if kills is None else [chance.randint(1, total) for _ in range(kills)]
    done = 0
    for moment in moments:
        shutil.rmtree(copy)
        shutil.copytree(before, copy)
        done += killed_at(moment, victim.open_library, copy) == KILLED
        assert format_of(copy) in (number, FORMAT)
        require_whole(copy, truth, asked=3, seed=moment)
        assert format_of(copy) == FORMAT
    return done


@pytest.mark.parametrize("number", [1, 4])
def test_a_killed_migration_leaves_the_old_format_or_the_new_and_nothing_lost(number: int, tmp_path: Path) -> None:
    assert migrations(number, tmp_path, 4, random.randrange(10**9)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 4])
def test_a_migration_killed_at_each_of_its_moments_leaves_the_old_format_or_the_new(number: int, tmp_path: Path) -> None:
    done = migrations(number, tmp_path, None, 0)
    print(f"format {number}: {done} kills")
    assert done >= 20


def switches(scratch: Path, kills: int, seed: int) -> int:
    """Kill what writes the index file, of another kind each time; someone asks all the while. How many kills."""
    chance = random.Random(seed)
    library = scratch / "library"
    sizes = (40, 90)  # of few texts and of many: see `victim.grow`
    victim.grow(library, sizes[0])
    totals = {}
    for size, other in (sizes, sizes[::-1]):
        shutil.copytree(library, scratch / "copy", dirs_exist_ok=True)
        victim.grow(scratch / "copy", size)
        totals[other] = moments_of(victim.grow, scratch / "copy", other, tally=scratch / "tally")
        shutil.rmtree(scratch / "copy")
    done, size = 0, sizes[1]
    with opened(library) as reader:
        while done < kills:
            # The last moments are those of the index: half of the kills are there.
            last = totals[size]
            moment = chance.randint(1, last) if chance.random() < 0.5 else chance.randint(last - last // 5, last)
            killed = killed_at(moment, victim.grow, library, size) == KILLED
            done += killed
            assert check_library(library, CheapEncoder()) == []
            for number in chance.sample(range(sizes[0]), 3):  # they are in either
                answer = reader.ask(numbered(number)[:14])
                assert answer.passages[0].document == f"{number}.txt" and answer.passages[0].text == numbered(number)
            if not killed:
                size = sizes[0] if size == sizes[1] else sizes[1]
                require_whole(library, {f"{each}.txt": numbered(each) for each in range(sizes[1] if size == sizes[0] else sizes[0])})
    victim.grow(library, sizes[1])
    with Library.open(library) as held:
        assert isinstance(open_index(held).index, PackedIndex)
    require_whole(library, {f"{each}.txt": numbered(each) for each in range(sizes[1])}, asked=20)
    assert len(list(library.glob("*vectors-*"))) == 1
    return done


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("rag.vectors.LARGE", 60), ("rag.vectors.FEW", 5), ("rag.batch.EMBED_TOGETHER", 16)):
        monkeypatch.setattr(name, value)


def test_killed_while_the_index_is_exchanged_for_another_kind_all_is_found(tmp_path: Path, small: None) -> None:
    assert switches(tmp_path, 4, random.randrange(10**9)) == 4


@pytest.mark.slow
def test_killed_a_hundred_times_while_the_index_is_exchanged_all_is_found(tmp_path: Path, small: None) -> None:
    assert switches(tmp_path, 100, 1) == 100


def indexing(scratch: Path, kills: int, seed: int) -> int:
    """Kill indexing of files that change each time; how many kills."""
    chance = random.Random(seed)
    folder, library = scratch / "in", scratch / "library"
    past: dict[str, set[str]] = {}
    total, done, turn = 0, 0, 0
    while done < kills:
        turn += 1
        for name, text in texts(12, seed + turn).items():
            if turn == 1 or chance.random() < 0.4:
                write(folder, {name: text})
                past.setdefault(name, set()).add(text)
        if turn == 1:
            total = moments_of(victim.index, folder, scratch / "first", tally=scratch / "tally")
        before = set() if not (library / "library.sqlite").is_file() else set(held(library))
        done += killed_at(chance.randint(1, total), victim.index, folder, library) == KILLED
        if not (library / "library.sqlite").is_file():
            continue
        assert check_library(library, CheapEncoder()) == []
        found = held(library)
        assert before <= set(found) and all(text in past[name] for name, text in found.items())
        if found:
            with opened(library) as assistant:
                require_found(assistant, chance.choice(sorted(found)), found)
    victim.index(folder, library)
    require_whole(library, {each.name: each.read_text("utf8") for each in folder.iterdir()}, asked=12)
    return done


def held(library: Path) -> dict[str, str]:
    with Library.open(library) as opened_:
        documents = [opened_.document(each.name) for each in opened_.list_documents()]
    return {each.name: each.text for each in documents if each is not None}


def test_killed_at_any_moment_of_indexing_nothing_that_was_there_is_lost(tmp_path: Path) -> None:
    assert indexing(tmp_path, 4, random.randrange(10**6)) == 4


@pytest.mark.slow
def test_killed_at_a_hundred_moments_of_indexing_nothing_that_was_there_is_lost(tmp_path: Path) -> None:
    assert indexing(tmp_path, 100, 7) == 100


def evaluations(scratch: Path, kills: int, seed: int, asked: int = 30) -> int:
    """Kill evaluations, each again and again until it is done; how many kills."""
    chance = random.Random(seed)
    library, whole, output = scratch / "library", scratch / "whole", scratch / "run"
    victim.grow(library, 40)
    total = moments_of(victim.evaluate, library, whole, asked, tally=scratch / "tally")
    done = 0
    while done < kills:
        if killed_at(chance.randint(1, total), victim.evaluate, library, output, asked) == KILLED:
            done += 1
            continue
        require_same_run(whole, output)
        shutil.rmtree(output)
    assert killed_at(None, victim.evaluate, library, output, asked) == 0
    require_same_run(whole, output)
    return done


def require_same_run(whole: Path, output: Path) -> None:
    assert {each.name for each in output.iterdir()} == {each.name for each in whole.iterdir()}
    for name in ("run.csv", "run.trec"):
        assert (output / name).read_bytes() == (whole / name).read_bytes()


def test_an_evaluation_that_is_killed_and_goes_on_gives_the_same_run(tmp_path: Path) -> None:
    assert evaluations(tmp_path, 2, random.randrange(10**9), asked=9) == 2


@pytest.mark.slow
def test_evaluations_killed_sixty_times_give_the_same_run(tmp_path: Path) -> None:
    assert evaluations(tmp_path, 60, 3) == 60


@pytest.mark.slow
def test_a_run_killed_at_any_of_twenty_four_moments_goes_on_to_the_same_run(tmp_path: Path) -> None:
    """Each run is killed once, and the next one finishes it."""
    library, whole, output = tmp_path / "library", tmp_path / "whole", tmp_path / "run"
    victim.grow(library, 20)
    total = moments_of(victim.evaluate, library, whole, 9, tally=tmp_path / "tally")
    for moment in range(total // 25, total, total // 25):
        assert killed_at(moment, victim.evaluate, library, output, 9) == KILLED
        assert killed_at(None, victim.evaluate, library, output, 9) == 0
        require_same_run(whole, output)
        shutil.rmtree(output)


def test_what_is_asked_of_a_library_while_it_is_migrated_by_another_is_answered(tmp_path: Path) -> None:
    library, truth = library_of(4, tmp_path)
    shutil.copytree(library, tmp_path / "copy")
    total = moments_of(victim.open_library, tmp_path / "copy", tally=tmp_path / "tally")
    for moment in (total // 4, total // 2, total):
        killed_at(moment, victim.open_library, library)
        with opened(library) as assistant:
            for name in sorted(truth)[:4]:
                require_exact(assistant.ask(truth[name].split("\n")[0]), truth)
