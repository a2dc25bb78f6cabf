"""What nobody expected of a request: one line in the log, one sentence in the answer, and no word of what was asked in either."""

import json
import logging
from collections.abc import AsyncIterator, Iterator

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from ui.watch.failures import Failing, watch_events
from ui.watch.log import LOG, JsonLines
from ui.watch.requests import Observed

SECRET = "我的问题"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, str]]]:
    handler = Lines()
    LOG.addHandler(handler)
    yield handler.lines
    LOG.removeHandler(handler)


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()

    @app.get("/breaks")
    def breaks() -> Response:
        raise KeyError(SECRET)

    @app.get("/breaks-off")
    def breaks_off() -> Response:
        async def some() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            raise ValueError(SECRET)

        return StreamingResponse(some(), media_type="text/event-stream")

    @app.get("/says-so")
    def says_so(request: Request) -> Response:
        return Response("the disk is full", 500)

    def fail(text: str) -> str:
        raise ZeroDivisionError(text)

    def refuse(text: str) -> str:
        raise gr.Error("that is no date; write it like 2024-01")

    with gr.Blocks() as page:
        gr.api(fail, api_name="fail")
        gr.api(refuse, api_name="refuse")
    watch_events(page)
    gr.mount_gradio_app(app, page, "/page", show_error=True)
    app.add_middleware(Failing)
    app.add_middleware(Observed, count=lambda method, status: None)
    return TestClient(app)


def test_it_is_one_line_with_the_requests_number_its_kind_and_its_place(client: TestClient, lines: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.get("/breaks")
    (line,) = [each for each in lines if each["event"] == "failed"]
    assert line["error"] == "KeyError" and line["at"].startswith("tests/test_failures.py:") and " breaks" in line["at"]
    assert answer.status_code == 500
    assert answer.json() == {"detail": f"something went wrong here, which the server's log has under {line['request']}; try again, or tell who runs it"}
    assert SECRET not in json.dumps(lines, ensure_ascii=False) and capsys.readouterr().err == ""


def test_an_event_of_the_page_that_fails_says_the_same_and_prints_nothing(client: TestClient, lines: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.post("/page/gradio_api/run/fail", json={"data": [SECRET]})
    (line,) = [each for each in lines if each["event"] == "failed"]
    assert line["error"] == "ZeroDivisionError" and " fail" in line["at"]
    assert answer.status_code == 500 and answer.json()["error"].startswith("something went wrong here") and line["request"] in answer.json()["error"]
    assert SECRET not in json.dumps(lines, ensure_ascii=False) and capsys.readouterr().err == ""


def test_what_is_refused_in_a_sentence_is_the_callers_to_mend_and_no_failure(client: TestClient, lines: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.post("/page/gradio_api/run/refuse", json={"data": ["x"]})
    assert answer.status_code == 400 and answer.json()["error"] == "that is no date; write it like 2024-01"
    assert client.post("/page/gradio_api/run/nothing", json={"data": []}).status_code == 404
    assert [each for each in lines if each["event"] == "failed"] == [] and capsys.readouterr().err == ""


def test_a_stream_that_breaks_off_ends_with_a_sentence(client: TestClient, lines: list[dict[str, str]]) -> None:
    text = client.get("/breaks-off").text
    assert text.startswith("data: 1\n\nevent: error\ndata: ") and "something went wrong here" in text and SECRET not in text
    assert [each["error"] for each in lines if each["event"] == "failed"] == ["ValueError"]


def test_a_500_that_somebody_meant_is_left_as_it_is(client: TestClient) -> None:
    answer = client.get("/says-so")
    assert (answer.status_code, answer.text) == (500, "the disk is full")


@pytest.mark.parametrize("character", ["\x1b", "\x7f", "\x85", "\x9b", "\u200f", "\u202e", "\u2028", "\u2029", "\U000e0041", "\ud800"])
def test_no_line_of_the_log_holds_what_a_terminal_obeys(character: str) -> None:
    record = logging.LogRecord("yinju", logging.INFO, "", 0, "request", (), None)
    record.fields = {"path": f"/{character}\n王芳é", "user": character}
    line = JsonLines().format(record)
    assert character not in line and "\n" not in line and "王芳é" in line
    assert json.loads(line)["path"] == f"/{character}\n王芳é" and json.loads(line)["user"] == character
