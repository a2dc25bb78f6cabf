"""Whatever is sent to the server's addresses: an answer or one sentence, no traceback, and it goes on serving."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.test_browser import ANSWERABLE, HOSTILE, Served
from ui.access.given_files import FETCHING, fetch_nothing, require_own_files

# Seconds that a call may take, and that a stream is listened to.
PATIENCE = 60.0
ENDPOINTS = ("ask", "search", "documents")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
# What a parameter's own schema says it is; anything else is sent as well.
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from([ANSWERABLE, HOSTILE, "", "\0", "date >>> 3", "date >= 2023", "'; DROP TABLE x", "问" * 20_000]) | st.text(max_size=30),
    "integer": st.integers(-(10**20), 10**20) | st.integers(1, 50), "number": st.floats(allow_nan=False, allow_infinity=False),
    "array": st.lists(st.text(max_size=10), max_size=4), "boolean": st.booleans(), "object": st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
}  # fmt: skip
FEW = settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
BROKEN = [b"", b"{", b"null", b"[]", b"3", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"data": ' * 3_000, b'{"data": null}', b'{"data": {}}', b'{"data": [[[[]]]]}',
          b'{"data": ["x"], "fn_index": 99999}', b'{"data": ["x"], "fn_index": "x"}', b'{"data": [], "fn_index": -1, "session_hash": 3}',
          b'{"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}], "fn_index": 0, "session_hash": "x"}',
          b'{"data": ["x", 3, "", null], "fn_index": 0, "session_hash": "y", "event_data": 3, "trigger_id": "z"}',
          b'{"session_hash": "y", "component_id": 99999, "fn_name": "x", "data": null}', b'{"session_hash": ["y"], "component_id": {}, "fn_name": 3, "data": []}',
          b'{"session_hash": "y", "component_id": 1, "fn_name": "__init__", "data": ["x"]}', b'{"event_id": "x", "session_hash": "y", "fn_index": -1}']  # fmt: skip
PATHS = ("queue/join", "run/ask", "run/predict", "run/nothing", "api/ask", "call/nothing", "call/v2/ask", "call/v2/nothing", "component_server", "upload", "reset",
         "cancel", "heartbeat/x", "stream/x")  # fmt: skip


class Logged(Served):
    """A server whose log is read."""

    def __init__(self, library: Path, log: Path) -> None:
        self.log = log
        super().__init__(library)

    def start(self) -> None:
        command = [sys.executable, "-m", *self.command(), "--port", str(self.port)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None and "http" in self.process.stdout.readline()


@pytest.fixture(scope="module")
def served(sample_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("log") / "lines"
    server = Logged(sample_library, log)
    yield server
    assert server.process.poll() is None, "the server has ended"
    server.stop()
    # Whatever was sent is no failure of the server's, and its log has nothing but lines of its own.
    lines = [json.loads(each) for each in log.read_text().splitlines()]
    assert lines and not [each for each in lines if each["event"] == "failed"]


def parameters(served: Served, endpoint: str) -> list[dict[str, Any]]:
    """What the server itself says an endpoint takes."""
    told = httpx.get(f"{served.address}/gradio_api/info", timeout=PATIENCE).json()
    found: list[dict[str, Any]] = told["named_endpoints"][f"/{endpoint}"]["parameters"]
    return found


def harmless(response: httpx.Response) -> None:
    """Nothing of our insides in what is said, and what cannot be answered is the caller's to mend, and says how."""
    no_insides(response.text)
    assert response.status_code < 500, response.text[:500]
    if '"jsonrpc"' in response.text:  # the tools' protocol has refusals of its own
        return
    if response.status_code >= 400 and response.headers["content-type"] == "application/json":
        refusal = response.json()
        assert isinstance(refusal, dict) and refusal.keys() & {"error", "detail"}, response.text[:500]
        said = refusal.get("error") or refusal.get("detail")
        # Of a body of another shape it is said, field by field, what is wrong.
        assert isinstance(said, list) if response.status_code == 422 else isinstance(said, str)
        one_sentence(said if isinstance(said, str) else None)


def no_insides(said: str) -> None:
    assert "Traceback" not in said and 'File "/' not in said and "site-packages" not in said, said[:1000]


def one_sentence(said: str | None) -> None:
    assert said is None or ("\n" not in said and len(said) < 1_000 and " object at 0x" not in said), said


def called(served: Served, endpoint: str, body: bytes) -> None:
    """A call over HTTP as gradio's documentation has it, and what comes of it."""
    headers = {"Content-Type": "application/json"}
    begun = httpx.post(f"{served.address}/gradio_api/call/{endpoint}", content=body, headers=headers, timeout=PATIENCE)
    harmless(begun)
    event = begun.json().get("event_id") if begun.status_code == 200 else None
    if event is None:
        return
    stream = httpx.get(f"{served.address}/gradio_api/call/{endpoint}/{event}", timeout=PATIENCE)
    harmless(stream)
    kinds = [line.removeprefix("event: ") for line in stream.text.splitlines() if line.startswith("event: ")]
    assert kinds and kinds[-1] in ("complete", "error"), stream.text[:500]
    data = json.loads(stream.text.splitlines()[-1 if stream.text.splitlines()[-1] else -2].removeprefix("data: "))
    if kinds[-1] == "error" and data is not None:
        one_sentence(data["error"] if isinstance(data, dict) else data)


