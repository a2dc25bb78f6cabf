"""Bits that turn round in the other files: the log, the index file, conversations, this machine's caches."""

import itertools
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as tokenizer_models

from corpus import ModelError, YinjuError
from corpus.errors import DamagedLibrary
from corpus.vector_table import VectorTable
from embeddings import FaissIndex
from embeddings.bundled import LAYER_NAMES
from embeddings.cache import CONTENTS, damaged_folders, folder_in_cache
from embeddings.graph import Shape, encoder_model
from embeddings.onnx import RECIPE, TOKENIZER, OnnxEncoder, Recipe, read_tokenizer, whole_tokenizer, write_engine
from embeddings.remembered import FILE as VECTORS
from embeddings.remembered import RememberingEncoder, remembering
from rag import index_paths
from rag.check import check_library
from rag.search import Search
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import opened, require_exact, require_found, require_whole, texts, write
from tests.test_faults_flips import spoil
from ui.conversations import Conversations
from ui.talks import ConversationError

pytestmark = pytest.mark.usefixtures("quiet")
OLD, NEW = texts(25, seed=1), texts(25, seed=2)


def index(folder: Path, library: Path) -> None:
    with cheap_library(library) as held:
        index_paths([folder], held, CheapEncoder())


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library as a killed process leaves it: older texts in the database, newer ones in its log."""
    folder = tmp_path_factory.mktemp("files")
    index(write(folder / "in", OLD), folder / "library")
    with cheap_library(folder / "library") as held:
        index_paths([write(folder / "in", NEW)], held, CheapEncoder())
        shutil.copytree(folder / "library", folder / "left")
    assert (folder / "left" / "library.sqlite-wal").stat().st_size
    return folder


def logs(left: Path, scratch: Path, count: int, seed: int, ending: str) -> None:
    """Each document is as it was before or after, and what is indexed again is whole."""
    chance = random.Random(seed)
    for number in range(count):
        folder = scratch / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(left / "left", folder)
        spoil(folder / f"library.sqlite{ending}", chance)
        # The index file may be that of the texts that the log had.
        assert all(each.what.startswith("the index file") for each in check_library(folder, CheapEncoder()))
        with opened(folder) as assistant:
            held = {}
            for each in assistant.library.list_documents():
                document = assistant.library.document(each.name)
                assert document is not None
                held[each.name] = document.text
            assert all(text in (OLD[name], NEW[name]) for name, text in held.items()) and len(held) == 25
            for name in chance.sample(sorted(held), 2):
                require_exact(assistant.ask(held[name].split("\n")[0]), held)
        if number % 4 == 0:
            index(left / "in", folder)
            require_whole(folder, NEW, asked=3)


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_a_flip_in_what_a_killed_process_left_gives_back_the_older_or_the_newer_texts(left: Path, tmp_path: Path, ending: str) -> None:
    logs(left, tmp_path, 10, random.randrange(10**9), ending)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_two_hundred_flips_in_what_a_killed_process_left_lose_nothing(left: Path, tmp_path: Path, ending: str) -> None:
    logs(left, tmp_path, 200, 5, ending)


def indexes(left: Path, scratch: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        folder = scratch / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(left / "left", folder)
        (file,) = folder.glob("vectors-*.faiss")
        before = file.read_bytes()
        spoil(file, chance)
        if file.read_bytes() == before:
            continue
        (problem,) = check_library(folder, CheapEncoder())
        assert "torn" in problem.what and "yinju index" in problem.remedy
        with opened(folder) as assistant:
            require_found(assistant, chance.choice(sorted(NEW)), NEW)
        index(left / "in", folder)
        require_whole(folder, NEW, asked=2)


def test_a_flip_in_the_index_file_is_named_asked_around_and_mended(left: Path, tmp_path: Path) -> None:
    indexes(left, tmp_path, 8, random.randrange(10**9))


@pytest.mark.slow
def test_two_hundred_flips_in_the_index_file_are_named_asked_around_and_mended(left: Path, tmp_path: Path) -> None:
    indexes(left, tmp_path, 200, 6)


def conversations(left: Path, scratch: Path, count: int, seed: int) -> None:
    """What is shown of a conversation is what was answered, or a sentence."""
    chance = random.Random(seed)
    kept = scratch / "kept"
    kept.mkdir()
    with opened(left / "library") as assistant, Conversations(kept) as made:
        answers = [assistant.ask(NEW[f"{number}.txt"].split("\n")[0]) for number in range(12)]
        talks = [made.begin() for _ in range(4)]
        for number, answer in enumerate(answers):
            made.add(talks[number % 4], answer)
    shown = refused = 0
    for _ in range(count):
        folder = scratch / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)
        spoil(folder / "conversations.db", chance)
        with Conversations(folder) as again:
            for number, talk in enumerate(talks):
                try:
                    turns = again.turns(talk)
                    # What SQLite lost with a page it may not miss; what is shown is what was answered.
                    assert all(each.answer in answers[number::4] for each in turns)
                    shown += len(turns)
                except ConversationError as reason:
                    assert "\n" not in str(reason)
                    refused += 1
            again.list()
            new = again.begin()
            again.add(new, answers[0])
            assert [each.answer for each in again.turns(new)] == [answers[0]]
    print(f"{shown} answers shown, all right; {refused} refused")
    assert shown


def test_a_flip_in_conversations_shows_no_answer_that_was_not_given(left: Path, tmp_path: Path) -> None:
    conversations(left, tmp_path, 20, random.randrange(10**9))


@pytest.mark.slow
def test_five_hundred_flips_in_conversations_show_no_answer_that_was_not_given(left: Path, tmp_path: Path) -> None:
    conversations(left, tmp_path, 500, 7)


def vector_caches(scratch: Path, count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setenv("YINJU_CACHE", str(scratch / "cache"))
    monkeypatch.delenv("YINJU_NO_CACHE", raising=False)
    lines = [text for each in NEW.values() for text in each.split("\n") if text]
    right = CheapEncoder().encode_passages(lines)
    RememberingEncoder(CheapEncoder(), "model").encode_passages(lines)
    whole = (scratch / "cache" / VECTORS).read_bytes()
    for _ in range(count):
        shutil.rmtree(scratch / "cache")
        (scratch / "cache").mkdir()
        (scratch / "cache" / VECTORS).write_bytes(whole)
        spoil(scratch / "cache" / VECTORS, chance)
        for _ in range(3):
            assert abs(RememberingEncoder(CheapEncoder(), "model").encode_passages(lines) - right).max() < 2e-3
        last = CheapEncoder()
        RememberingEncoder(last, "model").encode_passages(lines)
        assert last.embedded == [], "what could not be read is kept anew"


def test_a_flip_in_the_cache_of_vectors_gives_no_other_vector_and_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vector_caches(tmp_path, 15, random.randrange(10**9), monkeypatch)


@pytest.mark.slow
def test_three_hundred_flips_in_the_cache_of_vectors_give_no_other_vector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vector_caches(tmp_path, 300, 8, monkeypatch)


# The model's folder


def tiny() -> OnnxEncoder:
    """A model of a few kilobytes from the cache, where it is written on first use."""
    return OnnxEncoder("tiny", folder_in_cache("tiny-engine", RECIPE, _write_tiny))


def _write_tiny(folder: Path) -> None:
    chance, hidden, words = np.random.default_rng(1), 32, ["[PAD]", "[UNK]", "word", "ask"]
    sizes = {"q": (32, 32), "k": (32, 32), "v": (32, 32), "ao": (32, 32), "aln": (32,), "fi": (48, 32), "fo": (32, 48), "oln": (32,)}
    weights = {
        "embeddings.word_embeddings.weight": (len(words), hidden), "embeddings.position_embeddings.weight": (64, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden), "embeddings.LayerNorm.weight": (hidden,), "embeddings.LayerNorm.bias": (hidden,),
    }  # fmt: skip
    for short, size in sizes.items():
        weights |= {f"encoder.layer.0.{LAYER_NAMES[short]}.weight": size, f"encoder.layer.0.{LAYER_NAMES[short]}.bias": size[:1]}
    shape = Shape(1, 2, hidden, 1e-12)
    graph = encoder_model({name: chance.normal(size=size).astype(np.float32) for name, size in weights.items()}, shape)
    write_engine(folder, graph, Recipe(shape, False, 64, "", ""))
    tokenizer = Tokenizer(tokenizer_models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / TOKENIZER))


def models(scratch: Path, count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose folder in the cache is damaged gives its vectors, or says so in a sentence, and `check` names it."""
    chance = random.Random(seed)
    monkeypatch.setenv("YINJU_CACHE", str(scratch / "cache"))
    monkeypatch.setattr("embeddings.cache.SMALL", 1024)  # the graph and the tokenizer are large, as those of real models are
    right = tiny().encode_passages(["word ask"])
    (engine,) = (each for each in (scratch / "cache").iterdir() if each.is_dir())
    shutil.copytree(engine, scratch / "whole")
    named = mended = 0
    for _ in range(count):
        shutil.rmtree(engine)
        shutil.copytree(scratch / "whole", engine)
        file = chance.choice(sorted(each for each in engine.iterdir() if each.name != CONTENTS))
        what = chance.choice(("flip", "delete"))
        spoil(file, chance) if what == "flip" else file.unlink()
        read_tokenizer.cache_clear()
        whole_tokenizer.cache_clear()
        spoiled = bool(damaged_folders())
        try:
            vectors = tiny().encode_passages(["word ask"])
            assert vectors.shape == right.shape
            if not damaged_folders():
                assert abs(vectors - right).max() < 1e-5
                mended += spoiled
            else:
                named += 1
        except YinjuError as reason:
            assert isinstance(reason, ModelError) and "\n" not in str(reason)
            assert abs(tiny().encode_passages(["word ask"]) - right).max() < 1e-5
            mended += 1
    print(f"{mended} mended by themselves, {named} not noticed by asking and named by check")


