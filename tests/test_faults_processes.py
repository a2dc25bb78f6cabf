"""Several processes at one library: two that write, one that reads while another migrates or replaces, workers that are killed."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from corpus import Library, LibraryError
from corpus.connect import connect
from corpus.feedback import Feedback, add_feedback
from corpus.schema import FORMAT
from rag import index_paths
from rag.check import check_library
from tests import make_format_1, make_format_4, victim
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import ROOT, SAMPLE, Yinju
from tests.invariant import opened, require_found, require_whole, texts, write
from tests.test_faults_kills import require_same_run
from tests.victim import server

SAID = Feedback("谁会见了代表团？", "down", None, None, None, "", "2026-12-01T00:00:00+00:00")


def change(library: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(library / "library.sqlite", isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def at_once(work: victim.Work, each: list[tuple[object, ...]]) -> list[int | None]:
    """Exit statuses of processes that do the work at once."""
    processes = [server().Process(target=work, args=some) for some in each]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


def test_of_several_that_write_at_once_one_writes_and_the_others_say_so(tmp_path: Path) -> None:
    library, folder = tmp_path / "library", tmp_path / "in"
    for turn in range(2):
        truth = texts(20, seed=turn)
        write(folder, truth)
        said = at_once(victim.try_to_index, [(folder, library)] * 3)
        assert set(said) <= {0, 3} and 0 in said
        require_whole(library, truth)


def test_of_two_evaluations_into_one_folder_one_writes_and_the_other_says_so(tmp_path: Path) -> None:
    library = tmp_path / "library"
    victim.grow(library, 20)
    victim.evaluate(library, tmp_path / "whole", 5)
    said = at_once(victim.try_to_evaluate, [(library, tmp_path / "run", 5)] * 2)
    assert set(said) <= {0, 3} and 0 in said
    require_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.parametrize("number", [1, 4])
def test_who_reads_an_older_library_takes_up_what_another_migrates_and_writes(number: int, tmp_path: Path) -> None:
    library, folder = tmp_path / "library", tmp_path / "in"
    if number == 1:
        make_format_1.make(library, tmp_path / "a.txt")
        before = {"a.txt": make_format_1.TEXT}
    else:
        before = texts(12)
        victim.index(write(folder, before), library)
        make_format_4.make(library)
    with FileLock(library / "writer.lock"):
        reader = opened(library)
    with reader:
        require_found(reader, sorted(before)[0], before)
        newer = texts(12, seed=5)
        victim.index(write(folder, newer), library)
        for name in sorted(newer)[:3]:
            require_found(reader, name, before | newer)
        assert reader.library.meta("format") == str(FORMAT)
    require_whole(library, before | newer, asked=0)


def test_who_reads_a_library_that_is_removed_and_made_anew_takes_up_the_new_one(tmp_path: Path) -> None:
    library, folder, before, after = tmp_path / "library", tmp_path / "in", texts(12), texts(14, seed=4)
    victim.index(write(folder, before), library)
    with opened(library) as reader:
        require_found(reader, "3.txt", before)
        shutil.rmtree(library)
        require_found(reader, "4.txt", before)  # what is removed is asked on as it was
        victim.index(write(folder, after), library)
        for name in ("3.txt", "13.txt"):
            require_found(reader, name, after)
        shutil.rmtree(library)
        Library.create(library, "another", 8).close()
        for _ in range(2):
            with pytest.raises(LibraryError, match="made anew with the model another"):
                reader.ask("谁？")


def test_what_is_written_goes_into_the_library_that_is_at_its_place_now(tmp_path: Path) -> None:
    library, truth, more = tmp_path / "library", texts(6), texts(2, seed=7)
    victim.index(write(tmp_path / "in", truth), library)
    with opened(library) as server:
        require_found(server, "3.txt", truth)
        shutil.copytree(library, tmp_path / "restored")
        library.rename(tmp_path / "before")
        (tmp_path / "restored").rename(library)
        add_feedback(server.library, SAID)
        assert server.index([write(tmp_path / "more", {f"more {name}": text for name, text in more.items()})]).added == 2
        shutil.rmtree(library)
        with pytest.raises(LibraryError, match="removed"):
            add_feedback(server.library, SAID)
        shutil.copytree(tmp_path / "before", library)
        with server.library.writing():
            library.rename(tmp_path / "away")
            shutil.copytree(tmp_path / "before", library)
            with pytest.raises(LibraryError, match="replaced by another"):
                server.library.remove(["3.txt"])
    require_whole(tmp_path / "before", truth, asked=6)
    with Library.open(tmp_path / "before") as held:
        assert not [*held.feedback()] and held.document_count() == 6


def test_a_reader_of_an_older_library_does_not_make_a_newer_one_older(tmp_path: Path) -> None:
    library = tmp_path / "library"
    victim.index(write(tmp_path / "in", texts(3)), library)
    make_format_4.make(library)
    with FileLock(library / "writer.lock"):
        reader = Library.open(library)
    Library.open(library).close()
    with opened(library) as running:
        require_found(running, "1.txt", texts(3))
        change(library, "UPDATE meta SET value = '99' WHERE key = 'format'")
        for each in (reader, running.library):
            with pytest.raises(LibraryError, match="pip install --upgrade yinju"):
                each.add_feedback(SAID)  # type: ignore[attr-defined]
        with pytest.raises(LibraryError, match="pip install --upgrade yinju"):
            running.ask("谁？")
    reader.close()
    assert change(library, "SELECT value FROM meta WHERE key = 'format'") == [("99",)]


def test_a_reader_of_an_older_library_takes_up_what_was_written_while_it_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, folder, truth = tmp_path / "library", tmp_path / "in", texts(4)
    victim.index(write(folder, truth), library)
    make_format_4.make(library)

    def late(place: Path) -> tuple[sqlite3.Connection, bool]:
        monkeypatch.undo()
        with FileLock(library / "writer.lock"):
            found = connect(place)
        victim.index(write(folder, texts(6)), library)
        return found

    monkeypatch.setattr("corpus.library.connect", late)
    with opened(library) as reader:
        require_found(reader, "5.txt", texts(6))


def test_a_newer_library_is_refused_by_all_that_read_and_write_and_stays_as_it_is(tmp_path: Path) -> None:
    library, folder = tmp_path / "library", write(tmp_path / "in", texts(3))
    victim.index(folder, library)
    with sqlite3.connect(library / "library.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.close()
    before = (library / "library.sqlite").read_bytes()
    for use in (lambda: opened(library), lambda: check_library(library, CheapEncoder()), lambda: victim.index(folder, library)):
        with pytest.raises(LibraryError, match="pip install --upgrade yinju") as error:
            use()
        assert "\n" not in str(error.value)
    assert (library / "library.sqlite").read_bytes() == before


def test_who_reads_while_another_process_writes_is_killed_and_nothing_happens_to_the_library(tmp_path: Path) -> None:
    library, folder, truth = tmp_path / "library", tmp_path / "in", texts(30)
    victim.index(write(folder, truth), library)
    chance = random.Random()
    for turn in range(4):
        reader = server().Process(target=victim.ask_for_ever, args=(library,))
        reader.start()
        newer = texts(30, seed=turn + 1)
        with cheap_library(library) as held:
            time.sleep(chance.uniform(0, 0.2))
            os.kill(reader.pid or 0, signal.SIGKILL) if turn % 2 else None
            index_paths([write(folder, newer)], held, CheapEncoder())
        os.kill(reader.pid or 0, signal.SIGKILL) if reader.is_alive() else None
        reader.join()
        require_whole(library, newer, asked=3)


def workers_of(process: int) -> list[int]:
    """The processes that ask for an evaluation: its children that are no tracker of resources."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            command = (each / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == process and b"spawn_main" in command:
            found.append(int(each.name))
    return found


