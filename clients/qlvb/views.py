"""The pages of the sample: documents of the officer's agency, one of them, its upload, its signing, its file.

Whoever is signed in sees the documents of the agency of their post, and signs in the roles of their groups. The token for remote
signing is the one of the sign-in (scope ``service``); where it would run out while a phone is asked, the provider is asked for a
new one first, which a session answers at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, redirect, render_template, request, session, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as WerkzeugResponse

from . import checking, sample_document, upload
from .documents import COPY_FORMS, GROUPS, KINDS, ROLES, TURNS, Document, Documents, Kind, NotNowError
from .fonts import readable, writable
from .layout import Layout, LayoutError
from .signing import Desk
from .trust import NoTrustError, learnt
from .upload import UploadError
from .work import Work

TOKEN_SECONDS = 360
"""A phone may take five minutes; the token has to live so long."""
LOOKS_AGAIN_SECONDS = 3
"""A page whose document is on the phone shows itself anew after so long; nothing is typed there."""
FRESH_SECONDS = 60
"""So soon nobody is asked for another one, however short it lives."""
_LONGEST = {"number": 60, "title": 300}


def add(app: Flask, service_url: str, roots: Path | None = None) -> Documents:
    """Add the pages to an application that signs officers in.

    Args:
        app: With the pages of ``sample_application``; keeps the access token of each session.
        service_url: Of remote signing and of the certificate services.
        roots: Certificates that are believed (PEM); None for those that the provider lists.

    Returns:
        Where documents are kept.
    """
    documents, layout = Documents(), Layout.read()
    desk = Desk(layout, lambda: learnt(service_url, roots))
    pages = _Pages(documents, desk, Work(desk, documents, service_url))
    app.jinja_env.globals.update(
        documents_of=lambda officer: documents.of_unit(_unit(officer)), kinds=KINDS, roles=ROLES, copy_forms=COPY_FORMS)
    for rule, name, view, methods in (
            ("/documents", "upload", pages.upload, ["POST"]), ("/documents/<document_id>", "document", pages.document, ["GET"]),
            ("/documents/<document_id>/sign", "sign", pages.sign, ["POST"]),
            ("/documents/<document_id>/file.pdf", "file", pages.file, ["GET"]), ("/sample.pdf", "sample", pages.sample, ["GET"])):
        app.add_url_rule(rule, name, _signed_in(view), methods=methods)
    for kind in (_SaidError, UploadError, RequestEntityTooLarge):
        app.register_error_handler(kind, _said)
    return documents


class _SaidError(Exception):
    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


def _said(err: Exception) -> tuple[str, int]:
    """Say on the first page what is wrong, and keep what was typed."""
    problem = upload.TOO_LARGE if isinstance(err, RequestEntityTooLarge) else err
    assert isinstance(problem, _SaidError | UploadError)
    given = {} if isinstance(err, RequestEntityTooLarge) else request.form
    return render_template("documents.html", officer=session["officer"], form_token=session["form_token"],
                           problem=problem.sentence, given=given), problem.status


def _signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(**values: str) -> Any:
        if "officer" not in session:
            if request.method == "GET":
                session["return_to"] = request.path
            return redirect(url_for("login"), code=303)
        return view(session["officer"], **values)

    return guarded


def _unit(officer: dict[str, Any]) -> str:
    acting = officer.get("post") or officer
    return str(acting.get("unit_code") or "")


class _Pages:
    def __init__(self, documents: Documents, desk: Desk, work: Work) -> None:
        self._documents, self._desk, self._work = documents, desk, work

    def upload(self, officer: dict[str, Any]) -> WerkzeugResponse:
        request.max_content_length = upload.LARGEST + 64 * 1024
        _check_form()
        given = {name: readable(request.form.get(name, "")) for name in _LONGEST}
        kind, form = request.form.get("kind", ""), request.form.get("copy_form", "")
        if not _unit(officer):
            raise _SaidError("Bạn chưa có cơ quan trong danh bạ nên chưa tải văn bản lên được.", 403)
        if any(not 0 < len(text) <= _LONGEST[name] for name, text in given.items()):
            raise _SaidError("Hãy ghi số, ký hiệu (đến 60 chữ) và trích yếu (đến 300 chữ).", 422)
        if not all(text.isprintable() for text in given.values()):
            raise _SaidError("Số, ký hiệu hoặc trích yếu có ký tự không hiện được. Hãy gõ lại.", 422)
        if strange := sorted({letter for letter in given["number"] if letter != " "} - set(map(chr, writable(self._desk.font)))):
            raise _SaidError(f"Số, ký hiệu có ký tự không in được lên văn bản: {' '.join(strange[:5])}. Hãy gõ lại.", 422)
        if kind not in KINDS or (kind == "copy" and form not in COPY_FORMS):
            raise _SaidError("Hãy chọn loại văn bản, và hình thức sao nếu là bản sao.", 422)
        pdf = request.files["file"].read(upload.LARGEST + 1) if "file" in request.files else b""
        if not pdf:
            raise _SaidError("Hãy chọn tệp PDF cần ký.", 422)
        paper = upload.look(pdf)
        # On whichever page something will stand.
        for role in TURNS[cast(Kind, kind)]:
            try:
                self._desk.layout.on_the_page(*(paper.last if self._desk.layout.last_page(role) else paper.first))
            except LayoutError:
                raise upload.NOT_A4 from None
        made = self._documents.add(unit=_unit(officer), kind=cast(Kind, kind), number=given["number"], title=given["title"],
                                   copy_form=form if kind == "copy" else "", paper=paper, pdf=pdf)
        return redirect(url_for("document", document_id=made.document_id), code=303)

    def document(self, officer: dict[str, Any], document_id: str) -> Any:
        found = self._found(officer, document_id)
        if (again := _token_again(found)) is not None and found.signing is None and _may(officer, found):
            return again
        page = Response(self._page(officer, found))
        if found.signing is not None:
            page.headers["Refresh"] = str(LOOKS_AGAIN_SECONDS)
        return page

    def sign(self, officer: dict[str, Any], document_id: str) -> Any:
        _check_form()
        found, role = self._found(officer, document_id), request.form.get("role", "")
        if role not in ROLES or GROUPS[role] not in officer.get("groups", ()):
            raise _SaidError("Bạn không ký được với vai trò này: lãnh đạo ký cá nhân, văn thư giữ con dấu đóng dấu cơ quan.", 403)
        if (again := _token_again(found)) is not None:
            return again
        try:
            self._work.begin(found, role, sub=officer["sub"], officer=officer["name"], token=session["access_token"])
        except NotNowError as problem:
            return self._page(officer, self._found(officer, document_id), problem.sentence), 409
        return redirect(url_for("document", document_id=document_id), code=303)

    def file(self, officer: dict[str, Any], document_id: str) -> Response:
        found = self._found(officer, document_id)
        return Response(found.pdf, content_type="application/pdf", headers={
            "Content-Disposition": f'attachment; filename="van-ban-{found.document_id[:8]}.pdf"'})

    def sample(self, officer: dict[str, Any]) -> Response:
        """Give a document to try it with, for the officer's agency."""
        acting = officer.get("post") or officer
        leads = GROUPS["person"] in officer.get("groups", ())
        words = sample_document.Words(str(acting.get("unit_name") or "Cơ quan mẫu"), "57/VB-MẪU", "V/v thử ký số trên điện thoại",
                                      str(acting.get("title") or "Giám đốc") if leads else "Giám đốc",
                                      officer["name"] if leads else "(họ tên người ký)")
        return Response(sample_document.make(words, self._desk.font), content_type="application/pdf", headers={
            "Content-Disposition": 'attachment; filename="van-ban-mau.pdf"'})

    def _found(self, officer: dict[str, Any], document_id: str) -> Document:
        found = self._documents.find(_unit(officer), document_id)
        if found is None:
            raise _SaidError("Không có văn bản này trong đơn vị của bạn.", 404)
        return found

    def _page(self, officer: dict[str, Any], found: Document, problem: str = "") -> str:
        findings: Any = ()
        if found.done and found.signing is None:
            try:
                findings = asyncio.run(checking.check(found.pdf, self._desk.trust()))
            except NoTrustError:
                findings = None
        return render_template("document.html", officer=officer, form_token=session["form_token"], document=found,
                               findings=findings, may_sign=_may(officer, found), problem=problem or found.problem,
                               time=self._desk.layout.time, own=found.by == officer["sub"])


def _may(officer: dict[str, Any], found: Document) -> bool:
    return found.turn is not None and GROUPS[found.turn] in officer.get("groups", ())


def _check_form() -> None:
    if not compare_digest(session["form_token"].encode(), request.form.get("form_token", "").encode()):
        raise _SaidError("Biểu mẫu đã cũ. Hãy tải lại trang rồi làm lại.", 400)


def _token_again(found: Document) -> WerkzeugResponse | None:
    """Send the officer for a new token where this one would end too soon."""
    now = time.time()
    if session["access_until"] - now >= TOKEN_SECONDS or now - session["access_since"] < FRESH_SECONDS:
        return None
    session["return_to"] = url_for("document", document_id=found.document_id)
    return redirect(url_for("login"), code=303)
