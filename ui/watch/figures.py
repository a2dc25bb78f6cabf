"""The server's figures for Prometheus (`/metrics`): requests, questions, how long they take, who waits, what there is."""

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from rag import Assistant
from ui.access.room import Room
from ui.answering import Noted

# Seconds.
BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """Of one server; several of one process do not mix."""

    def __init__(self, room: Room, libraries: Sequence[tuple[str, Assistant]]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._requests = Counter("yinju_requests", "Requests, by method and status.", ("method", "status"), registry=registry)
        self._questions = Counter("yinju_questions", "Questions, by library and what became of them.", ("library", "outcome"), registry=registry)
        self._seconds = Histogram(
            "yinju_question_seconds", "From a question to its answer, waiting included.", ("library",), registry=registry, buckets=BUCKETS
        )
        self._waited = Histogram("yinju_waited_seconds", "That a question waited for its turn.", registry=registry, buckets=BUCKETS)
        self._stages = Histogram("yinju_stage_seconds", "Of an answer's stage.", ("stage",), registry=registry, buckets=BUCKETS)
        self._gauge("yinju_waiting", "Questions that wait for their turn.", lambda: room.waiting)
        self._gauge("yinju_answering", "Questions under way.", lambda: room.running)
        documents = Gauge("yinju_documents", "Documents, by library.", ("library",), registry=registry)
        passages = Gauge("yinju_passages", "Passages, by library.", ("library",), registry=registry)
        for name, assistant in libraries:
            documents.labels(name).set_function(assistant.library.document_count)
            passages.labels(name).set_function(assistant.library.passage_count)

    def request(self, method: str, status: int) -> None:
        self._requests.labels(method, str(status)).inc()

    def question(self, noted: Noted) -> None:
        self._questions.labels(noted.library, noted.outcome).inc()
        self._waited.observe(noted.waited)
        if noted.answer is not None:
            self._seconds.labels(noted.library).observe(noted.seconds)
            for stage, milliseconds in noted.answer.timings.items():
                self._stages.labels(stage).observe(milliseconds / 1000)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        Gauge(name, what, registry=self._registry).set_function(value)
