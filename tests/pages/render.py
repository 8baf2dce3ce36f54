"""Renders every template with sample contexts, in both languages, and serves them on loopback under the product's headers.

``python -m tests.pages.render`` serves them until Ctrl-C and prints the address of an index.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, g, make_response, render_template
from flask_babel import Babel, force_locale
from jinja2 import StrictUndefined
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from idp.web import security
from idp.web.assets import PREFIX, Assets
from idp.web.help.pages import page_help
from idp.web.i18n import how_long

from . import catalogue
from .samples import BRAND, SAMPLES, Sample

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LANGUAGES = ("vi", "en")
_LOGO = Path(__file__).parents[2] / "idp" / "web" / "static" / "favicon.svg"


class Pages:
    """The templates of the product with nothing behind them. Undefined names are errors."""

    def __init__(self) -> None:
        """Compile the catalogue where needed and make a bare Flask application for Jinja and Babel."""
        catalogue.compile_missing()
        self.assets = Assets()
        self.app = Flask("pages", template_folder=str(catalogue.ROOT / "templates"), static_folder=None)
        self.app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(catalogue.TRANSLATIONS)
        self.app.jinja_env.undefined = StrictUndefined
        self.app.jinja_env.filters["how_long"] = how_long
        self.app.jinja_env.globals["page_help"] = page_help
        Babel(self.app, default_locale="vi")

    def html(self, sample: Sample, lang: str, *, nonce: str = "bm9uY2U", brand: dict[str, Any] | None = None) -> str:
        """Render one sample.

        Args:
            lang: ``vi`` or ``en``.
            nonce: What the content security policy of the answer allows.
            brand: What differs from the sample province.
        """
        page: dict[str, Any] = {
            "brand": BRAND[lang] | {"logo_url": None, "theme_url": None} | (brand or {}), "lang": lang, "nonce": nonce,
            "other_lang_url": f"/{'en' if lang == 'vi' else 'vi'}/{sample.name}", "csrf_token": lambda: "sample-token",
            "static_url": self.assets.url, "signs": False,
            "leads_to_console": lambda: True}
        with self.app.test_request_context(f"/{lang}/{sample.name}"), force_locale(lang):
            return render_template(sample.template, **{**page, **sample.values(lang)})

    def response(self, sample: Sample, lang: str) -> Response:
        """Render one sample as the product sends it, under its headers.

        The status is 200 for every state: a browser logs others as errors, and statuses are the views' affair.
        """
        nonce = secrets.token_urlsafe(16)
        html = self.html(sample, lang, nonce=nonce)
        with self.app.test_request_context(f"/{lang}/{sample.name}"):
            g.nonce = nonce
            return security._with_headers(make_response(html), secure=False)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class SampleSite:
    """All samples on a free loopback port: ``/<lang>/<name>``; ``/stay``, to which they lead, leaves the page as it is."""

    def __init__(self) -> None:
        """Prepare the pages; ``start`` opens the port."""
        self.pages = Pages()
        self.samples = {sample.name: sample for sample in SAMPLES}
        self.posted: list[list[tuple[str, str]]] = []
        self._server: BaseWSGIServer | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return self.pages.assets.response(request.environ)
        if request.path == "/logo.svg":
            return Response(_LOGO.read_bytes(), content_type="image/svg+xml")
        if request.path == "/stay":
            if request.method == "POST":
                self.posted.append(list(request.form.items(multi=True)))
            return Response(status=204)
        lang, _, name = request.path.strip("/").partition("/")
        if lang in LANGUAGES and name in self.samples:
            return self.pages.response(self.samples[name], lang)
        links = "".join(f'<li><a href="/vi/{name}">{name}</a> <a href="/en/{name}">en</a>' for name in self.samples)
        return Response(f"<!doctype html><title>Samples</title><ul>{links}</ul>", content_type="text/html; charset=utf-8")

    def start(self) -> str:
        """Serve in a thread.

        Returns:
            The address, without a slash at the end.
        """
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


if __name__ == "__main__":
    print(SampleSite().start())
    threading.Event().wait()
