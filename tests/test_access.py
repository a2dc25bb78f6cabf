"""Who gets in, who may do what, and what cannot be reached: on a real server, as strangers and users meet it."""

import base64
import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Yinju
from tests.served_users import KEEPER, OTHER, READER, ServedUsers
from tests.test_browser import ANSWERABLE
from ui.access.login import local

PAGE = {"Accept": "text/html"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
MCP = {"Accept": "application/json, text/event-stream"}
SECRET = "这句话不该出现在记录里"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[ServedUsers]:
    server = ServedUsers(sample_library, tmp_path_factory.mktemp("users"), "--questions-per-minute", "8")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[ServedUsers]:
    """Without users, on this machine alone."""
    server = ServedUsers(sample_library, tmp_path_factory.mktemp("alone"), "--name", "archive.example", users=False)
    yield server
    server.stop()


def basic(who: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(":".join(who).encode()).decode()}


def asked(client: httpx.Client, question: str = ANSWERABLE) -> str:
    """What the endpoint for programs answers: its last line."""
    begun = client.post("/gradio_api/call/ask", json={"data": [question, 1, "", None]})
    assert begun.status_code == 200, begun.text
    return client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}").text


# Strangers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/config"), ("GET", "/metrics"), ("GET", "/gradio_api/info"), ("POST", "/gradio_api/upload"), ("POST", "/gradio_api/queue/join"),
     ("POST", "/gradio_api/call/ask"), ("POST", "/gradio_api/run/ask"), ("POST", "/gradio_api/mcp/"), ("POST", "/gradio_api/component_server"),
     ("GET", "/assets/index.js"), ("GET", "/gradio_api/queue/data?session_hash=x"), ("GET", "/theme.css")],
)  # fmt: skip
def test_a_stranger_reaches_nothing(served: ServedUsers, method: str, path: str) -> None:
    refused = httpx.request(method, served.address + path, json={} if method == "POST" else None)
    assert refused.status_code == 401 and "log in first" in refused.json()["detail"]


def test_a_stranger_with_a_browser_is_shown_where_to_log_in_and_comes_back_to_the_page(served: ServedUsers) -> None:
    with served.client() as client:
        sent = client.get("/?answer=abc", headers=PAGE)
        assert sent.status_code == 303 and sent.headers["Location"] == "/login?next=%2F%3Fanswer%3Dabc"
        shown = client.get(sent.headers["Location"], headers=PAGE | {"Accept-Language": "en"})
        assert 'name="next" value="/?answer=abc"' in shown.text and "User name" in shown.text and shown.headers["Cache-Control"] == "no-store"
        form = {"username": READER[0], "password": READER[1], "next": "/?answer=abc"}
        done = client.post("/login", data=form, headers=PAGE | {"Origin": served.address})
        assert done.status_code == 303 and done.headers["Location"] == "/?answer=abc"
        cookie = done.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
        assert client.get("/", headers=PAGE).status_code == 200


