"""Indexing by the workers of a Ray cluster: the library is what it would be without, whoever dies meanwhile."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus import Document, Library, YinjuError
from embeddings import load_encoder
from embeddings.encoder import load_on_gpu
from rag import IndexReport, index_paths
from rag.check import check_library
from rag.cluster import RayWorkers, Share, arrivals, connected, pipeline
from rag.cluster.connect import _join, share_of
from rag.cluster.desk import Claims
from tests.cheap import CheapEncoder, cheap_library, cheap_store
from tests.cluster_work import Cheap
from tests.conftest import ROOT, SAMPLE, Yinju
from tests.test_embeddings import _tiny_model
from tests.test_incremental import content
from tests.writers import docx_file, jsonl_file, pdf_file, zip_file

WORDS = ["市长会见了代表团。", "The", "council", "met", "on", "Tuesday.", "新しい図書館が開館した。", "水位在夜里涨了两米。", "价格上涨了百分之三。"]


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayWorkers]:
    """Two workers on this machine, which write down what they embed."""
    log = tmp_path_factory.mktemp("log") / "log"
    log.touch()
    with connected("local", 2) as share:
        made = RayWorkers(share, Cheap(str(log)))
        made.log = log  # type: ignore[attr-defined]
        yield made


def embedded(log: Path) -> list[str]:
    return [json.loads(line)[1] for line in log.read_text().splitlines()]


def by_workers(paths: list[Path], library: Path, workers: RayWorkers, alone: bool = True) -> IndexReport:
    encoder = CheapEncoder()
    with cheap_library(library) as opened:
        report = index_paths(paths, opened, encoder, workers=workers)
    assert not (alone and encoder.embedded), "the driver has embedded"
    return report


def plainly(paths: list[Path], library: Path) -> IndexReport:
    with cheap_library(library) as opened:
        return index_paths(paths, opened, CheapEncoder())


def told(report: IndexReport) -> tuple[object, ...]:
    return (report.added, report.updated, report.removed, report.unchanged, report.passages, report.embedded, report.failures)


def some_text(chance: random.Random, paragraphs: int) -> str:
    return "\n\n".join(f"第{chance.randrange(10**9)}号。" + "".join(chance.choices(WORDS, k=4)) for _ in range(paragraphs))


def archive(folder: Path) -> Path:
    """Files of many kinds: good ones, some with parts that are bad, encrypted and broken ones, and texts that stand in several."""
    chance = random.Random(7)
    (folder / "sub").mkdir(parents=True)
    for number in range(12):
        (folder / f"{number}.txt").write_text(some_text(chance, 3))
    shutil.copy(folder / "3.txt", folder / "sub" / "same.txt")
    (folder / "sub" / "large.txt").write_text("".join(chr(chance.randrange(0x4E00, 0x9FA0)) + "。" * (at % 40 == 0) for at in range(60_000)))
    (folder / "sub" / "a.md").write_text("# 城市\n\n" + some_text(chance, 2) + "\n\n## 河\n\n" + some_text(chance, 2))
    (folder / "rows.jsonl").write_bytes(jsonl_file([{"title": f"第{n}条", "text": some_text(chance, 2), "date": "2024-01-02"} for n in range(90)]))
    (folder / "many.zip").write_bytes(zip_file({"in.txt": some_text(chance, 2), "empty.txt": "", "bad.docx": "no zip", "in (2).txt": "另一份文件。"}))
    (folder / "word.docx").write_bytes(docx_file("标题", ["市长今天会见了代表团。", "价格上涨。"]))
    (folder / "locked.pdf").write_bytes(pdf_file(["秘密文件。"], password="secret"))
    (folder / "broken.docx").write_bytes(os.urandom(3000))
    (folder / "empty.txt").write_text("")
    (folder / "picture.xyz").write_bytes(b"what is this")
    (folder / "metadata.csv").write_text("file,title,author\n1.txt,春耕,王小明\nrows.jsonl,,李四\n")
    return folder


def test_the_library_is_what_it_would_be_without_workers(workers: RayWorkers, tmp_path: Path) -> None:
    folder = archive(tmp_path / "in")
    ours, plain = by_workers([folder], tmp_path / "ours", workers), plainly([folder], tmp_path / "plain")
    assert told(ours) == told(plain) and ours.added > 100 and ours.failed >= 5
    assert content(tmp_path / "ours") == content(tmp_path / "plain")
    assert check_library(tmp_path / "ours", CheapEncoder()) == []


@pytest.mark.slow
def test_again_nothing_is_embedded_and_afterwards_only_what_is_new(workers: RayWorkers, tmp_path: Path) -> None:
    folder, log = archive(tmp_path / "in"), workers.log  # type: ignore[attr-defined]
    by_workers([folder], tmp_path / "ours", workers)
    plainly([folder], tmp_path / "plain")
    before = len(embedded(log))
    assert told(by_workers([folder], tmp_path / "ours", workers)) == told(plainly([folder], tmp_path / "plain"))
    assert len(embedded(log)) == before
    text = (folder / "2.txt").read_text()
    (folder / "2.txt").write_text(text + "\n\n这一段是新的。")
    (folder / "4.txt").unlink()
    (folder / "5.txt").rename(folder / "sub" / "moved.txt")
    (folder / "metadata.csv").write_text("file,title,author\n1.txt,秋收,王小明\n")
    ours, plain = by_workers([folder], tmp_path / "ours", workers), plainly([folder], tmp_path / "plain")
    assert told(ours) == told(plain) and ours.embedded == 1
    assert len(embedded(log)) == before + 1
    assert content(tmp_path / "ours") == content(tmp_path / "plain")


@pytest.mark.slow
def test_a_library_in_milvus_is_written_by_the_same_way(workers: RayWorkers, tmp_path: Path) -> None:
    folder, address = archive(tmp_path / "in"), f"milvus-lite:{tmp_path / 'milvus'}"
    plain = plainly([folder], tmp_path / "plain")
    with cheap_store(address) as opened:
        encoder = CheapEncoder()
        ours = index_paths([folder], opened, encoder, workers=workers)
        assert told(ours) == told(plain) and encoder.embedded == []
        again = index_paths([folder], opened, encoder, workers=workers)
        assert again.embedded == 0 and again.added == again.updated == 0
        with Library.open(tmp_path / "plain") as held:
            for each in held.list_documents():
                assert opened.document(each.name) == held.document(each.name)
                identity = Document(each.name, "", "", ()).id
                assert opened.passages_with_keys(identity) == held.passages_with_keys(identity)
    assert check_library(address, CheapEncoder()) == []


def test_files_of_one_name_from_two_folders_are_told_apart_as_without_workers(
    workers: RayWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in ("a", "b"):
        (tmp_path / root).mkdir()
        for number in range(3):
            (tmp_path / root / f"{number}.txt").write_text(f"第{number}号文件在{root}里。")
    monkeypatch.chdir(tmp_path)
    paths = [Path("a"), tmp_path / "b", tmp_path / "a" / "1.txt"]
    assert told(by_workers(paths, tmp_path / "ours", workers)) == told(plainly(paths, tmp_path / "plain"))
    assert content(tmp_path / "ours") == content(tmp_path / "plain")


@pytest.mark.parametrize("bound", [
    "files are sent", *(pytest.param(each, marks=pytest.mark.slow) for each in ("rounds", "nothing waits", "large files are not sent"))
])
def test_the_bounds_change_nothing(bound: str, workers: RayWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if bound == "rounds":
        monkeypatch.setattr(pipeline, "ROUND_FILES", 9)
    elif bound == "nothing waits":
        monkeypatch.setattr(arrivals, "KEPT", 0)
    else:
        monkeypatch.setattr(pipeline, "_is_visible", lambda _: False)
        if bound == "large files are not sent":
            monkeypatch.setattr(pipeline, "SENT_LARGEST", 5000)
    folder = archive(tmp_path / "in")
    ours = by_workers([folder], tmp_path / "ours", workers, alone=bound != "large files are not sent")
    assert told(ours) == told(plainly([folder], tmp_path / "plain"))
    assert content(tmp_path / "ours") == content(tmp_path / "plain")


def test_all_machines_that_see_a_file_are_told_from_those_that_do_not(workers: RayWorkers, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("一")
    wanted = pipeline.Wanted(file, "a.txt", file.stat(), 0)
    assert pipeline._is_visible(wanted)
    file.unlink()
    assert not pipeline._is_visible(wanted)


@pytest.mark.slow
def test_a_model_that_no_worker_can_load_is_one_sentence(workers: RayWorkers, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一份文件。")
    with Library.create(tmp_path / "library", str(tmp_path / "nothing"), 16) as opened:
        encoder = CheapEncoder()
        encoder.name = str(tmp_path / "nothing")
        with pytest.raises(YinjuError, match="no sentence-transformers model could be loaded") as error:
            index_paths([tmp_path / "a.txt"], opened, encoder, workers=RayWorkers(workers.share))
        assert "\n" not in str(error.value)


def test_workers_are_as_many_as_there_is_room_for() -> None:
    machine = {"CPU": 8.0}
    assert share_of([machine, machine], None) == Share(4, 4, False)
    assert share_of([machine, machine], 8) == Share(8, 2, False)
    assert share_of([machine, {"CPU": 1.0}], None) == Share(9, 1, False)
    assert share_of([machine | {"GPU": 2.0}, machine], None) == Share(2, 1, True)
    assert share_of([machine | {"GPU": 2.0}], 5) == Share(2, 1, True)
    with pytest.raises(YinjuError, match="has no CPUs"):
        share_of([{"CPU": 0.0}], None)


def test_a_text_is_embedded_for_one_group_and_asked_again_the_answer_is_the_same() -> None:
    held = {b"h"}
    claims = Claims(lambda keys: {each for each in keys if each in held})
    assert claims.claim(0, [b"a", b"h", b"b"]) == [True, False, True]
    assert claims.claim(1, [b"a", b"c"]) == [False, True]
    assert claims.awaited([b"a", b"c", b"x"]) == [b"a", b"c"]
    claims.stored([b"a"])
    held.add(b"a")
    assert claims.awaited([b"a", b"c"]) == [b"c"]
    assert claims.claim(0, [b"a", b"h", b"b"]) == [True, False, True]
    claims.done(1)
    assert claims.claim(2, [b"a", b"b"]) == [False, False]


def test_the_way_of_a_gpu_gives_nearly_the_same_vectors(tmp_path: Path) -> None:
    """bfloat16 by sentence-transformers, here on the CPU."""
    model = _tiny_model(tmp_path)
    ours, plain = load_on_gpu(str(model), "cpu"), load_encoder(str(model))
    texts = ["word ask", "give word word", "word"]
    cosines = (ours.encode_passages(texts) * plain.encode_passages(texts)).sum(axis=1)
    assert ours.name == plain.name and ours.max_tokens == plain.max_tokens and cosines.min() > 0.99
    assert np.allclose(np.linalg.norm(ours.encode_passages(texts), axis=1), 1, atol=1e-2)


def test_what_cannot_be_is_one_sentence(yinju: Yinju, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一份文件。")
    for options, said in [
        (["--ray", "127.0.0.1:6"], "is no address"), (["--ray", "127.0.0.1:65000"], "no Ray cluster answers at 127.0.0.1:65000"),
        (["--ray", "ray://127.0.0.1:10001"], "is no address of a cluster"), (["--workers", "2"], "give --ray ADDRESS"),
    ]:  # fmt: skip
        done = yinju("index", tmp_path / "a.txt", "--library", tmp_path / "library", *options)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1) and said in done.stderr
    assert not (tmp_path / "library").exists()


def test_without_ray_all_else_works_and_asking_for_it_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一份文件。")
    without = "import sys; sys.modules['ray'] = None\nfrom ui.cli import main\nsys.argv[0] = 'yinju'\nmain()"
    command = [sys.executable, "-c", without, "index", str(tmp_path / "a.txt"), "--library", str(tmp_path / "library")]
    done = subprocess.run([*command, "--ray", "local"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and "run: pip install 'yinju[cluster]'" in done.stderr and len(done.stderr.splitlines()) == 1
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and json.loads(done.stdout)["documents"]["added"] == 1


def test_the_command_prints_one_object_and_nothing_of_rays(yinju: Yinju, tmp_path: Path) -> None:
    model = _tiny_model(tmp_path)
    load_encoder(str(model))  # its graph is written now, and nothing is said of that later
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"word {number}. ask {number}.")
    (folder / "bad.docx").write_bytes(b"nothing")
    done = yinju("index", folder, "--library", tmp_path / "ours", "--model", model, "--ray", "local", "--workers", 1, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["documents"]["added"] == 40 and report["documents"]["failed"] == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("yinju: 1 worker on ") and all(line.startswith(("yinju: ", "Indexing ")) for line in lines)
    plain = json.loads(yinju("index", folder, "--library", tmp_path / "plain", "--model", model, "--json").stdout)
    assert {**plain, "seconds": 0} == {**report, "seconds": 0}
    assert content(tmp_path / "ours") == content(tmp_path / "plain")


@pytest.mark.slow
def test_the_packaged_models_vectors_are_the_same(yinju: Yinju, tmp_path: Path) -> None:
    done = yinju("index", SAMPLE, "--library", tmp_path / "ours", "--ray", "local", "--workers", 2, "--json")
    assert done.returncode == 0, done.stderr
    yinju("index", SAMPLE, "--library", tmp_path / "plain")
    assert content(tmp_path / "ours") == content(tmp_path / "plain")


class Slow:
    """Ray on a machine that is too busy to start it, so many times."""

    def __init__(self, failing: int) -> None:
        self.left, self.shut = failing, 0

    def init(self, *_: object, **__: object) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Exception("The current node timed out during startup.")  # as Ray raises it

    def shutdown(self) -> None:
        self.shut += 1


def test_ray_that_starts_slowly_is_started_again_and_else_one_sentence() -> None:
    slow = Slow(2)
    _join(slow, "local", {}, {})
    assert slow.shut == 2
    for address, failing in (("local", 3), ("10.0.0.5:6379", 1)):
        with pytest.raises(YinjuError, match="timed out during startup") as error:
            _join(Slow(failing), address, {}, {})
        assert "\n" not in str(error.value)
