"""A person with a browser that knows only pages, forms and cookies: enough for a tour, and proof that no script is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT_SECONDS = 20


@dataclass
class Form:
    """One form of a page.

    Attributes:
        fields: Names and values as they would be sent.
        buttons: Names and values of its submit buttons.
    """

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a person sees of one answer.

    Attributes:
        url: Where it came from, after redirects.
        status: HTTP status.
        heading: Text of its h1.
        marked: Texts of elements with a ``data-officer`` attribute, by its value.
        document: Texts of elements with a ``data-document`` attribute, by its value.
    """

    def __init__(self, url: str, status: int, text: str) -> None:
        super().__init__()
        self.url, self.status, self.text = url, status, text
        self.heading = ""
        self.marked: dict[str, str] = {}
        self.document: dict[str, str] = {}
        self.forms: list[Form] = []
        self._within: list[tuple[str, str, dict[str, str] | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of forms, their fields, and texts worth reading."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.url, given.get("action", "")), given.get("method", "get").lower()))
        elif tag == "input" and self.forms and given.get("name") and given.get("type") not in {"submit", "checkbox", "radio"}:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))
        if tag == "h1":
            self._within.append((tag, "", None))
        for attribute, texts in (("data-officer", self.marked), ("data-document", self.document)):
            if attribute in given:
                self._within.append((tag, given[attribute], texts))

    def handle_endtag(self, tag: str) -> None:
        """Leave a text worth reading."""
        if self._within and self._within[-1][0] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        """Collect it."""
        for tag, name, texts in self._within:
            if texts is not None:
                texts[name] = " ".join((texts.get(name, "") + data).split())
            elif tag == "h1":
                self.heading = " ".join(f"{self.heading} {data}".split())

    def form_with(self, name: str) -> Form | None:
        """Give the form that asks for a field or has a button of this name."""
        return next((form for form in self.forms if name in form.fields or name in dict(form.buttons)), None)


class Browser:
    """One browser with its cookies."""

    def __init__(self, language: str = "vi") -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept-Language"] = language

    def open(self, url: str) -> Page:
        """Open an address and follow its redirects."""
        return self._page(self._session.get(url, timeout=TIMEOUT_SECONDS))

    def first_answer(self, url: str) -> int:
        """Give the status of the very first answer, without following it."""
        return self._session.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False).status_code

    def fetch(self, url: str) -> bytes:
        """Give what an address answers, such as a file."""
        return self._session.get(url, timeout=TIMEOUT_SECONDS).content

    def json(self, url: str) -> Any:
        """Give what an address answers in JSON."""
        return self._session.get(url, timeout=TIMEOUT_SECONDS).json()

    def submit(self, page: Page, form: Form, values: Mapping[str, str] | None = None,
               files: Mapping[str, tuple[str, bytes, str]] | None = None) -> Page:
        """Fill in a form and send it, as the page it stands on would; files by their fields: name, content, media type."""
        data = {**form.fields, **(values or {})}
        if form.method == "get":
            return self._page(self._session.get(form.action, params=data, timeout=TIMEOUT_SECONDS))
        parts = urlsplit(page.url)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": page.url}
        return self._page(self._session.post(form.action, data=data, headers=origin, files=files, timeout=TIMEOUT_SECONDS))

    def close(self) -> None:
        """Forget all cookies."""
        self._session.close()

    @staticmethod
    def _page(answer: requests.Response) -> Page:
        return Page(answer.url, answer.status_code, answer.text)