@pytest.mark.slow
def test_a_worker_that_is_killed_is_one_sentence_and_the_run_goes_on_to_the_same(yinju: Yinju, sample_library: Path, tmp_path: Path) -> None:
    asked = tmp_path / "questions.jsonl"
    lines = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text("utf8").splitlines()]
    asked.write_text("".join(json.dumps(each) + "\n" for each in lines[:72]))
    command = [sys.executable, "-m", "ui", "eval", str(asked), "--library", str(sample_library), "--processes", "2", "--output"]
    whole = tmp_path / "whole"
    assert subprocess.run([*command, str(whole)], cwd=ROOT, capture_output=True).returncode == 0
    for victim_is_worker in (True, False):
        output = tmp_path / f"run {victim_is_worker}"
        process = subprocess.Popen([*command, str(output)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 120
        while len(workers := workers_of(process.pid)) < 2:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        time.sleep(random.uniform(1, 4))
        os.kill(workers[0] if victim_is_worker else process.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=120)
        if victim_is_worker:
            assert process.returncode == 2 and said.splitlines()[-1].startswith("yinju: one of the 2 processes that ask was ended")
            assert "Traceback" not in said
        until = time.monotonic() + 30
        while any(Path(f"/proc/{each}/cmdline").is_file() and Path(f"/proc/{each}/cmdline").read_bytes() for each in workers):
            assert time.monotonic() < until, "a worker outlives its parent"
            time.sleep(0.1)
        assert subprocess.run([*command, str(output)], cwd=ROOT, capture_output=True).returncode == 0
        require_same_run(whole, output)
