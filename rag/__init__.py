"""RAG without the G: a question in, the documents' own words out.

    with Assistant.open(".yinju") as assistant:
        answer = assistant.ask("市长会见了谁？")

Every quote is `document.text[start:end]`, whole sentences, with the answering words marked inside.
"""

from rag.answer import Answer, Found, Quote, answer_to_json
from rag.assistant import Assistant
from rag.check import check_library
from rag.indexing import IndexReport, index_documents, index_paths
from rag.question import check_question
from rag.settings import Settings

__all__ = [
    "Answer",
    "Assistant",
    "Found",
    "IndexReport",
    "Quote",
    "Settings",
    "answer_to_json",
    "check_library",
    "check_question",
    "index_documents",
    "index_paths",
]  # fmt: skip
