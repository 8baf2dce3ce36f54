"""What templates are told of officers and applications, in the page's language. No rules, only words."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pyotp
import segno
from flask_babel import format_datetime, gettext, ngettext, to_user_timezone
from markupsafe import Markup

from ..authn.assurance import Demand
from ..authn.networks import OUTSIDE
from ..directory.officer import Contact, Officer, Post
from ..directory.unit import is_within
from ..notices.announcements import Announcement, Level, Where, pieces
from ..oauth.client import Client
from ..oauth.requests.credential_scope import TYPE
from ..oauth.requests.signing_details import ALGORITHMS
from ..oauth.scope import OFFLINE
from ..oidc.acting_post import CLAIM
from ..oidc.claims import address_of, brought_by
from ..services import Services
from ..signing.verification_code import verification_code
from .i18n import language
from .security import allow_image


def officer_words(officer: Officer) -> dict[str, str]:
    """Tell who somebody is: ``name initials title unit_name`` and the login name, for password managers."""
    post = officer.main_post
    return {"name": officer.name, "initials": initials(officer.name), "title": post.title,
            "unit_name": post.unit_name, "username": officer.uid}


def initials(name: str) -> str:
    """Give what stands in the circle beside a name: ``NM`` of Nguyễn Văn Mẫu."""
    names = name.split()
    return (names[0][0] + names[-1][0] if len(names) > 1 else name[:2]).upper()


def application_words(client: Client | None) -> dict[str, Any] | None:
    """Tell which application it is: ``name owner client_uri logo_uri policy_uri tos_uri``; None for our own pages.

    The logo is one that may be shown, and this page's policy then lets it be loaded.
    """
    if client is None:
        return None
    client = in_words(client)
    logo = _web(client.shown_logo)
    if logo:
        allow_image(logo)
    return {"name": client.client_name or client.client_id, "owner": client.owner, "client_uri": _web(client.client_uri),
            "logo_uri": logo, "policy_uri": _web(client.policy_uri), "tos_uri": _web(client.tos_uri)}


def announced(services: Services, where: Where) -> list[dict[str, Any]]:
    """Tell what the province says to everybody on a page now."""
    return [announcement_words(one, language()) for one in services.announcements.shown(where)]


def announcement_words(one: Announcement, wanted: str) -> dict[str, Any]:
    """Give an announcement in a language: ``warns``, ``lang`` of its text, ``paragraphs`` of lines of ``text`` and ``url``."""
    paragraphs = one.text(wanted).split("\n\n")
    return {"warns": one.level is Level.WARNING, "lang": wanted if one.text_en else "vi",
            "paragraphs": [[[piece._asdict() for piece in line] for line in pieces(text)] for text in paragraphs]}


def in_words(client: Client) -> Client:
    """Give a client as it is shown in the page's language."""
    return client.in_language(language())


def agency_help(services: Services, officer: Officer) -> dict[str, str] | None:
    """Tell who helps an officer, once the officer is known; None when the directory names nobody (or does not answer)."""
    contact: Contact | None = services.directory.contact(officer)
    if contact is None or not contact.phone:
        return None
    return {"name": contact.name, "phone": contact.phone_text, "phone_href": f"tel:{contact.phone}"}


def entrance(client: Client | None, issuer: str) -> str:
    """Give the address by which an application is entered from outside.

    The one at which it begins a sign-in by itself (OpenID Connect Core §4), else its home page; the portal when it has neither.
    ``iss`` goes along and nothing else: login_hint would write who somebody is into the logs of all the servers on the way, and
    target_link_uri would be ours to choose in a house that is the application's.
    """
    if client is None:
        return "/"
    if start := _web(client.initiate_login_uri):
        return f"{start}{'&' if '?' in start else '?'}iss={quote(issuer, safe='')}"
    return _web(client.client_uri) or "/"


def sharing(client: Client, officer: Officer, scope: Collection[str], claims: Collection[str] = (), *,
            post: Post | None = None) -> dict[str, list[Any]]:
    """Tell what an application is going to know, value by value, and what it is not going to know.

    Args:
        client: The application.
        officer: Whom it is about.
        scope: What it asks for.
        claims: What it asks for by name besides.
        post: In which the officer acts, where it asks for that.
    """
    told = brought_by(scope) | frozenset(claims)
    known: list[tuple[set[str], str, str, str]] = [
        ({"name", "given_name", "family_name"}, gettext("Họ và tên"), officer.name, "user"),
        ({"preferred_username"}, gettext("Tên đăng nhập"), officer.uid, "user"),
        ({"email", "email_verified"}, gettext("Địa chỉ thư điện tử công vụ"), officer.mail or gettext("(chưa có)"), "mail"),
        ({"phone_number", "phone_number_verified"}, gettext("Số điện thoại"), _hidden(officer.phone) or gettext("(chưa có)"),
         "phone"),
        ({"unit_code", "unit_code_2016", "unit_name", "title", "posts"}, gettext("Đơn vị và chức vụ"),
         post_words(officer.main_post), "building"),
        ({CLAIM}, gettext("Chức vụ bạn đang dùng"), post_words(post) if post else gettext("(chưa có)"), "building"),
        ({"address"}, gettext("Địa chỉ nơi làm việc"),
         address_of(officer).get("formatted", "").replace("\n", ", ") or gettext("(chưa có)"), "building"),
        ({"groups"} if client.show_groups else set(), gettext("Nhóm quyền"), ", ".join(officer.groups), "users"),
    ]
    rows = [row for names, *row in known if not told.isdisjoint(names)]
    if OFFLINE in scope:
        rows.append([gettext("Truy cập khi bạn không có mặt"), gettext("Ứng dụng giữ quyền này đến khi bạn rút lại sự đồng ý"),
                     "clock"])
    rows = rows or [[gettext("Mã của bạn ở ứng dụng này"), "", "user"]]
    withheld = {"phone_number": gettext("số điện thoại"), "email": gettext("địa chỉ thư điện tử")}
    return {"shares": [{"label": label, "value": value, "icon": icon} for label, value, icon in rows],
            "withheld": [gettext("mật khẩu"), *(words for name, words in withheld.items() if name not in told)]}