def test_a_model_that_is_damaged_in_the_cache_is_made_anew_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models(tmp_path, 10, random.randrange(10**9), monkeypatch)


@pytest.mark.slow
def test_two_hundred_damages_of_a_model_in_the_cache_are_made_anew_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models(tmp_path, 200, 9, monkeypatch)


def test_a_cache_that_is_deleted_while_it_is_asked_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJU_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("YINJU_NO_CACHE", raising=False)
    encoder = remembering(tiny(), "tiny")  # nothing is opened before it is asked
    shutil.rmtree(tmp_path / "cache")
    first = encoder.encode_passages(["word"])
    shutil.rmtree(tmp_path / "cache")
    assert abs(encoder.encode_passages(["word"]) - first).max() < 2e-3
    assert abs(encoder.encode_passages(["ask"]) - tiny().encode_passages(["ask"])).max() < 2e-3


@pytest.mark.slow
def test_a_hundred_flips_in_the_dictionary_are_looked_past_and_it_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import dictionary as module

    whole, chance = tmp_path / "whole.sqlite", random.Random(10)
    with closing(sqlite3.connect(whole)) as connection:
        module._build(connection)
    # What is made in memory takes seconds each time, and is the same.
    monkeypatch.setattr(module, "_in_memory", lambda: sqlite3.connect(whole, check_same_thread=False))
    words = [row[0] for row in sqlite3.connect(whole).execute("SELECT key FROM english ORDER BY random() LIMIT 300")]
    right = module.Dictionary(module._in_memory())
    mended = 0
    for _ in range(100):
        spoiled = tmp_path / "spoiled.sqlite"
        shutil.copyfile(whole, spoiled)
        data = bytearray(spoiled.read_bytes())
        for _ in range(200):  # the file is large: some of these are on the way to the words
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        spoiled.write_bytes(data)
        try:
            read = module.Dictionary(module._readable(spoiled), spoiled)
        except (sqlite3.Error, UnicodeDecodeError):  # `dictionary` then makes it anew
            mended += 1
            continue
        for word in words:
            assert isinstance(read.english(word), dict)
        mended += not spoiled.exists()
        if not spoiled.exists():
            assert all(read.english(word) == right.english(word) for word in words[-20:])
    print(f"{mended} of 100 made anew")
    assert mended


