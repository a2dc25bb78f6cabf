import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from corpus import read
from tests.conftest import ROOT, SAMPLE, Yinju


def test_a_quote_is_the_documents_own_span(yinju: Yinju, sample_library: Path) -> None:
    questions = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text().splitlines()]
    for each in [q for q in questions if q.get("answerable", True)][::20]:
        answer = json.loads(yinju("ask", each["question"], "--library", sample_library, "--json").stdout)
        assert set(answer) == {"question", "answered", "confidence", "quotes", "passages", "timings_ms"}
        for found in answer["quotes"] + answer["passages"]:
            shown = json.loads(yinju("docs", "show", found["document"], "--library", sample_library, "--json").stdout)
            assert shown["text"][found["start"] : found["end"]] == found["text"]
            marked = found.get("answer")
            if marked:
                assert found["start"] <= marked["start"] < marked["end"] <= found["end"]
                assert shown["text"][marked["start"] : marked["end"]] == marked["text"]


def test_indexing_follows_the_folder(yinju: Yinju, tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    shutil.copytree(SAMPLE / "es", folder / "es")
    (folder / "b.txt").write_text("乙市的人口是二十万。", "gb18030")
    (folder / "empty.txt").write_text("")
    (folder / "photo.png").write_bytes(b"\x89PNG")

    def index() -> dict[str, object]:
        return json.loads(yinju("index", folder, "--library", library, "--json").stdout)

    first = index()
    assert first["documents"] == {"added": 2, "updated": 0, "removed": 0, "unchanged": 0, "failed": 2}
    assert {each["document"] for each in first["failures"]} == {"empty.txt", "photo.png"}  # type: ignore[attr-defined]
    (folder / "empty.txt").unlink()
    (folder / "photo.png").unlink()
    assert index()["documents"] == {"added": 0, "updated": 0, "removed": 0, "unchanged": 2, "failed": 0}
    (folder / "b.txt").write_text("乙市的人口是三十万。")
    shutil.rmtree(folder / "es")
    assert index()["documents"] == {"added": 0, "updated": 1, "removed": 1, "unchanged": 0, "failed": 0}
    answer = json.loads(yinju("ask", "乙市有多少人？", "--library", library, "--json").stdout)
    assert answer["passages"][0]["text"] == "乙市的人口是三十万。"
    for torn in library.glob("*.faiss"):
        torn.write_bytes(torn.read_bytes()[:40])
    again = json.loads(yinju("ask", "乙市有多少人？", "--library", library, "--json").stdout)
    assert again["passages"][0]["text"] == "乙市的人口是三十万。"


def test_a_question_set_is_measured(yinju: Yinju, sample_library: Path, tmp_path: Path) -> None:
    lines = (SAMPLE / "questions.jsonl").read_text().splitlines()[:6]
    (tmp_path / "q.jsonl").write_text("\n".join(lines))
    done = yinju("eval", tmp_path / "q.jsonl", "--library", sample_library, "--output", tmp_path / "run", "--json")
    metrics = json.loads(done.stdout)
    assert metrics == json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["questions"] == 6
    assert set(metrics["retrieval"]) == {"recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"}
    assert metrics["retrieval"]["recall@10"] > 0.5
    assert {each.name for each in (tmp_path / "run").iterdir()} == {
        "metrics.json", "answers.jsonl", "run.trec", "run.csv", "report.html",
    }  # fmt: skip
    assert all(len(line.split()) == 6 for line in (tmp_path / "run" / "run.trec").read_text().splitlines())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["index", "{tmp}/nowhere", "--library", "{tmp}/l"], "is not there"),
        (["index", "{tmp}/empty", "--library", "{tmp}/l"], "holds no files"),
        (["index", "{tmp}/kind.xyz", "--library", "{tmp}/l"], "no known kind"),
        (["ask", "", "--library", "{sample}"], "question is empty"),
        (["ask", "a" * 100_000, "--library", "{sample}"], "100,000 characters"),
        (["ask", "谁？", "--library", "{tmp}/l"], "there is no library"),
        (["ask", "谁？", "--library", "{tmp}/empty"], "is not a Yinju library"),
        (["eval", "{tmp}/broken.jsonl", "--library", "{sample}", "--output", "{tmp}/o"], "line 2"),
        (["docs", "show", "none.txt", "--library", "{sample}"], "holds no document"),
        (["index", "{sample_files}", "--library", "{sample}", "--model", "{tmp}/empty"], "no sentence-transformers"),
        # Nothing, as of a variable that is not set, is not the current folder.
        (["index", "", "--library", "{tmp}/l"], "PATH is empty; give a path"),
        (["index", "{sample_files}", "--model", "", "--library", "{tmp}/l"], "--model is empty"),
        (["eval", "{sample_files}/questions.jsonl", "--library", "{sample}", "--output", ""], "--output is empty"),
        (["eval", "{sample_files}/questions.jsonl", "--corpus", "", "--output", "{tmp}/o"], "--corpus is empty"),
        (["eval", "{sample_files}/questions.jsonl", "--output", "{sample}"], "{sample} is a library; choose another"),
        # Paths that the system will not even look at; who may look at everything can have them too.
        (["index", "{unseen}", "--library", "{tmp}/l"], "{unseen} cannot be used (File name too long)"),
        (["index", "{sample_files}", "--library", "{unseen}"], "{unseen}/library.sqlite cannot be used"),
        (["ask", "谁？", "--library", "{unseen}"], "{unseen} cannot be used"),
        (["check", "--library", "{unseen}"], "{unseen}"),
        (["backup", "{tmp}/b.tar", "--library", "{unseen}"], "{unseen}"),
        (["restore", "{unseen}", "--library", "{tmp}/l"], "{unseen}"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(
    yinju: Yinju, sample_library: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "kind.xyz").write_text("text")
    (tmp_path / "broken.jsonl").write_text('{"question": "谁？"}\n{"question": \n')
    places = {"tmp": tmp_path, "sample": sample_library, "sample_files": SAMPLE, "unseen": tmp_path / ("a" * 300)}
    done = yinju(*[each.format(**places) if len(each) < 200 else each for each in arguments])
    assert done.returncode == 2
    assert says.format(**places) in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "l").exists() and not (tmp_path / "o").exists()