def post_words(post: Post) -> str:
    """Say a post: the title, then the agency."""
    return ", ".join(filter(None, (post.title, post.unit_name or post.unit_code)))


def signing(details: str) -> list[dict[str, Any]]:
    """Tell which documents an application wants signed: per request ``algorithm credential phone documents``.

    Of each document a label, the hash, and the four digits that the phone will show; ``phone`` says whether it signs.

    Args:
        details: Authorization details as they are stored, of the types for signing: the only ones there are.
    """
    return [{"algorithm": ALGORITHMS[detail["hashAlgorithmOID"]][0], "phone": detail["type"] == TYPE,
             "credential": "" if detail["type"] == TYPE else detail.get("credentialID", ""),
             "documents": [{"label": document["label"], "hash": digest.hex(), "code": verification_code(digest)}
                           for document in detail["documentDigests"] for digest in [base64.b64decode(document["hash"])]]}
            for detail in json.loads(details)]


def hidden_number(msisdn: str) -> str:
    """Give a phone's number so that its owner recognises it and nobody else learns it."""
    return f"••••\u00a0•••\u00a0{msisdn[-3:]}"


def demand_words(demand: Demand, officer: Officer) -> str:
    """Say what demands two factors of an officer, as the beginning of a sentence."""
    if demand.kind == "role":
        return str(gettext("Vai trò quản trị hoặc kiểm toán của bạn"))
    if demand.kind == "group":
        return str(gettext("Nhóm %(name)s mà bạn là thành viên", name=demand.name))
    if demand.kind == "network":
        return str(gettext("Nơi bạn đang đăng nhập, ngoài mạng cơ quan,") if demand.name == OUTSIDE
                   else gettext("Mạng %(name)s mà bạn đang dùng", name=demand.name))
    here = next((post for post in officer.posts if post.unit_code == demand.name), None)
    if here is not None:
        return str(gettext("Đơn vị %(name)s của bạn", name=here.unit_name))
    below = next((post for post in officer.posts if is_within(post.unit_code, demand.name)), officer.main_post)
    return str(gettext("Cơ quan cấp trên của đơn vị %(name)s", name=below.unit_name))


def to_scan(seed: str, officer: Officer, issuer: str) -> dict[str, Any]:
    """Give a secret for an authenticator app: ``picture`` to be scanned, ``seed`` as people type it."""
    uri = pyotp.TOTP(seed, name=officer.uid, issuer=issuer).provisioning_uri()
    return {"picture": picture(uri), "seed": " ".join(seed[start:start + 4] for start in range(0, len(seed), 4))}


def picture(uri: str) -> Markup:
    """Draw a code that telephones read, as SVG without styles; black on white in every theme, with the quiet zone it needs."""
    return Markup(segno.make(uri, error="m", micro=False).svg_inline(  # noqa: S704 - made of numbers alone
        scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None))


def moment_words(at: int) -> str:
    """Say when something was, to the minute."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy HH:mm"))


def day_words(at: int) -> str:
    """Say on which day something was."""
    return str(format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy"))


def minutes(seconds: int | None) -> int:
    """Round a waiting time up to whole minutes, at least one."""
    return max(1, -(-(seconds or 60) // 60))


def clock_words(at: int, now: int) -> str:
    """Say when something was today or on a day: ``07:32 hôm nay``, ``07:32 ngày 23/11/2026``."""
    moment, today = _local(at), _local(now)
    time = format_datetime(datetime.fromtimestamp(at, UTC), "HH:mm")
    if moment.date() == today.date():
        return str(gettext("%(time)s hôm nay", time=time))
    return str(gettext("%(time)s ngày %(date)s", time=time, date=format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy")))


def ago_words(at: int, now: int) -> str:
    """Say how long ago something was: minutes, hours, yesterday, then the day."""
    passed = max(0, now - at)
    if passed < 60:
        return str(gettext("vừa xong"))
    if passed < 3600:
        return str(ngettext("%(num)d phút trước", "%(num)d phút trước", passed // 60))
    moment, today = _local(at), _local(now)
    if moment.date() == today.date():
        return str(ngettext("%(num)d giờ trước", "%(num)d giờ trước", passed // 3600))
    if moment.date() == today.date() - timedelta(days=1):
        return str(gettext("hôm qua"))
    return str(gettext("ngày %(date)s", date=format_datetime(datetime.fromtimestamp(at, UTC), "dd/MM/yyyy")))


def _local(at: int) -> datetime:
    moment: datetime = to_user_timezone(datetime.fromtimestamp(at, UTC))
    return moment


def _hidden(phone: str) -> str:
    return phone[:-4].replace("+84", "0")[:4] + "*" * 4 + phone[-2:] if len(phone) > 6 else phone


def _web(uri: str) -> str:
    """Give an address that may stand in a link: http or https only, whatever a registration held."""
    return uri if uri and urlsplit(uri).scheme in {"http", "https"} else ""
