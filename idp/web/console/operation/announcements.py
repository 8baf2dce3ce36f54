"""Announcements: a list with what was, is and will be shown, a form with a preview, and an early end.

Moments are typed and shown in Vietnam's time (fixed interface §7). The form carries the tag of what was read, as the API's
If-Match does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext

from ....administration.operation.announcements import InvalidAnnouncementError, check_may, check_reads, shown
from ....administration.pages import USUAL
from ....audit.lines import ZONE
from ....errors import RefusedError
from ....notices.announcements import LONGEST, Announcement, Level, State, Where
from ....services import Services
from ...onward import see_other
from ...presentation import announcement_words
from ..door import Door, Entered
from ..words import moment, typed_moment

PAGE: Final = "/admin/announcements/"
NEW: Final = f"{PAGE}new"
_TYPED: Final = "%Y-%m-%dT%H:%M"
_FIELDS: Final = ("level", "text_vi", "text_en", "from_at", "until_at")


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room, clock = services.administration.announcements, services.clock

    @views.get("/announcements/")
    def announcements() -> Response:
        entered = door.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        page = room.listed(entered.who, cursor=request.args.get("cursor", ""), limit=USUAL)
        return door.page("console/operation/announcements.html", entered, here="announcements",
                         rows=[_row(one) for one in page.items], next_url=f"{PAGE}?cursor={page.next}" if page.next else "",
                         may_write=_may(entered))

    @views.get("/announcements/new")
    def new_announcement() -> Response:
        entered = door.enter(NEW, change=True)
        if isinstance(entered, Response):
            return entered
        check_may(entered.who)
        begins = clock.now() // 60 * 60
        return _form(entered, NEW, {"level": Level.INFO.value, "text_vi": "", "text_en": "", "from_at": _typed(begins),
                                    "until_at": _typed(begins + 86400), "where": [place.value for place in Where]})

    @views.post("/announcements/new")
    def write_announcement() -> Response:
        entered = door.enter(NEW, change=True)
        return entered if isinstance(entered, Response) else _written(entered, NEW, None)

    @views.get("/announcements/<announcement_id>")
    def announcement(announcement_id: str) -> Response:
        entered = door.enter(request.path)
        if isinstance(entered, Response):
            return entered
        check_reads(entered.who)
        return _one(entered, room.one(entered.who, announcement_id))

    @views.post("/announcements/<announcement_id>")
    def change_announcement(announcement_id: str) -> Response:
        path = f"{PAGE}{announcement_id}"
        entered = door.enter(path, change=True)
        if isinstance(entered, Response):
            return entered
        check_may(entered.who)
        known = room.one(entered.who, announcement_id)
        if request.form.get("step") != "end":
            return _written(entered, path, known)
        try:
            room.end(entered.who, announcement_id, _tag().__eq__, entered.caller)
        except RefusedError as err:
            return _one(entered, room.one(entered.who, announcement_id), error=_refusal(err), status=err.status)
        return see_other(PAGE)

    def _written(entered: Entered, path: str, known: Announcement | None) -> Response:
        """Show how it will look, or keep it; what is wrong is said at the field, with all that was typed."""
        told: dict[str, Any] = {name: request.form.get(name, "")[:2 * LONGEST] for name in _FIELDS}
        told["where"] = request.form.getlist("where")[:2]
        try:
            body = {**told, **{name: _seconds(told[name]) for name in ("from_at", "until_at")}}
            draft = room.draft(entered.who, body)
            if request.form.get("step") != "save":
                return _form(entered, path, told, draft=draft, etag=_tag(), known=known)
            if known is None:
                room.create(entered.who, body, entered.caller)
            else:
                room.replace(entered.who, known.announcement_id, body, _tag().__eq__, entered.caller)
        except InvalidAnnouncementError as err:
            return _form(entered, path, told, wrong=err.member, error=_wrong(err.member), status=err.status, etag=_tag(),
                         known=known)
        except RefusedError as err:
            if err.status == 403 or known is None:
                raise
            return _one(entered, room.one(entered.who, known.announcement_id), error=_refusal(err), status=err.status)
        return see_other(PAGE)

    def _one(entered: Entered, found: Announcement, *, error: str = "", status: int = 200) -> Response:
        if not _may(entered) or found.state(clock.now()) is State.PAST:
            return door.page("console/operation/announcement.html", entered, here="announcements", status=status, error=error,
                             row=_row(shown(found, clock.now())), looks=_looks(found))
        told = shown(found, clock.now()) | {"from_at": _typed(found.from_at), "until_at": _typed(found.until_at)}
        return _form(entered, f"{PAGE}{found.announcement_id}", told, draft=found, etag=found.etag, known=found, error=error,
                     status=status)

    def _form(entered: Entered, action: str, told: Mapping[str, Any], *, draft: Announcement | None = None, etag: str = "",
              known: Announcement | None = None, wrong: str = "", error: str = "", status: int = 200) -> Response:
        return door.page(
            "console/operation/announce.html", entered, here="announcements", status=status, action=action, etag=etag,
            wrong=wrong, error=error, looks=_looks(draft) if draft is not None else [], told=told, longest=LONGEST,
            levels=choices(levels()), spots=choices(places()), row=None if known is None else _row(shown(known, clock.now())))


def _may(entered: Entered) -> bool:
    try:
        check_may(entered.who)
    except RefusedError:
        return False
    return True


def _tag() -> str:
    return request.form.get("etag", "")[:64]


def _seconds(typed: str) -> int:
    """Read a moment of Vietnam's time; -1 for what is none, which the room refuses at its field."""
    try:
        return int(datetime.strptime(typed_moment(typed)[:16], _TYPED).replace(tzinfo=ZONE).timestamp())
    except (ValueError, OverflowError):
        return -1


