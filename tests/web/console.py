"""People in the console: the whole product without a server, with a browser that keeps cookies and follows forms."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

from flask import Flask

from idp.web import register
from idp.web.security import cookie_name
from tests.administration.office import CALLER, Office
from tests.pages.catalogue import ROOT, compile_missing


class Browser:
    """One person's browser, signed in."""

    def __init__(self, app: Flask, cookie: str) -> None:
        self.client = app.test_client()
        self.client.set_cookie(cookie_name(secure=False), cookie)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"Host": "localhost:8000"})

    def post(self, path: str, page: str, **fields: Any) -> Any:
        """Send a form; ``page`` is one whose token is used."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).text)
        file = fields.pop("file", None)
        data: dict[str, Any] = {"csrf_token": unescape(token[1]) if token else "", **fields}
        if file is not None:
            data["file"] = (io.BytesIO(file), "list.csv")
        return self.client.post(path, data=data, headers={"Host": "localhost:8000"})


class Console:
    """The console over an office."""

    def __init__(self, office: Office) -> None:
        compile_missing()
        self.office = office
        self.app = Flask("idp", root_path=str(ROOT / "idp"), template_folder=str(ROOT / "templates"), static_folder=None)
        self.app.secret_key = b"k" * 32
        self.app.testing = False
        register(self.app, office.services)

    def person(self, uid: str, *groups: str, unit: str = "H30.12", acr: int = 2) -> Browser:
        """Give the browser of an officer who has just signed in."""
        sub = self.office.officer(uid, *groups, unit=unit)
        amr = ("pwd", "otp", "mfa") if acr > 1 else ("pwd",)
        cookie, _ = self.office.services.sessions.open(sub, acr=acr, amr=amr, caller=CALLER)
        return Browser(self.app, cookie)
