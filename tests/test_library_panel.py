"""The library in the page: files and folders added, listed by pages, read again, checked; and what is kept of an upload."""

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from playwright.sync_api import Browser, Page, expect

from rag import Assistant
from rag.named_files import Step
from tests.cheap import CheapEncoder, cheap_library
from tests.conftest import ROOT
from tests.test_browser import Served, ask, browser, opened
from ui import document_list, folder_picker, health, library_panel
from ui.folder_picker import sent
from ui.health import parts_of
from ui.library_panel import added, reread, step_html, time_left
from ui.turns import Turns
from ui.uploads import Upload, keep, safe_path, sweep
from ui.wording import LANGUAGES, said

__all__ = ["browser"]
MEETING = "{month}月例会\n\n青石镇{month}月例会于{month}月三日召开，会议由{chair}主持，讨论了水渠的修缮。\n"


# What is kept of an upload


@pytest.mark.parametrize(("name", "path"), [
    ("a.txt", "a.txt"), ("档案/1月/会议.txt", "档案/1月/会议.txt"), ("../../etc/passwd", "etc/passwd"), ("/etc/passwd", "etc/passwd"),
    ("a\\..\\b.txt", "a/b.txt"), ("a//./b.txt", "a/b.txt"), ("a/\x00..\x1f/b\n.txt", "a/b.txt"), ("x/\u202etxt.exe", "x/txt.exe"), ("e\u0301.txt", "é.txt"),
    (".DS_Store", None), ("a/.git/config", None), ("..", None), ("", None), ("/", None), ("\x00", None),
])  # fmt: skip
def test_a_name_from_a_browser_stays_below_its_folder(name: str, path: str | None) -> None:
    assert (str(safe_path(name)) if safe_path(name) else None) == path


def test_a_name_that_is_too_long_is_shortened_and_keeps_its_ending() -> None:
    path = safe_path(f"{'长' * 300}.txt")
    assert path is not None and path.suffix == ".txt" and 200 < len(path.name.encode()) <= 255


def test_files_of_one_name_from_different_folders_are_both_kept_and_an_old_one_is_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("甲")
    two.write_text("乙")
    kept, failures = keep([Upload(one, "a/x.txt"), Upload(two, "b/x.txt"), Upload(two, "a\x01/x.txt")], tmp_path / "uploads")
    assert not failures and [each.name for each in kept] == ["a/x.txt", "b/x.txt", "a/x (2).txt"]
    assert [each.path.read_text() for each in kept] == ["甲", "乙", "乙"]
    assert keep([Upload(two, "a/x.txt")], tmp_path / "uploads")[0][0].path.read_text() == "乙"


def test_a_copy_that_fails_leaves_nothing_and_the_others_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("甲")
    folder = tmp_path / "uploads"
    kept, failures = keep([Upload(tmp_path / "lost", "lost.txt"), Upload(file, "there.txt"), Upload(file, "there.txt/inside.txt")], folder)
    assert [each.name for each in kept] == ["there.txt"]
    assert [name for name, _ in failures] == ["lost.txt", "there.txt/inside.txt"] and "cannot be kept" in failures[0][1]
    assert [each.name for each in folder.iterdir()] == ["there.txt"]