def still_serves(served: Served) -> None:
    assert httpx.get(f"{served.address}/health", timeout=PATIENCE).json()["status"] == "ok"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@FEW
@given(data=st.data())
def test_any_values_of_an_endpoints_own_parameters_are_answered_or_refused(served: Served, endpoint: str, data: st.DataObject) -> None:
    given_values = [
        data.draw(KINDS.get(each["type"].get("type", "string"), JSON) | JSON, each["parameter_name"]) for each in parameters(served, endpoint)
    ]
    body = {"data": given_values[: data.draw(st.integers(0, len(given_values)))] if data.draw(st.booleans()) else given_values}
    called(served, endpoint, json.dumps(body).encode())
    still_serves(served)


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_body_that_is_no_call_is_refused(served: Served, body: bytes) -> None:
    called(served, "ask", body)
    for path in PATHS:
        headers = {"Content-Type": "application/json"}
        with httpx.stream("POST", f"{served.address}/gradio_api/{path}", content=body, headers=headers, timeout=PATIENCE) as response:
            response.read()
            harmless(response)
    still_serves(served)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "file=/etc/passwd", "file/../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "\0"])
def test_no_file_of_the_machine_is_given(served: Served, path: str) -> None:
    for prefix in ("/gradio_api/file=", "/gradio_api/", "/static/", "/assets/", "/"):
        response = httpx.get(httpx.URL(served.address).copy_with(raw_path=(prefix + path.replace("\0", "%00")).encode()), timeout=PATIENCE)
        harmless(response)
        assert "root:" not in response.text


@FEW
@given(arguments=st.dictionaries(st.sampled_from(["question", "query", "top_k", "where", "history", "x"]), JSON, max_size=4), tool=st.sampled_from(["ask", "search", "documents", "y"]) | st.text(max_size=5))
def test_any_arguments_of_a_tool_are_answered_or_refused(served: Served, tool: str, arguments: dict[str, Any]) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    harmless(httpx.post(f"{served.address}/gradio_api/mcp/", content=json.dumps(call), headers=headers, timeout=PATIENCE))
    still_serves(served)


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_message_to_the_tools_is_refused(served: Served, body: bytes) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    harmless(httpx.post(f"{served.address}/gradio_api/mcp/", content=body, headers=headers, timeout=PATIENCE))
    still_serves(served)


def test_a_file_sent_to_be_uploaded_has_a_name_inside(served: Served) -> None:
    for name in ("../../../tmp/x.txt", "a\0b.txt", "\u202egpj.txt", "x" * 5_000 + ".txt", "", "<script>.txt"):
        response = httpx.post(f"{served.address}/gradio_api/upload", files={"files": (name, b"words")}, timeout=PATIENCE)
        harmless(response)
        for each in response.json() if response.status_code == 200 else ():
            assert ".." not in each and "yinju-" in each
    still_serves(served)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@FEW
@given(data=st.lists(JSON, max_size=4), number=st.none() | st.integers(-3, 90))
def test_any_values_are_answered_or_refused_outside_the_queue(served: Served, endpoint: str, data: list[Any], number: int | None) -> None:
    body = {"data": data, "session_hash": "outside", "fn_index": number}
    harmless(httpx.post(f"{served.address}/gradio_api/run/{endpoint}", json=body, timeout=PATIENCE))
    still_serves(served)


def test_an_event_that_only_the_browser_acts_on_is_refused(served: Served) -> None:
    events = httpx.get(f"{served.address}/config", timeout=PATIENCE).json()["dependencies"]
    numbers = [each["id"] for each in events if not each["backend_fn"]]
    assert numbers
    for each in numbers:
        body = {"data": [], "session_hash": "outside", "fn_index": each}
        refused = httpx.post(f"{served.address}/gradio_api/run/documents", json=body, timeout=PATIENCE)
        harmless(refused)
        assert refused.status_code == 400 and "calls nothing of the server" in refused.text
    still_serves(served)


def test_an_event_that_is_not_there_is_said_to_be_over(served: Served) -> None:
    stream = httpx.get(f"{served.address}/gradio_api/call/ask/nothing", timeout=PATIENCE)
    harmless(stream)
    assert stream.text.splitlines()[0] == "event: error"


@FEW
@given(data=JSON, name=st.sampled_from(["cite", "printed_pages", "export_conversation"]))
def test_what_the_pages_scripts_ask_for_is_given_or_refused(served: Served, data: Any, name: str) -> None:
    parts = httpx.get(f"{served.address}/config", timeout=PATIENCE).json()["components"]
    numbers = [each["id"] for each in parts if name in str(each["props"].get("server_fns"))]
    assert numbers
    for each in numbers:
        body = {"session_hash": "script", "component_id": each, "fn_name": name, "data": data}
        harmless(httpx.post(f"{served.address}/gradio_api/component_server", json=body, timeout=PATIENCE))
    still_serves(served)


