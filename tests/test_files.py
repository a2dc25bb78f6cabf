import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus import YinjuError, find_files
from corpus.files import Unlisted, printable, walk
from rag import index_paths
from rag.check import check_library
from rag.indexing import remove_documents
from tests.cheap import CheapEncoder, cheap_library


def names(folder: Path, leave_out: Path | None = None) -> list[str]:
    return [name for _, name in find_files(folder, leave_out)]


def test_hidden_files_links_that_lead_out_and_circles_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("外面")
    for name in ("b.txt", "a.txt", "sub/c.txt", ".hidden.txt", "metadata.csv"):
        (folder / name).write_text("文")
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "inside.txt").symlink_to(folder / "a.txt")
    (folder / "circle").symlink_to(folder)
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "nowhere.txt").symlink_to(folder / "gone.txt")
    (folder / "sub" / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    assert names(folder) == ["a.txt", "b.txt", "inside.txt", "sub/c.txt"]


def test_the_library_inside_the_folder_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲在这里住。")
    with cheap_library(tmp_path / "library") as library:
        for _ in range(2):
            report = index_paths([tmp_path], library, CheapEncoder())
            assert report.failures == ()
        assert [each.name for each in library.list_documents()] == ["a.txt"]
        with pytest.raises(YinjuError, match="is a part of the library itself"):
            index_paths([tmp_path / "library"], library, CheapEncoder())


def test_odd_names_are_printable_unique_and_asked_for_as_printed(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    raw = [b"line\nbreak.txt", b"line\\x0abreak.txt", b"\xff\xfe.txt", b"\xe5\xb9\xb4.txt", b"tab\t.txt", "a\u202etxt.txt".encode()]
    for number, name in enumerate(raw):
        with open(os.path.join(folder, name), "w") as file:
            file.write(f"这是第{number}份文件。")
    with cheap_library(tmp_path / "library") as library:
        for expected in (6, 0):
            report = index_paths([tmp_path / "in"], library, CheapEncoder())
            assert (report.added, report.failures) == (expected, ())
        listed = [each.name for each in library.list_documents()]
        assert sorted(listed) == sorted({*listed}) and len(listed) == 6
        assert {"年.txt", "\\xff\\xfe.txt", "line\\x0abreak.txt", "tab\\x09.txt", "a\\u202etxt.txt"} <= set(listed)
        assert all(library.document(each) is not None and each.encode() for each in listed)
        assert json.dumps([each.metadata for each in library.list_documents()]).encode()
    assert check_library(tmp_path / "library", CheapEncoder()) == []


def test_a_folder_that_cannot_be_listed_is_a_failure_and_its_documents_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "closed/b"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / f"{name}.txt").write_text(f"这是文件{name}。")
    scan = os.scandir

    def closed(folder: str) -> object:
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / "in"], library, CheapEncoder())
        monkeypatch.setattr("corpus.files.os.scandir", closed)
        assert [each.name for each in walk(tmp_path / "in") if isinstance(each, Unlisted)] == ["closed"]
        report = index_paths([tmp_path / "in"], library, CheapEncoder())
        assert report.removed == 0 and report.failures[0][0] == "closed"
        assert library.document("closed/b.txt") is not None


def test_a_folder_whose_disk_is_away_keeps_its_documents_and_says_so_and_the_others_are_read(tmp_path: Path) -> None:
    disk, other = tmp_path / "disk", tmp_path / "other"
    for each in (disk / "a.txt", disk / "b.txt", other / "c.txt"):
        each.parent.mkdir(exist_ok=True)
        each.write_text(f"这是文件{each.name}。")
    with cheap_library(tmp_path / "library") as library:
        index_paths([disk, other], library, CheapEncoder())
        disk.rename(tmp_path / "unplugged")
        disk.mkdir()  # the place that it was mounted on
        (other / "c.txt").write_text("改了。")
        report = index_paths([disk, other], library, CheapEncoder())
        assert (report.updated, report.removed, report.failed) == (1, 0, 1)
        ((name, reason),) = report.failures
        assert name == str(disk) and "documents of 2 files of it are in the library: they stay" in reason and "yinju docs remove" in reason
        disk.rmdir()
        (tmp_path / "unplugged").rename(disk)
        assert index_paths([disk], library, CheapEncoder()).unchanged == 2
        # Who means it takes the documents out: then nothing is missing from the folder.
        for each in ("a.txt", "b.txt"):
            (disk / each).unlink()
        remove_documents(library, ["a.txt", "b.txt"])
        assert index_paths([disk], library, CheapEncoder()).failures == ()


@pytest.mark.parametrize("place_stays", [True, False])
def test_a_disk_that_goes_away_while_its_files_are_read_keeps_its_documents(tmp_path: Path, place_stays: bool) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "a.txt").write_text("甲在这里住。")

    class Unplugged(CheapEncoder):
        def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            folder.rename(tmp_path / "unplugged")
            if place_stays:
                folder.mkdir()
            return super().encode_passages(texts)

    with cheap_library(tmp_path / "library") as library:
        index_paths([folder], library, CheapEncoder())
        (folder / "b.txt").write_text("乙在那里住。")
        assert index_paths([folder], library, Unplugged()).removed == 0
        assert library.document_count() == 2


def test_folders_two_thousand_deep_are_listed(tmp_path: Path) -> None:
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1900):
            os.mkdir("a")
            os.chdir("a")
        Path("b.txt").write_text("深处。")
    finally:
        os.chdir(here)
    found = list(walk(tmp_path))
    subprocess.run(["rm", "-rf", tmp_path / "a"], check=True)  # deeper than Python removes
    assert len(found) == 1


def test_a_name_is_escaped_as_little_as_can_be() -> None:
    assert printable("年报 (1)　é.txt") == "年报 (1)　é.txt"


@pytest.mark.slow
def test_twenty_thousand_tiny_files_are_listed_and_stored_within_bounds(tmp_path: Path) -> None:
    script = (
        "import resource, sys, time; from pathlib import Path\n"
        "from rag import index_paths; from tests.cheap import CheapEncoder, cheap_library\n"
        "class Forgetful(CheapEncoder):\n"
        "    def encode_passages(self, texts): return self.encode_queries(texts)\n"
        "with cheap_library(Path(sys.argv[2])) as library:\n"
        "    first = index_paths([Path(sys.argv[1])], library, Forgetful()); time.sleep(2.1)\n"
        "    again = index_paths([Path(sys.argv[1])], library, Forgetful())\n"
        "    third = index_paths([Path(sys.argv[1])], library, Forgetful())\n"
        "print(first.added, again.unchanged, first.seconds, third.seconds, "
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    for number in range(20_000):
        path = tmp_path / "in" / f"{number % 10}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"第{number}份文件说的是第{number}件事。")
    command = [os.sys.executable, "-c", script, str(tmp_path / "in"), str(tmp_path / "library")]  # type: ignore[attr-defined]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    added, unchanged, seconds, again, kilobytes = map(float, done.stdout.split())
    print(done.stdout)
    assert (added, unchanged) == (20_000, 20_000)
    assert kilobytes < 500_000 and again < seconds / 3
