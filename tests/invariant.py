"""What must hold of a library after any fault: nothing is lost, every quote is its document's text, all is found."""

import random
from collections.abc import Mapping
from pathlib import Path

from corpus.store import open_store
from rag import Answer, Assistant
from rag.check import check_library
from rag.reader import WordsAndCosine
from tests.cheap import CheapEncoder

TOPICS = (
    "市长会见了代表团", "水位在夜里涨了两米", "The bridge over the river is three kilometres long", "списки жильцов проверили весной",
    "図書館は来年四月に移る", "الجسر طويل جدا", "그 다리는 길이가 삼 킬로미터이다", "列车因为大雾晚点",
)  # fmt: skip


def texts(count: int, seed: int = 0) -> dict[str, str]:
    """The texts of `count` files, in several scripts; each holds a phrase that no other has."""
    chance = random.Random(seed)
    found = {}
    for number in range(count):
        sentences = [f"{chance.choice(TOPICS)}，{_phrase(chance)}。" for _ in range(chance.randint(1, 4))]
        found[f"{number}.txt"] = "\n\n".join(sentences) + "\n"
    return found


def _phrase(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(12))


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf8")
    return folder


def opened(library: Path | str) -> Assistant:
    """The library with an encoder and a reader that cost nothing."""
    encoder = CheapEncoder()
    held = open_store(library)
    try:
        return Assistant(held, encoder, WordsAndCosine(encoder))
    except BaseException:
        held.close()
        raise


def require_exact(answer: Answer, truth: Mapping[str, str]) -> None:
    """Every quote and passage is characters of what the files hold."""
    for each in answer.quotes:
        assert truth[each.document][each.start : each.end] == each.text
        if each.answer_start is not None and each.answer_end is not None:
            assert each.start <= each.answer_start <= each.answer_end <= each.end
    for passage in answer.passages:
        assert truth[passage.document][passage.start : passage.end] == passage.text


def names(library: Path | str) -> set[str]:
    with open_store(library) as held:
        return {each.name for each in held.list_documents()}


def require_whole(library: Path | str, truth: Mapping[str, str], asked: int = 8, seed: int = 0) -> None:
    """The library is whole and holds just these texts; of them some are asked for by words of their own."""
    assert check_library(library, CheapEncoder()) == []
    with opened(library) as assistant:
        held = {each.name: assistant.library.document(each.name) for each in assistant.library.list_documents()}
        assert {name: document.text for name, document in held.items() if document} == dict(truth)
        for name in random.Random(seed).sample(sorted(truth), min(asked, len(truth))):
            require_found(assistant, name, truth)


def require_found(assistant: Assistant, name: str, truth: Mapping[str, str]) -> None:
    """A phrase that only this document has finds it, before all others."""
    answer = assistant.ask(truth[name].split("\n")[0], top_k=3)
    require_exact(answer, truth)
    assert answer.passages[0].document == name, (name, [each.document for each in answer.passages])