@pytest.mark.parametrize("where", ["corpus.vector_table.VectorTable.chunks", "rag.search.open_lexical"])
def test_a_question_that_fails_while_it_takes_up_what_is_new_spoils_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """As by a disk that cannot be read for a moment, in the middle of it."""
    monkeypatch.setattr("corpus.vector_table.CHUNK", 8)
    index(write(tmp_path / "in", OLD), tmp_path / "library")
    with opened(tmp_path / "library") as server:
        require_found(server, "3.txt", OLD)
        index(write(tmp_path / "in", NEW), tmp_path / "library")
        chunks = VectorTable.chunks

        def failing(*given: int) -> Iterator[object]:
            if where.endswith("chunks"):
                yield from itertools.islice(chunks(*given), 2)  # type: ignore[arg-type]
            raise DamagedLibrary("it cannot be read just now; try again")

        with monkeypatch.context() as moment:
            moment.setattr(where, failing if where.endswith("chunks") else lambda *given: next(failing()))
            with pytest.raises(DamagedLibrary):
                server.ask("谁？")
        for name in sorted(NEW):
            require_found(server, name, NEW)
        assert isinstance(server.search, Search)
        assert sorted(server.search.opened.index.ids.tolist()) == np.flatnonzero(server.search.opened.alive).tolist()


def test_an_index_that_the_disk_does_not_take_whole_is_an_error() -> None:
    index = FaissIndex.empty(16)
    index.add(np.arange(5), np.eye(16, dtype=np.float32)[:5])
    with pytest.raises((OSError, RuntimeError)):
        index.save(Path("/dev/full"))
