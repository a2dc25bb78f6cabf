"""A disk that is full, or may only be read: a sentence, nothing half written, and all goes on when there is room."""

import random
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from corpus import Library, LibraryError, YinjuError
from corpus.feedback import Feedback, add_feedback
from eval import QuestionSet, run
from rag import Assistant, index_paths
from rag.check import check_library
from rag.reader import WordsAndCosine
from tests import make_format_4, victim
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import opened, require_found, require_whole, texts, write
from tests.test_library import mounted
from ui.conversations import Conversations
from ui.talks import ConversationError

TRUTH = texts(60)


def resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk, not a byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def read_only(disk: Path, only: bool = True) -> None:
    subprocess.run(["mount", "-o", f"remount,{'ro' if only else 'rw'}", disk], check=True)


def index(folder: Path, library: Path) -> None:
    with cheap_library(library) as held:
        index_paths([folder], held, CheapEncoder())


def require_sentence(error: BaseException) -> None:
    assert isinstance(error, YinjuError) and "\n" not in str(error) and len(str(error)) < 400, error


def filled_at(tmp_path: Path, sizes: list[int]) -> None:
    """Indexing on disks that are full after so many kB, which then grow."""
    folder = write(tmp_path / "in", TRUTH)
    for size in sizes:
        disk = tmp_path / f"disk{size}"
        with mounted(disk, f"{size}k"):
            library = disk / "library"
            with pytest.raises(YinjuError) as error:
                index(folder, library)
            require_sentence(error.value)
            kept = {}
            if (library / "library.sqlite").is_file():
                assert check_library(library, CheapEncoder()) == []
                with Library.open(library) as held:
                    kept = {each.name for each in held.list_documents()}
            resize(disk, "30m")
            if kept:
                with opened(library) as assistant:
                    require_found(assistant, sorted(kept)[0], TRUTH)
            index(folder, library)
            require_whole(library, TRUTH)
            assert not list(library.glob(".*.new"))


def test_a_disk_that_fills_while_indexing_loses_nothing_and_indexing_goes_on(tmp_path: Path) -> None:
    filled_at(tmp_path, random.sample(range(100, 500, 4), 3))


@pytest.mark.slow
def test_a_disk_that_fills_at_any_of_forty_places_loses_nothing(tmp_path: Path) -> None:
    filled_at(tmp_path, list(range(60, 460, 10)))


def test_feedback_on_a_full_disk_is_one_sentence_and_what_was_kept_stays(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TRUTH)
    with mounted(tmp_path / "disk", "4m"):
        index(folder, tmp_path / "disk" / "library")
        with Library.open(tmp_path / "disk" / "library") as library:
            ballast = fill(tmp_path / "disk")
            kept = 0
            with pytest.raises(LibraryError) as error:
                while True:
                    add_feedback(library, Feedback(f"问题{kept}", "up", "0.txt", 0, 4))
                    kept += 1
            require_sentence(error.value)
            assert "full" in str(error.value)
            assert [each.question for each in library.feedback()] == [f"问题{number}" for number in range(kept)]
            ballast.unlink()
            add_feedback(library, Feedback("后来", "down"))
        require_whole(tmp_path / "disk" / "library", TRUTH)
        with Library.open(tmp_path / "disk" / "library") as library:
            assert len(list(library.feedback())) == kept + 1


def test_conversations_on_a_full_disk_are_one_sentence_and_what_was_kept_stays(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TRUTH)
    with mounted(tmp_path / "disk", "4m"):
        index(folder, tmp_path / "disk" / "library")
        with opened(tmp_path / "disk" / "library") as assistant:
            answer = assistant.ask(TRUTH["0.txt"].split("\n")[0])
        with Conversations(tmp_path / "disk" / "library") as conversations:
            talk = conversations.begin()
            conversations.add(talk, answer)
            ballast = fill(tmp_path / "disk")
            kept = 1
            with pytest.raises(ConversationError) as error:
                while True:
                    conversations.add(talk, answer)
                    kept += 1
            require_sentence(error.value)
            assert conversations.kept and len(conversations.turns(talk)) == kept
            ballast.unlink()
            conversations.add(talk, answer)
        with Conversations(tmp_path / "disk" / "library") as conversations:
            assert [each.answer for each in conversations.turns(talk)] == [answer] * (kept + 1)