# Files that a call names


def named(path: object) -> dict[str, Any]:
    """A file as gradio's clients name one."""
    return {"path": path, "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}


def event_of(served: Served, part: str, kind: str) -> dict[str, Any]:
    """What the page says of the event of one of its parts."""
    config = httpx.get(f"{served.address}/config", timeout=PATIENCE).json()
    number = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == part)
    found: dict[str, Any] = next(each for each in config["dependencies"] if [number, kind] in each["targets"])
    return found


@pytest.mark.parametrize("path", ["call/ask", "call/v2/ask", "queue/join", "run/ask", "api/ask"])
def test_where_no_file_is_taken_none_is_looked_at(served: Served, tmp_path: Path, path: str) -> None:
    endless, words = tmp_path / "endless", tmp_path / "words.txt"
    os.mkfifo(endless)
    words.write_text("甲")
    numbers = {each["api_name"]: each["id"] for each in httpx.get(f"{served.address}/config", timeout=PATIENCE).json()["dependencies"]}
    (uploaded,) = httpx.post(f"{served.address}/gradio_api/upload", files={"files": ("a.txt", b"words")}, timeout=PATIENCE).json()
    for each in (str(endless), str(words), uploaded, "http://100.64.0.77:8099/x", "https://example.org/x", "", ["x"], None):
        for value in (named(each), [{"deep": [named(each)]}]):
            body = {"question": value} if "v2" in path else {"data": [value, 5, "", []], "fn_index": numbers["ask"], "session_hash": "files"}
            refused = httpx.post(f"{served.address}/gradio_api/{path}", json=body, timeout=10)
            harmless(refused)
            assert refused.status_code == 400 and "takes no file" in refused.text
            assert httpx.get(f"{served.address}/ready", timeout=10).status_code == 200


def test_where_files_are_taken_only_those_are_that_were_uploaded(served: Served, tmp_path: Path) -> None:
    endless, secret = tmp_path / "endless", tmp_path / "secret.txt"
    os.mkfifo(endless)
    secret.write_text("紫铜门的钥匙藏在第七块砖下。\n")
    (uploaded,) = httpx.post(f"{served.address}/gradio_api/upload", files={"files": ("a.txt", b"words")}, timeout=PATIENCE).json()
    beside = Path(uploaded).with_name("beside.txt")
    for part, kind in (("yinju-upload", "upload"), ("yinju-run", "click")):
        event = event_of(served, part, kind)
        several = part == "yinju-upload"
        for each in (endless, secret, beside, f"{uploaded}/../../../../../../../../{secret}", "http://100.64.0.77:8099/x.txt", ["x"]):
            given_file = named(each if isinstance(each, list) else str(each))
            body = {"data": [[given_file] if several else given_file, "", "zh"], "fn_index": event["id"], "session_hash": "kept"}
            refused = httpx.post(f"{served.address}/gradio_api/queue/join", json=body, timeout=10)
            assert refused.status_code == 400 and "was not uploaded here" in refused.text
            assert httpx.get(f"{served.address}/ready", timeout=10).status_code == 200
    found = httpx.post(f"{served.address}/gradio_api/run/search", json={"data": ["紫铜门的钥匙藏在哪里", 5, ""]}, timeout=PATIENCE)
    assert found.status_code == 200 and "紫铜门" not in found.json()["data"][0][0]["text"]
    documents = httpx.post(f"{served.address}/gradio_api/run/documents", json={"data": []}, timeout=PATIENCE).text
    assert "secret.txt" not in documents and not list((served.library / "uploads").glob("**/secret.txt"))


def test_a_file_that_a_tool_is_given_is_not_looked_at(served: Served, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless")
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    for question in (named(str(tmp_path / "endless")), named("http://100.64.0.77:8099/x")):
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": question}}}
        refused = httpx.post(f"{served.address}/gradio_api/mcp/", json=call, headers=headers, timeout=10)
        assert refused.status_code == 200 and '"isError":true' in refused.text.replace(" ", "")
        assert httpx.get(f"{served.address}/ready", timeout=10).status_code == 200


def test_gradios_own_check_is_on_and_it_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gr.Blocks() as page:
        gr.Textbox()
    require_own_files(page)

    def checked() -> None:
        LocalContext.blocks.set(page)
        processing_utils._check_allowed(str(tmp_path / "x.txt"), True)

    with pytest.raises(InvalidPathError):
        copy_context().run(checked)
    for name in FETCHING:
        monkeypatch.setattr(processing_utils, name, getattr(processing_utils, name))
    fetch_nothing()
    for name in FETCHING:
        with pytest.raises(PermissionError):
            getattr(processing_utils, name)("http://100.64.0.77:8099/x", str(tmp_path))
