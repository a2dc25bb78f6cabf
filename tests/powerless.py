"""A process that does all that is kept of a library, and says after each step what must be there from then on."""

import json
import os
import shutil
import sys
from pathlib import Path

import rag.batch
import rag.vectors
from corpus import Library
from corpus.feedback import Feedback, add_feedback
from eval import QuestionSet, run
from rag import Assistant, index_paths
from rag.reader import WordsAndCosine
from tests import victim
from tests.cheap import CheapEncoder, cheap_library
from tests.invariant import texts, write
from ui.conversations import Conversations

# Seeds and numbers of the texts that are indexed one after another: few, changed, many, few again.
STEPS = ((1, 20), (2, 20), (2, 90), (3, 70), (3, 30))


def main(folder: Path, files: Path) -> None:
    rag.vectors.LARGE, rag.vectors.FEW, rag.batch.EMBED_TOGETHER = 80, 5, 16
    library, said = folder / "library", 0
    with (folder / "acknowledged").open("ab", buffering=0) as told:
        for step, (seed, count) in enumerate(STEPS):
            shutil.rmtree(files, ignore_errors=True)
            write(files, texts(count, seed))
            with cheap_library(library) as held:
                index_paths([files], held, CheapEncoder())
                told.write(json.dumps({"step": step, "feedback": said}).encode() + b"\n")
                for _ in range(2):
                    add_feedback(held, Feedback(f"问题{said}", "down"))
                    said += 1
                    told.write(json.dumps({"step": step, "feedback": said}).encode() + b"\n")
            with Conversations(library) as conversations, Assistant(Library.open(library), CheapEncoder(), WordsAndCosine(CheapEncoder())) as assistant:
                conversations.add(conversations.begin(), assistant.ask("代表团"))
                told.write(json.dumps({"step": step, "feedback": said, "conversations": step + 1}).encode() + b"\n")
                if step == 1:
                    run(QuestionSet(victim.questions(6)), assistant, folder / "run")
                    told.write(json.dumps({"step": step, "feedback": said, "conversations": step + 1, "run": True}).encode() + b"\n")


if __name__ == "__main__":
    os.environ["YINJU_NO_CACHE"] = "1"
    main(Path(sys.argv[1]), Path(sys.argv[2]))
