"""What programs may call: /ask, /search and /documents, by gradio's client, over HTTP, or as MCP tools.

Their results are those of `yinju ask --json` and `yinju docs list --json`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from corpus import YinjuError
from rag import Assistant
from rag.answer import answer_to_json


def add_endpoints(assistant: Assistant) -> None:
    """Name the endpoints inside the page that is being built."""

    def ask(question: str, top_k: int = 5, where: str = "", history: list[str] | None = None) -> dict[str, Any]:
        """Answer a question by quoting the library's documents word for word.

        Args:
            question: the question, in any language.
            top_k: how many of the nearest passages to give as well, 1 to 50.
            where: a condition on the documents, such as "date >= 2023-10 and section = 要闻"; empty for all of them.
            history: the questions before it in the conversation, oldest first.

        Returns:
            whether it is answered, the confidence, quotes with their document, place and answering words, and passages.
        """
        with _plainly():
            return answer_to_json(assistant.ask(question, _count(top_k), where or None, history or ()))

    def search(query: str, top_k: int = 5, where: str = "") -> list[dict[str, Any]]:
        """Find the passages of the library's documents that are nearest to a query.

        Args:
            query: words or a question, in any language.
            top_k: how many passages to give, 1 to 50.
            where: a condition on the documents; empty for all of them.

        Returns:
            the passages, best first, each with its text, document, title and place.
        """
        with _plainly():
            found: list[dict[str, Any]] = answer_to_json(assistant.ask(query, _count(top_k), where or None))["passages"]
            return found

    def documents() -> list[dict[str, Any]]:
        """List the library's documents: name, title, how many passages and characters, and what is known of each."""
        return [
            {"name": each.name, "title": each.title, "passages": each.passages, "characters": each.characters, "metadata": each.metadata}
            for each in assistant.library.list_documents()
        ]

    for each in (ask, search, documents):
        gr.api(each, api_name=each.__name__, concurrency_limit=4)


@contextmanager
def _plainly() -> Iterator[None]:
    """What is wrong with a call is said to who calls."""
    try:
        yield
    except YinjuError as error:
        raise gr.Error(str(error)) from None


def _count(top_k: int) -> int:
    if not 1 <= top_k <= 50:
        raise gr.Error(f"top_k is {top_k}; give 1 to 50")
    return top_k
