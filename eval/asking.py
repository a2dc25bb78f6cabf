"""Asking a whole set: blocks of questions together, by one process or several, with the same answers."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any

from corpus import YinjuError
from eval.kept import BLOCK
from eval.question import Question
from rag import Answer, Assistant, Settings, answer_to_json

# Passages fetched for a question: enough for ten documents of several passages each.
DEPTH = 50
# Passages that answers.jsonl keeps of an answer.
SHOWN = 10
# Questions asked once more, one by one, and seconds given to it: how long a person waits is not a share of a block.
TIMED, SECONDS = 50, 20.0


def blocks(questions: Sequence[Question], done: int) -> list[Sequence[Question]]:
    """The blocks that are still to ask. Their borders do not depend on where a run was stopped."""
    return [questions[at : at + BLOCK] for at in range(done * BLOCK, len(questions), BLOCK)]


def answers(assistant: Assistant, asked: Sequence[Sequence[Question]], processes: int) -> Iterator[list[dict[str, Any]]]:
    """The kept answers of each block, in order."""
    if processes <= 1:
        for block in asked:
            yield _block(assistant, block)
        return
    arguments = (assistant.library.address, assistant.settings)
    # Spawned: a forked process would share the model's threads, which do not survive it.
    with ProcessPoolExecutor(processes, get_context("spawn"), _open, arguments) as pool:
        waiting = iter(asked)
        running = [pool.submit(_in_process, each) for each in islice(waiting, 2 * processes)]
        try:
            while running:
                yield running.pop(0).result()
                running += [pool.submit(_in_process, each) for each in islice(waiting, 1)]
        except BrokenProcessPool:
            raise YinjuError(
                f"one of the {processes} processes that ask was ended from outside, as where memory is short; run the same "
                "command again, with fewer --processes: what is answered is kept"
            ) from None


def timings(assistant: Assistant, questions: Sequence[Question]) -> Iterator[dict[str, float]]:
    """How long questions spread over the set take, asked one by one as a person asks them."""
    step = max(1, len(questions) // TIMED)
    began = time.monotonic()
    for each in questions[::step][:TIMED]:
        yield dict(assistant.ask(each.question, history=each.history).timings)
        if time.monotonic() - began > SECONDS:
            return


def _block(assistant: Assistant, block: Sequence[Question]) -> list[dict[str, Any]]:
    threshold = assistant.settings.threshold
    histories = [each.history for each in block]
    found = assistant.ask_many([each.question for each in block], DEPTH, threshold=0.0, histories=histories)
    return [kept(q, answer, threshold) for q, answer in zip(block, found, strict=True)]


def kept(question: Question, answer: Answer, threshold: float) -> dict[str, Any]:
    """An answer that has its quotes however unsure it is, as it is kept (`eval.outcome.Kept`)."""
    content = {"id": question.id} | answer_to_json(answer)
    content["answered"] = bool(answer.quotes) and answer.confidence >= threshold
    content["passages"] = content["passages"][:SHOWN]
    content["ranked"] = [(each.document, each.start, each.end, round(each.score, 6)) for each in answer.passages]
    return content


_ASSISTANTS: list[Assistant] = []


def _open(address: str, settings: Settings) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _ASSISTANTS.append(Assistant.open(address, settings=settings))


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, with a model in its memory."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_process(block: Sequence[Question]) -> list[dict[str, Any]]:
    return _block(_ASSISTANTS[0], block)