NO_TEXT = "x\udcff"  # the bytes 78 ff, as Python carries them


def test_a_question_of_bytes_that_are_no_text_is_answered(yinju: Yinju, sample_library: Path) -> None:
    done = yinju("ask", NO_TEXT, "--after", NO_TEXT, "--library", sample_library)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["show", "remove"])
def test_a_name_of_bytes_that_are_no_text_is_escaped(yinju: Yinju, sample_library: Path, command: str) -> None:
    done = yinju("docs", command, NO_TEXT, "--library", sample_library)
    assert done.returncode == 2 and "holds no document 'x\\\\xff'" in done.stderr


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_password_that_is_no_text_is_refused(sample_library: Path, locale: str) -> None:
    command = [sys.executable, "-m", "ui", "users", "add", "c", "--password-stdin", "--library", str(sample_library)]
    done = subprocess.run(command, input=b"many unrelated \xff words\n", capture_output=True, cwd=ROOT, env=os.environ | {"LC_ALL": locale})
    assert (done.returncode, done.stderr) == (2, b"yinju: the password on standard input is not text in UTF-8; give it in UTF-8\n")


def test_what_the_terminals_encoding_lacks_is_escaped(sample_library: Path) -> None:
    command = [sys.executable, "-m", "ui", "ask", "¿Quién es el alcalde?", "--library", str(sample_library)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"") and b"\\xf3" in done.stdout


def test_a_port_in_use_names_the_option(yinju: Yinju, sample_library: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = yinju("serve", "--library", sample_library, "--port", taken.getsockname()[1])
    assert done.returncode == 2 and "--port" in done.stderr


def test_the_sample_questions_are_answered_by_its_documents() -> None:
    questions = [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text().splitlines()]
    unanswerable = [each for each in questions if not each["answerable"]]
    assert len(questions) >= 60 and len(unanswerable) * 5 >= len(questions)
    for each in questions:
        for name in each["documents"]:
            text = read(SAMPLE / name).text
            assert any(answer in text for answer in each["answers"]), each["id"]


def test_a_long_passage_without_spaces_is_shown_by_its_beginning():
    from ui.terminal import _shortened

    assert _shortened("长" * 500) == "长" * 240 + " …"
    assert _shortened("一\n\n二") == "一 二"


@pytest.mark.parametrize(
    ("done", "name", "says"),
    [(5, "a.txt", "Asking 50%: a.txt, 10 s left"), (5, "", "Asking 50%: 10 s left"), (0, "a.txt", "Asking 0%: a.txt"), (0, "", "Asking 0%")],
)
def test_progress_in_a_file_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], done: int, name: str, says: str
) -> None:
    from ui import terminal

    times = iter([0.0, terminal.LINE_EVERY])
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: next(times)))
    with terminal.progress_bar("Asking") as progress:
        progress(done, 10, name)
    assert capsys.readouterr().err == f"{says}\n"


def test_stats_say_how_much_there_is(yinju, sample_library):
    done = yinju("stats", "--library", sample_library, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["documents"] >= 15 and found["passages"] > 40 and found["bytes"] > 100_000
    assert set(found["cache"]) == {"vectors", "bytes", "asked", "found"}
    plain = yinju("stats", "--library", sample_library)
    assert f"{found['documents']} documents" in plain.stdout and "cache of vectors" in plain.stdout