def test_what_is_kept_is_on_the_disk_before_its_name_and_its_name_and_folders_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(number: int) -> None:
        steps.append(f"sync {os.readlink(f'/proc/self/fd/{number}')}")
        fsync(number)

    def named(part: str, target: Path) -> None:
        steps.append(f"name {target}")
        assert steps[-2] == f"sync {part}"
        replace(part, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", named)
    (tmp_path / "file").write_text("甲")
    folder = tmp_path / "uploads"
    assert not keep([Upload(tmp_path / "file", "a/b/x.txt")], folder)[1]
    assert [each for each in steps if ".part-" not in each] == [
        f"sync {tmp_path}", f"sync {folder}", f"sync {folder / 'a'}", f"name {folder / 'a' / 'b' / 'x.txt'}", f"sync {folder / 'a' / 'b'}",
    ]  # fmt: skip


def test_only_what_arrived_as_an_upload_is_taken(tmp_path: Path) -> None:
    arrived = Path(get_upload_folder()) / "test-sent" / "a.txt"
    arrived.parent.mkdir(parents=True, exist_ok=True)
    arrived.write_text("甲")
    link = arrived.with_name("link.txt")
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    files = [{"path": str(each), "name": "n.txt"} for each in (arrived, "/etc/passwd", arrived.parent / "../../../../etc/passwd", link, "", "\x00")]
    assert sent({"files": [*files, None, 3]}) == [Upload(arrived.resolve(), "n.txt")]
    assert sent(None) == sent({}) == sent({"files": "x"}) == []


def test_what_is_left_of_an_upload_that_was_cut_off_goes_and_what_arrived_stays(tmp_path: Path) -> None:
    whole, left, arriving = tmp_path / "hash" / "a.txt", tmp_path / "tmpx", tmp_path / "tmpy"
    whole.parent.mkdir()
    for each in (whole, left, arriving):
        each.write_text("甲")
    for each in (whole, whole.parent, left):
        os.utime(each, (0, 0))
    sweep(tmp_path)
    assert whole.exists() and arriving.exists() and not left.exists()
    sweep(tmp_path / "nowhere")


# Without a browser, and with a cheap encoder


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    cheap_library(tmp_path / "library").close()
    with Assistant.open(tmp_path / "library", CheapEncoder()) as one:
        yield one


def uploads(folder: Path, files: dict[str, str]) -> list[Upload]:
    for number, words in enumerate(files.values()):
        (folder / str(number)).write_text(words)
    return [Upload(folder / str(number), name) for number, name in enumerate(files)]


def names(assistant: Assistant) -> list[str]:
    return [each.name for each in assistant.library.list_documents()]


def test_a_folder_keeps_its_paths_as_names_and_what_its_metadata_says(assistant: Assistant, tmp_path: Path) -> None:
    files = {"档案/1月/会议.txt": MEETING.format(month="一", chair="李明"), "档案/2月/会议.txt": MEETING.format(month="二", chair="王芳"),
             "档案/metadata.csv": "file,title\n2月/会议.txt,二月的会\n", "档案/x.bin": "?", "档案/.hidden.txt": "藏"}  # fmt: skip
    told: list[str] = []
    html = added(assistant, uploads(tmp_path, files), "zh", told.append)
    assert "已可提问：2" in html and "1 个失败" in html and "档案/x.bin is of no known kind" in html
    assert names(assistant) == ["档案/1月/会议.txt", "档案/2月/会议.txt"]
    assert assistant.library.list_documents()[1].title == "二月的会"
    assert "第 1 个，共 4 个：会议.txt" in told[0]
    kept = assistant.library.folder / "uploads"
    # What gave no document takes no space.
    assert sorted(str(each.relative_to(kept)) for each in kept.rglob("*") if each.is_file()) == ["档案/1月/会议.txt", "档案/2月/会议.txt", "档案/metadata.csv"]


def test_all_files_are_read_again_and_nothing_is_lost_whose_folder_is_away(assistant: Assistant, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    for name in ("same.txt", "changed.txt", "gone.txt", "away/file.txt"):
        (archive / name).parent.mkdir(parents=True, exist_ok=True)
        (archive / name).write_text(f"{name} 里的句子。\n")
    (archive / "metadata.csv").write_text("file,section\naway/file.txt,远方\nsame.txt,要闻\n")
    assistant.index([archive])
    added(assistant, uploads(tmp_path, {"f/up.txt": "上传的句子。"}), "zh", lambda html: None)
    embedded = len(assistant.encoder.embedded)  # type: ignore[attr-defined]
    (archive / "changed.txt").write_text("改过的句子。\n")
    (archive / "gone.txt").unlink()
    (archive / "away").rename(tmp_path / "elsewhere")
    html = reread(assistant, "zh", lambda html: None)
    assert "新增 0，更新 1，移除 1，未变 2，失败 0" in html and "1 个文件所在的文件夹现在不在" in html and "away/file.txt" in html
    assert names(assistant) == ["away/file.txt", "changed.txt", "f/up.txt", "same.txt"]
    assert len(assistant.encoder.embedded) == embedded + 1  # type: ignore[attr-defined]
    (tmp_path / "elsewhere").rename(archive / "away")
    assert "新增 0，更新 0，移除 0，未变 4，失败 0" in reread(assistant, "zh", lambda html: None)
    assert {each.name: each.metadata.get("section") for each in assistant.library.list_documents()}["away/file.txt"] == "远方"


def test_who_comes_second_is_told_so_and_goes_on_in_order() -> None:
    turns, order, told = Turns(), [], []  # type: ignore[var-annotated]
    begun, go_on, waiting = threading.Event(), threading.Event(), threading.Semaphore(0)

    def first() -> None:
        with turns.turn(told.append):
            begun.set()
            go_on.wait(10)
            order.append(1)

    def later(number: int) -> None:
        def hears(before: int) -> None:
            told.append((number, before))
            waiting.release()

        with turns.turn(hears):
            order.append(number)

    threads = [threading.Thread(target=first), *(threading.Thread(target=later, args=(number,)) for number in (2, 3))]
    threads[0].start()
    begun.wait(10)
    for each in threads[1:]:
        each.start()
        assert waiting.acquire(timeout=10)
    go_on.set()
    for each in threads:
        each.join(10)
    assert order == [1, 2, 3] and told[:2] == [(2, 1), (3, 2)]


@pytest.mark.parametrize(("seconds", "words"), [(0, "about 5 s left"), (33, "about 35 s left"), (100, "about 2 min left"), (3600, "about 60 min left"), (7200, "about 2 h left")])
def test_the_time_left_is_a_plain_number(seconds: float, words: str) -> None:
    assert time_left(seconds, "en") == words
    assert "约还需" in time_left(seconds, "zh")


def test_a_file_name_is_shown_as_words() -> None:
    assert "<img" not in step_html(Step(0, 1, "<img src=x>.txt", 0.0, 3.0), "en")


def test_every_byte_of_the_folder_is_in_one_part(tmp_path: Path) -> None:
    for name, size in {"library.sqlite": 5, "library.sqlite-wal": 2, "vectors-1.faiss": 7, "conversations.db": 3, "uploads/a/b.txt": 4, "runs/r/metrics.json": 1}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    found = {each.key: (each.files, each.bytes) for each in parts_of(tmp_path, "vectors-1.faiss")}
    assert found == {"database": (2, 7), "vectors": (1, 7), "uploads": (1, 4), "conversations": (1, 3), "rest": (1, 1)}


def test_every_word_of_the_panel_is_there_in_every_language() -> None:
    for module in (document_list, folder_picker, health, library_panel):
        for key, pair in module.WORDS.items():
            assert all(pair) and all(said(module.WORDS, key, language) for language in LANGUAGES)


# In a browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[Served]:
    scratch = tmp_path_factory.mktemp("panel")
    archive = scratch / "archive"
    archive.mkdir()
    for number in range(60):
        (archive / f"note-{number:02d}.txt").write_text(f"第{number}号通知\n\n第{number}号通知说明了仓库的钥匙放在哪里。\n")
    library = scratch / "library"
    shutil.copytree(sample_library, library)
    subprocess.run([sys.executable, "-m", "ui", "index", str(archive), "--library", str(library)], cwd=ROOT, check=True)
    server = Served(library)
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    one = opened(browser, served)
    one.locator("#yinju-documents button").first.click()
    expect(one.locator("#yinju-listed li").first).to_be_visible(timeout=10_000)
    yield one
    assert not one.broken  # type: ignore[attr-defined]
    one.context.close()


def test_a_folder_is_uploaded_and_one_of_its_files_of_the_same_name_is_asked(page: Page, served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "档案"
    for month, chair in (("一", "李明远"), ("二", "王芳")):
        (folder / f"{month}月").mkdir(parents=True)
        (folder / f"{month}月/会议.txt").write_text(MEETING.format(month=month, chair=chair))
    (folder / ".DS_Store").write_bytes(b"\0")
    page.locator("#yinju-folder input[type=file]").set_input_files(str(folder))
    expect(page.locator("#yinju-said [role=status]")).to_have_text("已可提问：2", timeout=30_000)
    page.locator("#yinju-search input, #yinju-search textarea").fill("会议")
    expect(page.locator("#yinju-listed li small")).to_have_text(["档案/一月/会议.txt", "档案/二月/会议.txt"], timeout=10_000)
    assert sorted(each.parent.name for each in (served.library / "uploads").rglob("会议.txt")) == ["一月", "二月"]
    ask(page, "谁主持了青石镇二月的例会？")
    expect(page.locator(".yinju-answer .yinju-card").first).to_contain_text("王芳", timeout=20_000)
    expect(page.locator(".yinju-answer .yinju-card").first).to_contain_text("档案/二月/会议.txt")


@pytest.mark.parametrize("onto", ["#yinju-folder", "#yinju-upload"])
def test_a_folder_that_is_dropped_is_uploaded_with_all_that_is_inside(page: Page, tmp_path: Path, onto: str) -> None:
    name = f"drop-{onto.removeprefix('#yinju-')}"
    (tmp_path / name / "inner").mkdir(parents=True)
    for place in ("one.txt", "inner/two.txt"):
        (tmp_path / name / place).write_text(f"{name} {place}\n\nThe keys of the store are in the drawer, says {place} of {name}.")
    page.locator(onto).scroll_into_view_if_needed()
    box = page.locator(onto).bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    dropped = {"items": [], "files": [str(tmp_path / name)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": dropped})
    expect(page.locator("#yinju-said [role=status]")).to_have_text("已可提问：2", timeout=30_000)
    page.locator("#yinju-search input, #yinju-search textarea").fill(name)
    expect(page.locator("#yinju-listed li small")).to_have_text([f"{name}/inner/two.txt", f"{name}/one.txt"], timeout=10_000)


def test_more_documents_than_a_page_are_turned_through_by_keyboard(page: Page) -> None:
    search, rows, turning = page.locator("#yinju-search input, #yinju-search textarea"), page.locator("#yinju-listed li"), page.locator("#yinju-listed nav")
    search.fill("NOTE- 号")
    expect(rows).to_have_count(50, timeout=10_000)
    expect(turning).to_contain_text("第 1–50 份，共 60 份")
    expect(turning.get_by_role("button", name="上一页")).to_have_attribute("aria-disabled", "true")
    turning.get_by_role("button", name="下一页").focus()
    page.keyboard.press("Enter")
    expect(turning).to_contain_text("第 51–60 份，共 60 份", timeout=10_000)
    expect(rows).to_have_count(10)
    rows.first.get_by_role("button", name="移除 第50号通知").click()
    rows.first.get_by_role("button", name="真的移除").click()
    # The page that is read stays.
    expect(turning).to_contain_text("第 51–59 份，共 59 份", timeout=20_000)
    turning.get_by_role("button", name="上一页").click()
    expect(rows).to_have_count(50, timeout=10_000)
    search.fill("不在这里")
    expect(page.locator("#yinju-listed [role=status]")).to_contain_text("没有标题或文件名", timeout=10_000)


def test_two_uploads_at_once_are_taken_one_after_the_other(page: Page, browser: Browser, served: Served, tmp_path: Path) -> None:
    letters = random.Random(1)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(60):
        words = "".join(letters.choices("青石镇水渠修缮会议通知仓库钥匙灯会码头粮食学校医院道路", k=600))
        (many / f"{number}.txt").write_text(f"第{number}篇\n\n{words}。\n")
    one = tmp_path / "one.txt"
    one.write_text("第二位读者的文件\n\n第二位读者上传了关于桥梁的文件。\n")
    other = opened(browser, served)
    other.locator("#yinju-documents button").first.click()
    page.locator("#yinju-folder input[type=file]").set_input_files(str(many))
    expect(page.locator("#yinju-said progress")).to_be_visible(timeout=30_000)
    other.locator("#yinju-upload input[type=file]").set_input_files(str(one))
    expect(other.locator("#yinju-said [role=status]")).to_contain_text("前面还有 1 次", timeout=10_000)
    expect(page.locator("#yinju-said")).to_contain_text("约还需", timeout=60_000)
    expect(other.locator("#yinju-said [role=status]")).to_have_text("已可提问：1", timeout=180_000)
    expect(page.locator("#yinju-said [role=status]")).to_have_text("已可提问：60")
    other.context.close()


def test_all_files_are_read_again_and_the_library_is_checked(page: Page, served: Served) -> None:
    files = [each for each in (served.library.parent / "archive").iterdir() if each.name.startswith("note-")]
    files[0].write_text("新的通知\n\n新的通知说明了船票的价格。\n")
    os.unlink(files[1])
    page.locator("#yinju-again").click()
    expect(page.locator("#yinju-said [role=status]")).to_contain_text("更新 1，移除 1，", timeout=60_000)
    expect(page.locator("#yinju-said")).to_contain_text("失败 0")
    page.locator("#yinju-check").click()
    expect(page.locator("#yinju-said [role=status]")).to_contain_text("文档库完好", timeout=60_000)
    expect(page.locator("#yinju-said [role=status]")).to_contain_text("份文档")
    expect(page.locator("#yinju-said ul")).to_contain_text("向量文件")
