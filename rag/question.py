"""What may be asked."""

from corpus.errors import QuestionError
from corpus.visible import visible

LONGEST_QUESTION = 10_000


def check_question(question: str) -> str:
    """The question without white space around it. Raises QuestionError where it cannot be asked."""
    text = visible(question)
    if not text:
        raise QuestionError("the question is empty; write what you want to know")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(text):,} characters, more than {LONGEST_QUESTION:,}; ask it in fewer words"
        )
    return text