def _typed(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%d/%m/%Y %H:%M")


def _looks(one: Announcement) -> list[dict[str, Any]]:
    """Give what people will see, in each language that has a text."""
    return [announcement_words(one, language) for language in (("vi", "en") if one.text_en else ("vi",))]


def choices(words: Mapping[Any, str]) -> list[dict[str, str]]:
    """Give what can be chosen, with its words."""
    return [{"value": one.value, "word": word} for one, word in words.items()]


def levels() -> Mapping[Level, str]:
    """Name the levels."""
    return {Level.INFO: gettext("Thông tin"), Level.WARNING: gettext("Lưu ý")}


def places() -> Mapping[Where, str]:
    """Name the pages."""
    return {Where.SIGN_IN: gettext("Trang đăng nhập"), Where.PORTAL: gettext("Trang của cán bộ")}


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    states = {State.PRESENT: ("ok", gettext("Đang hiện")), State.FUTURE: ("wait", gettext("Chưa đến lúc")),
              State.PAST: ("idle", gettext("Đã hết"))}
    tag, word = states[State(one["state"])]
    return {"url": PAGE + one["id"], "id": one["id"], "tag": tag, "word": word,
            "level": levels()[Level(one["level"])], "where": ", ".join(places()[Where(place)] for place in one["where"]),
            "text": one["text_vi"], "first": one["text_vi"].split("\n")[0], "since": moment(one["from_at"]),
            "until": moment(one["until_at"]), "over": one["state"] == State.PAST}


def _wrong(member: str) -> str:
    said = {"text_vi": gettext("Vui lòng nhập nội dung tiếng Việt, không quá %(most)s ký tự, không có ký tự ẩn.", most=LONGEST),
            "text_en": gettext("Nội dung tiếng Anh không quá %(most)s ký tự, không có ký tự ẩn.", most=LONGEST),
            "where": gettext("Vui lòng chọn ít nhất một nơi hiện."),
            "from_at": gettext("Vui lòng nhập ngày giờ bắt đầu."),
            "until_at": gettext("Vui lòng nhập ngày giờ kết thúc, sau lúc bắt đầu và sau bây giờ, không quá một năm.")}
    return str(said.get(member, gettext("Nội dung gửi lên chưa đúng.")))


def _refusal(err: RefusedError) -> str:
    said = {"changed_meanwhile": gettext("Có người vừa sửa thông báo chung này. Vui lòng xem lại rồi sửa tiếp."),
            "over": gettext("Thông báo chung này đã hết. Vui lòng viết cái mới.")}
    return str(said.get(err.code, gettext("Chưa làm được. Vui lòng thử lại.")))
