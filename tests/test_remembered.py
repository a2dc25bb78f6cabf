"""What this machine has embedded once it need not embed again."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embeddings import remembered as module
from embeddings.remembered import FILE, Remembered, RememberingEncoder, remembered, remembering
from tests.cheap import CheapEncoder

TEXTS = ["桥长三公里。", "The bridge is three km long.", "الجسر طويل", ""]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YINJU_CACHE", str(tmp_path))
    monkeypatch.delenv("YINJU_NO_CACHE", raising=False)
    return tmp_path


def test_a_passage_is_embedded_once_for_all_libraries() -> None:
    first, second = CheapEncoder(), CheapEncoder()
    made = RememberingEncoder(first, "model").encode_passages(TEXTS)
    again = RememberingEncoder(second, "model").encode_passages(["new", *TEXTS])
    assert first.embedded == TEXTS and second.embedded == ["new"]
    assert np.allclose(again[1:], made, atol=1e-3) and np.allclose(np.linalg.norm(again, axis=1), 1, atol=1e-6)
    assert remembered() == Remembered(5, remembered().bytes, 9, 4) and remembered().bytes > 0


def test_another_model_of_the_same_name_is_another() -> None:
    encoder = CheapEncoder()
    RememberingEncoder(encoder, "one").encode_passages(TEXTS)
    RememberingEncoder(encoder, "other").encode_passages(TEXTS)
    assert encoder.embedded == TEXTS * 2


def test_it_is_off_when_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("YINJU_NO_CACHE", "1")
    encoder = CheapEncoder()
    assert remembering(encoder, "model") is encoder and not (folder / FILE).exists()


@pytest.mark.parametrize("content", [b"", b"no database" * 100, None])
def test_a_file_that_is_gone_or_garbage_costs_only_time(content: bytes | None, folder: Path) -> None:
    encoder = CheapEncoder()
    RememberingEncoder(encoder, "model").encode_passages(TEXTS)
    for each in folder.iterdir():
        each.unlink()
    if content is not None:
        (folder / FILE).write_bytes(content)
    again = RememberingEncoder(encoder, "model")
    vectors = [again.encode_passages(TEXTS) for _ in range(3)]
    assert np.allclose(vectors[0], vectors[2], atol=1e-3) and encoder.embedded[:8] == TEXTS * 2
    assert remembered().vectors == len(TEXTS)


def test_a_vector_that_is_not_what_was_kept_is_made_anew(folder: Path) -> None:
    encoder = CheapEncoder()
    right = RememberingEncoder(encoder, "model").encode_passages(TEXTS)
    with sqlite3.connect(folder / FILE) as connection:
        (kept,) = connection.execute("SELECT vector FROM vectors WHERE id = 1").fetchone()
        connection.execute("UPDATE vectors SET vector = ? WHERE id = 1", (bytes([kept[0] ^ 4]) + kept[1:],))
        connection.execute("UPDATE vectors SET vector = ? WHERE id = 2", (b"",))
    assert np.allclose(RememberingEncoder(encoder, "model").encode_passages(TEXTS), right, atol=1e-3)
    assert len(encoder.embedded) == 6


def test_it_stays_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 50)
    monkeypatch.setattr(module, "_due", lambda rows: True)
    encoder = RememberingEncoder(CheapEncoder(), "model")
    for number in range(30):
        encoder.encode_passages([f"text {number} {each}" for each in range(10)])
    assert remembered().vectors <= 60


def test_the_last_questions_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUESTIONS", 3)
    asked: list[str] = []

    class Counting(CheapEncoder):
        def encode_queries(self, texts: Sequence[str]) -> np.ndarray:  # type: ignore[type-arg]
            asked.extend(texts)
            return super().encode_queries(texts)

    encoder = RememberingEncoder(Counting(), "model")
    one = encoder.encode_queries(["a", "b", "a"])
    assert asked == ["a", "b"] and np.array_equal(one[0], one[2])
    assert np.array_equal(encoder.encode_queries(["a"])[0], one[0]) and asked == ["a", "b"]
    encoder.encode_queries(["c", "d"])
    encoder.encode_queries(["b"])
    assert asked == ["a", "b", "c", "d", "b"]
    assert encoder.encode_queries([]).shape == (0, 16)


def test_many_threads_may_use_it() -> None:
    encoder = RememberingEncoder(CheapEncoder(), "model")
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            for each in range(10):
                encoder.encode_passages([f"{number % 2} {each}"])
                encoder.encode_queries([f"{number} {each}"])
        except Exception as error:  # whatever it is, the test fails with it
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors and remembered().vectors == 20
