"""`GET /health`: is it alive; `/ready`: may it be asked; `/metrics`: its figures. And what the log says of a question."""

from collections.abc import Sequence
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ui.access.caller import caller_of
from ui.access.origin import ELSEWHERE
from ui.access.room import Room
from ui.access.user import Role
from ui.answering import Noted
from ui.served import Served
from ui.watch.figures import CONTENT_TYPE, Figures
from ui.watch.log import told


def add_watch(app: FastAPI, served: Sequence[Served], room: Room, figures: Figures, role: Role) -> None:
    """Figures are for keepers; strangers who must log in hear only that the server is well, and so does who calls it by a name that
    it does not have: a page of another site can."""

    @app.get("/health")
    def health(request: Request) -> dict[str, object]:
        caller = caller_of(request)
        if (caller.role == "reader" and not caller.name) or request.scope.get(ELSEWHERE):
            return {"status": "ok"}
        libraries = [
            {"name": each.place.name, "address": f"/{quote(each.place.path)}",
             "documents": each.assistant.library.document_count(), "passages": each.assistant.library.passage_count()}
            for each in served
        ]  # fmt: skip
        total = {key: sum(int(str(each[key])) for each in libraries) for key in ("documents", "passages")}
        return {"status": "ok", **total, "libraries": libraries}

    @app.get("/ready")
    def ready() -> JSONResponse:
        loading = [each.place.name for each in served if not each.warm.is_set()]
        is_ready = not loading and room.open
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    if role == "keeper":

        @app.get("/metrics")
        def metrics() -> Response:
            return Response(figures.text(), media_type=CONTENT_TYPE)


def tell_question(noted: Noted, with_text: bool) -> None:
    """One line; the question's words only where they are wanted."""
    answer = noted.answer
    told(
        "question", library=noted.library, user=noted.caller.name, address=noted.caller.address, outcome=noted.outcome,
        characters=len(noted.question), waited_ms=round(1000 * noted.waited), ms=round(1000 * noted.seconds),
        **({"confidence": round(answer.confidence, 3), "quotes": len(answer.quotes)} if answer else {}),
        **({"question": noted.question} if with_text else {}),
    )  # fmt: skip