def test_a_full_disk_under_an_evaluation_is_one_sentence_and_the_run_goes_on_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("eval.kept", "eval.asking"):
        monkeypatch.setattr(f"{module}.BLOCK", 8)
    victim.grow(tmp_path / "library", 40)
    encoder = CheapEncoder()
    asked = QuestionSet(victim.questions(20))
    with Assistant(Library.open(tmp_path / "library"), encoder, WordsAndCosine(encoder)) as assistant:
        run(asked, assistant, tmp_path / "whole")
        with mounted(tmp_path / "disk", "8m"):
            output = tmp_path / "disk" / "run"
            size = sum(each.stat().st_size for each in (tmp_path / "whole").iterdir()) // 1024
            output.mkdir()
            # Full before the head is written, in the answers, in what is made of them, in the page.
            for room in (0, 40, size):
                ballast = fill(tmp_path / "disk")
                with ballast.open("r+b") as file:
                    file.truncate(ballast.stat().st_size - room * 1024)
                with pytest.raises(YinjuError) as error:
                    run(asked, assistant, output)
                require_sentence(error.value)
                assert not (output / "metrics.json").exists()
                ballast.unlink()
            run(asked, assistant, output)
            assert {each.name for each in output.iterdir()} == {each.name for each in (tmp_path / "whole").iterdir()}
            for name in ("run.csv", "run.trec"):
                assert (output / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_older_library_on_a_full_disk_is_asked_and_is_migrated_when_there_is_room(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TRUTH)
    with mounted(tmp_path / "disk", "4m"):
        library = tmp_path / "disk" / "library"
        index(folder, library)
        make_format_4.make(library)
        ballast = fill(tmp_path / "disk")
        with opened(library) as assistant:
            require_found(assistant, "3.txt", TRUTH)
            with pytest.raises(LibraryError) as error:
                add_feedback(assistant.library, Feedback("问", "down"))
            require_sentence(error.value)
            ballast.unlink()
            add_feedback(assistant.library, Feedback("问", "down"))
            require_found(assistant, "3.txt", TRUTH)
        require_whole(library, TRUTH)
        with Library.open(library) as held:
            assert [each.question for each in held.feedback()] == ["问"]


@pytest.mark.parametrize("left_in_log", [False, True])
def test_what_is_written_to_a_disk_that_may_only_be_read_is_refused_and_kept_when_it_may_be_written_again(
    tmp_path: Path, left_in_log: bool
) -> None:
    folder = write(tmp_path / "in", TRUTH)
    with mounted(tmp_path / "disk", "8m"):
        library = tmp_path / "disk" / "library"
        with cheap_library(library) as held:
            index_paths([folder], held, CheapEncoder())
            shutil.copytree(library, tmp_path / "as killed")
        if left_in_log:
            shutil.rmtree(library)
            shutil.copytree(tmp_path / "as killed", library)
            (library / "library.sqlite-shm").unlink()
        read_only(tmp_path / "disk")
        with opened(library) as assistant:
            require_found(assistant, "5.txt", TRUTH)
            for write_to in (
                lambda: add_feedback(assistant.library, Feedback("问", "down")),
                lambda: assistant.remove(["5.txt"]),
                lambda: assistant.index([folder]),
            ):
                with pytest.raises(LibraryError) as error:
                    write_to()
                require_sentence(error.value)
            with Conversations(library) as conversations:
                conversations.add(conversations.begin(), assistant.ask("代表团"))
                assert not conversations.kept and conversations.reason
            require_found(assistant, "5.txt", TRUTH)
            read_only(tmp_path / "disk", False)
            add_feedback(assistant.library, Feedback("问", "down"))
            (folder / "5.txt").unlink()
            assert assistant.index([folder]).removed == 1
        rest = {name: text for name, text in TRUTH.items() if name != "5.txt"}
        require_whole(library, rest)
        with Library.open(library) as held:
            assert [each.question for each in held.feedback()] == ["问"]


def test_who_reads_a_disk_that_may_only_be_read_takes_up_what_is_written_when_it_may(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TRUTH)
    with mounted(tmp_path / "disk", "8m"):
        library = tmp_path / "disk" / "library"
        index(folder, library)
        read_only(tmp_path / "disk")
        with opened(library) as assistant:
            require_found(assistant, "5.txt", TRUTH)
            read_only(tmp_path / "disk", False)
            newer = texts(60, seed=9)
            index(write(folder, newer), library)
            for name in ("5.txt", "17.txt"):
                require_found(assistant, name, newer)
        require_whole(library, newer)


def test_a_library_on_a_disk_without_any_room_is_not_begun(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "200k"):
        ballast = fill(tmp_path / "disk")
        with pytest.raises(LibraryError) as error:
            cheap_library(tmp_path / "disk" / "library")
        require_sentence(error.value)
        ballast.unlink()
        resize(tmp_path / "disk", "8m")
        index(write(tmp_path / "in", TRUTH), tmp_path / "disk" / "library")
        require_whole(tmp_path / "disk" / "library", TRUTH)
