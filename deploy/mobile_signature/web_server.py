"""The phones as plain pages, and a JSON door beside them for tests: on loopback, without a login.

The door is for whoever sits at this machine, and for nobody whom that person's browser happens to visit: the Host is one of ours,
forms carry a token that only our pages know, JSON comes as JSON and from no foreign page. Pages hold no script.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from . import disturbances
from .pages import Pages
from .phones import Phones
from .signings import NotNowError
from .store import Store

LARGEST = 64 * 1024
STATIC = Path(__file__).parent / "static"
POLICY = ("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


class WebServer(ThreadingHTTPServer):
    """Listens on loopback; ``serve_forever`` in a thread of its own.

    Args:
        port: Where.
        store: Where everything is kept.
        phones: What is shown and done.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, store: Store, phones: Phones) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.store, self.phones = store, phones
        # Made at each start: an old page has to be loaded anew, which it does by itself.
        self.token = secrets.token_urlsafe(24)
        self.pages = Pages(phones, store, self.token, phones.now)
        self.hosts = {f"{name}:{self.server_address[1]}" for name in ("localhost", "127.0.0.1")}


class _ProblemError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    server_version, sys_version = "phones", ""
    _given: bytes | None = None

    @property
    def _ours(self) -> WebServer:
        return cast(WebServer, self.server)

    def do_GET(self) -> None:
        self._guarded(self._get)

    def do_POST(self) -> None:
        # Before anything is refused: a line that is closed on who still writes loses the answer.
        length = self.headers.get("Content-Length", "")
        self._given = self.rfile.read(min(int(length), LARGEST * 16)) if re.fullmatch("[0-9]{1,9}", length, re.ASCII) else None
        self._guarded(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: pages load themselves again all the time."""

    def _guarded(self, do: Callable[[str], None]) -> None:
        try:
            if self.headers.get("Host", "") not in self._ours.hosts:
                raise _ProblemError(421, "This host is not ours")
            do(urlsplit(self.path).path)
        except _ProblemError as err:
            self.close_connection = True
            if urlsplit(self.path).path.startswith("/api/"):
                self._json({"error": err.text}, err.status)
            else:
                self._html(self._ours.pages.problem(err.text), err.status)

    def _get(self, path: str) -> None:
        server = self._ours
        if path == "/healthz":
            return self._send(200, "text/plain; charset=utf-8", b"ok\n")
        if path == "/static/simulator.css":
            return self._send(200, "text/css; charset=utf-8", (STATIC / "simulator.css").read_bytes())
        if path == "/":
            return self._html(server.pages.phones())
        if path == "/faults":
            return self._html(server.pages.disturbances())
        if path == "/api/phones":
            return self._json({"phones": server.phones.every()})
        if path == "/api/faults":
            return self._json({"faults": disturbances.switched_on(server.store), "kinds": disturbances.KINDS})
        if path == "/api/transactions":
            after = parse_qs(urlsplit(self.path).query).get("after", ["0"])[0]
            if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", after, re.ASCII):
                raise _ProblemError(400, "after: seconds since 1970")
            return self._json({"transactions": server.phones.transactions(float(after))})
        for make, rest in ((server.pages.phone, ""), (server.pages.sim, "/sim")):
            if (number := _number(path, "/phones/", rest)) is not None:
                page = make(number, parse_qs(urlsplit(self.path).query).get("done", [""])[0])
                if page is not None:
                    return self._html(page)
        if (number := _number(path, "/api/phones/")) is not None and (phone := server.phones.one(number)) is not None:
            return self._json(phone)
        raise _ProblemError(404, "Không có trang này")

    def _post(self, path: str) -> None:
        body = self._body()
        if path.startswith("/api/"):
            return self._post_json(path, body)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()}
        if not hmac.compare_digest(form.pop("form_token", "").encode(), self._ours.token.encode()) or self._foreign():
            raise _ProblemError(403, "Biểu mẫu không phải của trang này hoặc đã cũ. Vui lòng tải lại trang.")
        for rest in ("", "/sim"):
            if (number := _number(path, "/phones/", rest)) is not None:
                word = self._act(number, form.pop("act", ""), form)
                return self._redirect(f"{path}?done={word}")
        if path == "/faults":
            self._switch(form)
            return self._redirect("/faults")
        raise _ProblemError(404, "Không có trang này")

    def _post_json(self, path: str, body: bytes) -> None:
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json" or self._foreign():
            raise _ProblemError(415, "application/json is taken, from this machine's own programs")
        try:
            given = json.loads(body)
        except ValueError as err:
            raise _ProblemError(400, "Not JSON") from err
        if not isinstance(given, dict):
            raise _ProblemError(400, "An object is expected")
        if path == "/api/phones":
            try:
                self._ours.phones.add(given)
            except (ValueError, TypeError) as err:
                raise _ProblemError(400, str(err)) from err
            return self._json({"phones": self._ours.phones.every()}, 201)
        if path == "/api/messages":
            try:
                self._ours.phones.message(str(given.get("msisdn", "")), str(given.get("text", "")))
            except KeyError as err:
                raise _ProblemError(404, "There is no such phone") from err
            except ValueError as err:
                raise _ProblemError(400, str(err)) from err
            return self._json({"taken": True}, 202)
        if (number := _number(path, "/api/phones/")) is not None:
            act = str(given.pop("act", ""))
            done = self._act(number, act, given)
            return self._json({"done": done, "phone": self._ours.phones.one(number)})
        if path == "/api/faults":
            self._switch(given)
            return self._json({"faults": disturbances.switched_on(self._ours.store)})
        raise _ProblemError(404, "There is no such place")

    def _act(self, number: str, act: str, values: dict[str, Any]) -> str:
        try:
            return self._ours.phones.act(number, act, values)
        except KeyError as err:
            raise _ProblemError(404, "There is no such phone") from err
        except NotNowError as err:
            if self.path.startswith("/api/"):
                raise _ProblemError(409, str(err)) from err
            return re.sub(r"[^a-z]+", "_", str(err).lower())
        except (ValueError, TypeError) as err:
            raise _ProblemError(400, str(err)) from err

    def _switch(self, given: dict[str, Any]) -> None:
        store = self._ours.store
        if given.get("clear"):
            return disturbances.clear(store)
        value, number = given.get("value", ""), str(given.get("msisdn", "") or "")
        if number and self._ours.phones.one(number) is None:
            raise _ProblemError(404, "There is no such phone")
        try:
            on = value is not None and not given.get("off")
            disturbances.switch(store, str(given.get("name", "")), str(value) if on else None, number)
        except ValueError as err:
            raise _ProblemError(400, str(err)) from err

    def _body(self) -> bytes:
        if self._given is None:
            raise _ProblemError(411, "Content-Length is needed")
        if len(self._given) > LARGEST:
            raise _ProblemError(413, "Too large")
        return self._given

    def _foreign(self) -> bool:
        """Tell whether a page of somebody else sends this."""
        origin = self.headers.get("Origin")
        return (origin is not None and origin.removeprefix("http://") not in self._ours.hosts) or (
            self.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"})

    def _redirect(self, target: str) -> None:
        self.send_response(303)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _html(self, page: str, status: int = 200) -> None:
        self._send(status, "text/html; charset=utf-8", page.encode())

    def _json(self, content: Any, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(content, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
                            ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"),
                            # Not "no-referrer": browsers send that with a null Origin, also to whom the page is from.
                            ("Referrer-Policy", "same-origin")):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _number(path: str, prefix: str, rest: str = "") -> str | None:
    found = re.fullmatch(re.escape(prefix) + r"([1-9][0-9]{7,14})" + re.escape(rest), path, re.ASCII)
    return found[1] if found else None