def test_a_cookie_that_came_by_tls_goes_by_tls_only(served: ServedUsers) -> None:
    form = {"username": READER[0], "password": READER[1]}
    done = httpx.post(served.address + "/login", data=form, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in done.headers["Set-Cookie"] and "max-age" in done.headers["Strict-Transport-Security"]


@given(st.text(max_size=30) | st.sampled_from(["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "javascript:1", "\t//x", "/a\n"]))
@settings(max_examples=300)
def test_after_logging_in_one_is_led_nowhere_else(address: str) -> None:
    led = local(address)
    assert led == "/" or (led == address and led.startswith("/") and led[1:2] not in ("/", "\\"))


def test_health_and_readiness_say_nothing_of_the_documents_to_strangers(served: ServedUsers) -> None:
    assert httpx.get(served.address + "/health").json() == {"status": "ok"}
    assert set(httpx.get(served.address + "/ready").json()) == {"ready"}
    with served.client(READER) as client:
        assert client.get("/health").json()["documents"] > 0


def test_wrong_passwords_are_counted_by_name_and_address_and_then_none_is_tried(served: ServedUsers) -> None:
    with served.client() as client:
        tried = [client.post("/login", data={"username": "nobody", "password": str(number)}) for number in range(7)]
        assert [each.status_code for each in tried] == [401] * 5 + [429] * 2
        assert 0 < int(tried[-1].headers["Retry-After"]) <= 61 and "try again in" in tried[-1].json()["detail"]
        assert client.get("/config", headers=basic(("nobody", "x"))).status_code == 429
        shown = client.post("/login", data={"username": "nobody<i>", "password": ""}, headers=PAGE | {"Accept-Language": "en"})
        assert shown.status_code == 401 and "The name or the password is wrong" in shown.text and "nobody&lt;i&gt;" in shown.text
    with served.client(READER):  # others get in
        pass


def test_a_login_form_that_is_none_is_refused(served: ServedUsers) -> None:
    assert httpx.post(served.address + "/login", content=b"x" * 9000).status_code == 413
    assert httpx.post(served.address + "/login", content=b"\xff\xfe=&&&").status_code in (401, 413)
    assert httpx.put(served.address + "/login").status_code == 405 and httpx.get(served.address + "/logout").status_code == 405


# Users


def test_a_session_ends_with_logging_out(served: ServedUsers) -> None:
    with served.client(READER) as client:
        kept = dict(client.cookies)
        assert client.get("/config").status_code == 200
        assert client.post("/logout").status_code == 303
        assert httpx.get(served.address + "/config", cookies=kept).status_code == 401


def test_a_reader_asks_and_a_program_may_send_name_and_password(served: ServedUsers) -> None:
    with served.client(READER) as client:
        assert '"answered": true' in asked(client)
    with served.client(**basic(READER)) as client:
        assert '"answered": true' in asked(client)
        assert "ask" in client.post("/gradio_api/mcp/", json=LIST, headers=MCP).text
    by_client = Client(served.address, auth=KEEPER, verbose=False)
    assert by_client.predict(ANSWERABLE, api_name="/ask")["quotes"]


def events(client: httpx.Client) -> set[str]:
    config = client.get("/config").json()
    return {str(part["props"].get("elem_id")) for part in config["components"]} - {"None"}


def test_a_readers_page_has_nothing_that_changes_the_library(served: ServedUsers) -> None:
    keeping = {"yinju-upload", "yinju-folder", "yinju-again", "yinju-check", "yinju-evaluation", "yinju-run"}
    with served.client(READER) as reader, served.client(KEEPER) as keeper:
        assert keeping <= events(keeper) and not keeping & events(reader)
        assert {"yinju-box", "yinju-listed"} <= events(reader)
        refused = reader.post("/gradio_api/upload", files={"files": ("a.txt", b"text")})
        assert refused.status_code == 403 and "only keepers may upload" in refused.text
        assert keeper.post("/gradio_api/upload", files={"files": ("a.txt", b"text")}).status_code == 200
        assert reader.get("/metrics").status_code == 404 and keeper.get("/metrics").status_code == 200


def test_a_reader_who_sends_a_keepers_events_changes_nothing(served: ServedUsers) -> None:
    with served.client(KEEPER) as keeper, served.client(READER) as reader:
        before = reader.get("/health").json()["documents"]
        name = json.loads(keeper.get("/gradio_api/call/documents/" + keeper.post("/gradio_api/call/documents", json={"data": []}).json()["event_id"]).text.split("data: ")[-1])[0][0]["name"]
        config = reader.get("/config").json()
        # Every event of the page, each sent what would remove a document.
        for each in config["dependencies"]:
            body = {
                "data": [None] * len(each["inputs"]), "fn_index": each["id"], "session_hash": "reader", "trigger_id": each["targets"][0][0] if each["targets"] else None,
                "event_data": {"do": "remove", "name": name, "files": [{"path": "/etc/hosts", "name": "hosts.txt"}]},
            }
            reader.post("/gradio_api/queue/join", json=body)
        began = time.monotonic()
        with reader.stream("GET", "/gradio_api/queue/data", params={"session_hash": "reader"}) as told:
            for line in told.iter_lines():
                if "close_stream" in line or time.monotonic() - began > 10:
                    break
        assert reader.get("/health").json()["documents"] == before


def test_who_asks_too_often_is_told_to_wait_and_hinders_no_other(served: ServedUsers) -> None:
    with served.client(OTHER) as client:
        answers = [asked(client) for _ in range(9)]
        assert "error" in answers[-1] and "more than 8 questions in a minute" in answers[-1]
        assert '"answered": true' in answers[0]
    with served.client(KEEPER) as client:
        assert '"answered": true' in asked(client)


def told(client: httpx.Client, session: str, elem_id: str, kind: str, event: object = None, question: str | None = None) -> str:
    """What the event of that kind of that part says to a page with this session, of a browser that kept nothing yet."""
    config = client.get("/config").json()
    kinds = {each["id"]: each["type"] for each in config["components"]}
    part = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == elem_id)
    found = next(each for each in config["dependencies"] if [part, kind] in [list(one) for one in each["targets"]])
    data = [question if each == part else ["zh", "", ""] if kinds[each] == "browserstate" else None for each in found["inputs"]]
    body = {"data": data, "fn_index": found["id"], "session_hash": session, "trigger_id": part, "event_data": event}
    client.post("/gradio_api/queue/join", json=body).raise_for_status()
    return client.get("/gradio_api/queue/data", params={"session_hash": session}).text


def conversations_at(client: httpx.Client, session: str) -> str:
    return told(client, session, "yinju-search-conversations", "change")


def test_another_users_session_is_nothing_to_who_knows_its_name(sample_library: Path, tmp_path: Path) -> None:
    server = ServedUsers(sample_library, tmp_path, "--guests")
    try:
        with server.client(READER) as reader, server.client(OTHER) as other, server.client() as guest:
            session = "anasession"
            assert "process_completed" in told(reader, session, "yinju-box", "submit", question=ANSWERABLE)
            listed = conversations_at(reader, session)
            assert ANSWERABLE in listed
            conversation = listed.split('data-id=\\"')[1].split('\\"')[0]
            with reader.stream("GET", f"/gradio_api/heartbeat/{session}") as beating:
                assert beating.status_code == 200
            # What waits for the one is not given to the other.
            reader.post("/gradio_api/queue/join", json={"data": ["x"], "fn_index": 0, "session_hash": "anawaits"})
            for stranger in (other, guest):
                for path in ("/gradio_api/queue/data?session_hash=anawaits", "/gradio_api/call/ask/anawaits"):
                    refused = stranger.get(path).text
                    assert "error" in refused and "process_" not in refused, refused
                assert ANSWERABLE not in conversations_at(stranger, session)
                renaming = {"do": "rename", "id": conversation, "title": "by a stranger"}
                assert "by a stranger" not in told(stranger, session, "yinju-conversation-list", "click", renaming)
            assert "by a stranger" not in conversations_at(reader, session)
            # A page that is left open goes on as nobody in particular when its reader has logged out.
            reader.post("/logout")
            assert ANSWERABLE not in conversations_at(reader, session)
    finally:
        server.stop()
    text = server.log.read_text()
    assert session not in text and '"path": "/gradio_api/heartbeat/-"' in text


# Where requests come from


@pytest.mark.parametrize("headers", [{"Origin": "http://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
@pytest.mark.parametrize("path", ["/login", "/logout", "/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/upload", "/gradio_api/component_server"])
def test_a_page_of_another_site_changes_nothing(served: ServedUsers, path: str, headers: dict[str, str]) -> None:
    with served.client(KEEPER) as client:
        assert client.post(path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/config", "/", "/health", "/gradio_api/info", "/nothing", "/gradio_api/call/documents"])
def test_a_page_of_another_site_reads_nothing(served: ServedUsers, alone: ServedUsers, path: str) -> None:
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for server, who in ((served, KEEPER), (alone, None)):
        with server.client(who) as client:
            for origin in ("https://evil.example", "http://localhost:1", "null"):
                for host in (f"127.0.0.1:{server.port}", "archive.example"):
                    headers = {"Origin": origin, "Host": host}
                    for answer in (client.get(path, headers=headers), client.options(path, headers=headers | asking)):
                        assert not [each for each in answer.headers if each.startswith("access-control-")]


def test_the_servers_own_page_may(served: ServedUsers) -> None:
    with served.client(KEEPER) as client:
        for headers in ({"Origin": served.address}, {"Sec-Fetch-Site": "same-origin", "Origin": "https://archive.example"}):
            assert client.post("/gradio_api/call/documents", json={"data": []}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/call/ask", "/gradio_api/info", "/metrics"])
def test_a_name_that_was_pointed_at_this_machine_reaches_nothing(alone: ServedUsers, path: str) -> None:
    refused = httpx.get(alone.address + path, headers={"Host": "rebound.example"})
    assert refused.status_code == 421 and "or serve with --name rebound.example" in refused.text


def test_the_names_that_the_server_has_reach_it(alone: ServedUsers) -> None:
    for name in ("archive.example", "ARCHIVE.example:80", "localhost:1", "192.168.1.20", "[::1]"):
        assert httpx.get(alone.address + "/config", headers={"Host": name}).status_code == 200
    # Who watches it by another name is told that it is well, and so is a page of another site by a name that was pointed here.
    assert httpx.get(alone.address + "/health", headers={"Host": "watcher.example"}).json() == {"status": "ok"}
    assert httpx.get(alone.address + "/ready", headers={"Host": "watcher.example"}).json().keys() == {"ready"}
    assert "documents" in httpx.get(alone.address + "/health").json() and httpx.get(alone.address + "/metrics").status_code == 200


def test_a_keeper_gets_the_figures_under_any_name(served: ServedUsers) -> None:
    assert httpx.get(served.address + "/metrics", headers=basic(KEEPER) | {"Host": "watcher.example"}).status_code == 200


# What cannot be reached


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/etc/passwd", "/gradio_api/file=../../../etc/passwd", "/gradio_api/file=%2e%2e%2f%2e%2e%2fetc/passwd", "/file=/etc/passwd",
     "/gradio_api/file/etc/passwd", "/gradio_api/file=http://127.0.0.1:1/", "/gradio_api/proxy=http://127.0.0.1:1/", "/monitoring", "/monitoring/summary",
     "/gradio_api/runs", "/gradio_api/vibe-code/", "/gradio_api/dev/reload", "/docs", "/openapi.json", "/gradio_api/deep_link", "/gradio_api/stream/a/b/1/playlist.m3u8",
     "/static/../../../../etc/passwd", "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/svelte/%2e%2e%2f%2e%2e%2fetc/passwd",
     "/static//etc/passwd", "/library/x/gradio_api/file=/etc/passwd", "/gradio_api/custom_component/x/client/component/%2e%2e%2f%2e%2e%2fetc%2fpasswd"],
)  # fmt: skip
def test_no_file_and_no_other_address_is_reached_through_the_server(alone: ServedUsers, path: str) -> None:
    request = httpx.Request("GET", alone.address + path)
    request.url = httpx.URL(alone.address).copy_with(raw_path=path.encode())
    with httpx.Client() as client:
        answer = client.send(request)
    assert answer.status_code in (403, 404) and "root:" not in answer.text


def test_the_library_itself_cannot_be_fetched_nor_an_upload_by_its_path(alone: ServedUsers) -> None:
    (alone.library / "uploads").mkdir(exist_ok=True)
    (alone.library / "uploads" / "link.txt").symlink_to("/etc/passwd")
    with alone.client() as client:
        (path,) = client.post("/gradio_api/upload", files={"files": ("a.txt", b"text")}).json()
        for each in (path, str(alone.library / "library.sqlite"), str(alone.library / "uploads" / "link.txt")):
            assert client.get(f"/gradio_api/file={each}").status_code == 404
        assert Path(path).parent.parent.stat().st_mode & 0o077 == 0 or Path(path).parents[1].parent.stat().st_mode & 0o077 == 0


def test_what_is_too_large_or_does_not_say_how_large_it_is_is_refused(alone: ServedUsers) -> None:
    with alone.client() as client:
        assert client.post("/gradio_api/call/ask", content=b"x" * 17_000_000).status_code == 413
        assert client.post("/gradio_api/call/ask", content=iter([b"{}"])).status_code == 411
    # Refused for what it says, before it has been sent.
    connection = HTTPConnection("127.0.0.1", alone.port, timeout=20)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Length", str(5_000_000_000))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("path", ["component_server", "call/ask", "queue/join", "run/ask", "mcp/", "reset"])
def test_a_form_with_files_is_taken_at_the_address_for_uploads_only(served: ServedUsers, path: str) -> None:
    for kind in ("multipart/form-data; boundary=B", "Multipart/Form-Data; boundary=B", "multipart/mixed; boundary=B"):
        for who in (KEEPER, READER):
            # Refused for what it says, before it has been sent: of what is cut off nothing stays.
            connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
            connection.putrequest("POST", f"/gradio_api/{path}")
            for name, value in (*basic(who).items(), ("Content-Type", kind), ("Content-Length", "1100000")):
                connection.putheader(name, value)
            connection.endheaders()
            assert connection.getresponse().status == 415
            connection.close()


# Off this machine


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "archive.example"])
def test_other_machines_are_served_only_with_users_or_on_purpose(sample_library: Path, yinju: Yinju, host: str) -> None:
    refused = yinju("serve", "--library", sample_library, "--host", host)
    assert refused.returncode == 2 and "yinju users add NAME" in refused.stderr and "--insecure-public" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_on_purpose_anybody_is_served(sample_library: Path, tmp_path: Path) -> None:
    server = ServedUsers(sample_library, tmp_path, "--host", "0.0.0.0", "--insecure-public", users=False)
    try:
        assert httpx.get(server.address + "/config").status_code == 200
    finally:
        server.stop()


def test_guests_ask_and_keepers_log_in(sample_library: Path, tmp_path: Path) -> None:
    server = ServedUsers(sample_library, tmp_path, "--guests")
    try:
        with server.client() as client:
            assert '"answered": true' in asked(client)
            assert "yinju-upload" not in events(client)
            for path in ("/etc/hostname", "http://100.64.0.77:8099/x"):
                file = {"path": path, "meta": {"_type": "gradio.FileData"}}
                refused = client.post("/gradio_api/call/ask", json={"data": [file, 1, "", None]})
                assert refused.status_code == 400 and refused.json() == {"detail": "ask takes no file; give plain values"}
            assert client.post("/gradio_api/upload", files={"files": ("a.txt", b"text")}).status_code == 403
        with server.client(KEEPER) as client:
            assert "yinju-upload" in events(client)
    finally:
        server.stop()


@pytest.mark.parametrize(("proxy", "status"), [("127.0.0.1", 200), ("192.0.2.7", 401)])
def test_a_proxy_names_the_user_where_it_is_trusted(sample_library: Path, tmp_path: Path, proxy: str, status: int) -> None:
    server = ServedUsers(sample_library, tmp_path, "--auth-header", "X-Remote-User", "--trusted-proxy", proxy)
    try:
        for name, keeps in ((KEEPER[0], True), ("somebody", False)):
            answer = httpx.get(server.address + "/config", headers={b"X-Remote-User": name.encode()})
            assert answer.status_code == status
            assert status == 401 or ('"elem_id":"yinju-upload"' in answer.text) is keeps
        assert httpx.get(server.address + "/config").status_code == 401
    finally:
        server.stop()


# What is written down


def test_the_log_has_a_line_a_request_and_no_secret(sample_library: Path, tmp_path: Path) -> None:
    server = ServedUsers(sample_library, tmp_path)
    with server.client(READER) as client:
        asked(client, SECRET)
        client.get("/", params={"answer": "capability"}, headers=PAGE)
        client.get("/config", headers=basic(KEEPER))
        cookie = next(iter(client.cookies.values()))
    httpx.post(server.address + "/login", data={"username": "x", "password": "wrongly typed"})
    server.stop()
    text = server.log.read_text()
    for secret in (SECRET, READER[1], KEEPER[1], "wrongly typed", cookie, "capability", basic(KEEPER)["Authorization"]):
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [each for each in lines if each["event"] == "request"]
    assert {(each["method"], each["path"], each["status"]) for each in requests} >= {("POST", "/login", 200), ("POST", "/login", 401), ("GET", "/", 200)}
    assert {each["user"] for each in requests} >= {"", READER[0], KEEPER[0]}
    (question,) = [each for each in lines if each["event"] == "question"]
    assert question["user"] == READER[0] and question["characters"] == len(SECRET) and question["ms"] > 0


def test_questions_are_logged_where_that_is_wanted_and_the_figures_count_them(sample_library: Path, tmp_path: Path) -> None:
    server = ServedUsers(sample_library, tmp_path, "--log-text", users=False)
    with server.client() as client:
        asked(client)
        asked(client, " ")
        figures = client.get("/metrics").text
    server.stop()
    assert ANSWERABLE in server.log.read_text()
    assert 'yinju_questions_total{library="library",outcome="answered"} 1.0' in figures
    assert 'yinju_questions_total{library="library",outcome="refused"} 1.0' in figures
    assert 'yinju_question_seconds_count{library="library"} 1.0' in figures and "yinju_waiting 0.0" in figures
    assert "process_resident_memory_bytes" in figures and 'yinju_documents{library="library"}' in figures
