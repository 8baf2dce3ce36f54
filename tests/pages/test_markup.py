"""The markup of every sample, without a browser: headings, labels, descriptions, names of fields, nothing inline."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from .render import LANGUAGES, Pages
from .samples import SAMPLES, Sample

APPLICATION = ("client_name", "owner", "client_uri", "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri",
               "grant_types", "scope", "jwks_uri", "contacts")
ANNOUNCED = ("level", "text_vi", "text_en", "from_at", "until_at")
FIELDS = {"username", "password", "otp", "certificate", "certificate_sign_in", "answer", "csrf_token", "new_password",
          "new_password_again", "user_code", "approval", "approvals", "factor", "id", "up_to", "sid", "recovery_code", "name",
          "passkey", "passkey_sign_in", "sim", "post", "remember", "device", "enrolment_code", "begin", "later",
          "pick", "numbers", "act", "reason", "document", "record", "device_serial", "identity_number", "form", "step", "file",
          "kept", "q", "birth_date", "phone", "signature", "signature_file", "kind", "holder", "agency",
          "mail", "identity_issued_on", "identity_issued_by", "old_serial", "hosts", "officer", "days", "authority",
          "deadline", "groups", "titles", "subject", "on", "sort",
          # Members of a registration go by their own names.
          "client_id", "etag", "note", "alg", "emergency", "receiver", "owner", "needed", "carrier", *APPLICATION,
          "person", "application", "address", "since", "until", "legal_basis", "purpose", "unit", "list",
          "temporary_pass", "hours", "several", "about", "sure", "cols", "deputy", "giver", "ends_on", *ANNOUNCED, "where",
          "version"}
COMPLETE = {"username": "username", "password": "current-password", "otp": "one-time-code", "new_password": "new-password",
            "new_password_again": "new-password", "user_code": "off", "recovery_code": "off", "name": "off",
            "remember": "off", "enrolment_code": "off", "temporary_pass": "off", **dict.fromkeys(
                ("pick", "cols", "reason", "document", "record", "device_serial", "identity_number", "file", "q", "birth_date",
                 "phone",
                 "signature_file", "mail", "identity_issued_on", "identity_issued_by", "old_serial", "hosts",
                 *ANNOUNCED, "where",
                 "officer", "days", "authority", "note", "needed", "deadline", "groups", "titles", "on", *APPLICATION,
                 "person", "application", "address", "since", "until", "legal_basis", "purpose",
                 "deputy", "giver", "ends_on", "several"), "off")}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    inside: tuple[str, ...]


@dataclass
class Page(HTMLParser):
    """Elements of a page in order, and its text."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), tuple(self.open)))
        if tag not in {"meta", "link", "input", "img", "br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [element.attributes for element in self.elements if element.tag == tag]


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


def _page(pages: Pages, sample: Sample, lang: str = "vi") -> Page:
    page = Page()
    page.feed(pages.html(sample, lang))
    assert page.open == []
    return page


every = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@every
def test_one_heading_one_main_ids_once_and_every_reference_leads_somewhere(pages: Pages, sample: Sample) -> None:
    for lang in LANGUAGES:
        page = _page(pages, sample, lang)
        titles = [one for one in page.elements if one.tag == "title" and "svg" not in one.inside]  # a picture has its own
        assert len(page.all("h1")) == len(page.all("main")) == len(titles) == 1
        ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        for element in page.elements:
            for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
                assert set((element.attributes.get(name) or "").split()) <= set(ids), (element.tag, name)
            target = element.attributes.get("href") or ""
            assert not target.startswith("#") or target[1:] in ids


@every
def test_no_page_shows_a_macro_whose_name_a_value_has_too(pages: Pages, sample: Sample) -> None:
    assert "<Macro " not in _page(pages, sample).text


@every
def test_every_visible_field_has_a_label_its_fixed_name_and_its_autocomplete(pages: Pages, sample: Sample) -> None:
    page = _page(pages, sample)
    labelled = {label["for"] for label in page.all("label")}
    for attributes in page.all("input"):
        if attributes.get("type") == "hidden" or "hidden" in attributes:
            continue
        assert attributes["id"] in labelled
        offers = attributes["name"] == "username" and sample.context.get("passkey_url")  # HTML §4.10.18.7.1: webauthn stands last
        assert attributes["autocomplete"] == COMPLETE[str(attributes["name"])] + (" webauthn" if offers else "")
    if sample.template != "authorize/form_post.html":
        assert {name for tag in ("input", "button") for name in (a.get("name") for a in page.all(tag)) if name} <= FIELDS


@every
def test_security_21_forms_post_with_a_token_and_nothing_else_changes_anything(pages: Pages, sample: Sample) -> None:
    page = _page(pages, sample)
    posted = [form for form in page.all("form") if form["method"] == "post"]
    assert all(form["method"] == "post" or form["class"] in ("filters mb-4", "console__find") for form in page.all("form"))
    tokens = [field for field in page.all("input") if field.get("name") == "csrf_token"]
    own = sample.template != "authorize/form_post.html"
    assert len(tokens) == (len(posted) if own else 0)


@every
def test_security_22_nothing_inline_and_every_file_from_this_host(pages: Pages, sample: Sample) -> None:
    for element in _page(pages, sample).elements:
        assert "style" not in element.attributes
        assert element.tag != "style"
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.tag == "script":
            assert element.attributes["nonce"]
            assert str(element.attributes["src"]).startswith("/static/")
        if element.tag == "link":
            assert str(element.attributes["href"]).startswith("/static/")
        if element.tag == "img":
            assert str(element.attributes["src"]).startswith("/")
            assert "alt" in element.attributes
            assert {"width", "height"} <= set(element.attributes)


@every
def test_an_error_says_so_first_and_at_its_field(pages: Pages, sample: Sample) -> None:
    if sample.template == "gallery.html":  # shows how errors look, and has none
        return
    page = _page(pages, sample)
    invalid = [field for field in page.all("input") if field.get("aria-invalid")]
    for attributes in invalid:
        assert f"{attributes['id']}-error" in str(attributes["aria-describedby"]).split()
    alerts = [number for number, element in enumerate(page.elements) if element.attributes.get("role") == "alert"]
    if sample.context.get("error"):
        main = next(number for number, element in enumerate(page.elements) if element.tag == "main")
        assert alerts == [main + 1]
        assert re.search(r"<title>Lỗi: ", pages.html(sample, "vi"))
    else:
        assert not alerts
        assert not invalid


@every
def test_interface_only_what_is_offered_is_shown(pages: Pages, sample: Sample) -> None:
    text = _page(pages, sample).text.lower()
    if sample.name == "sign-in-no-passkeys":
        assert "khóa truy cập" not in text


def test_security_41_whatever_a_name_holds_it_stays_text(pages: Pages) -> None:
    evil = '"><script>alert(1)</script>&amp;\' onload=x'
    for sample in SAMPLES:
        context = {key: _spoiled(value, evil) for key, value in sample.context.items() if key not in {"apps", "notices", "next"}}
        spoiled = Sample(sample.name, sample.template, dict(sample.context) | context)
        for lang in LANGUAGES:
            html = pages.html(spoiled, lang, brand={"province_name": evil, "product_name": evil, "help_hours": evil})
            assert "<script>alert" not in html
            page = Page()
            page.feed(html)
            assert not [element for element in page.elements for name in element.attributes if name == "onload"]


SPOKEN = {"name", "owner", "title", "unit_name", "initials", "phone", "vi", "en"}


def _spoiled(value: object, evil: str) -> object:
    if isinstance(value, dict):
        return {key: evil if isinstance(part, str) and key in SPOKEN else _spoiled(part, evil)
                for key, part in value.items()}
    return [_spoiled(part, evil) for part in value] if isinstance(value, list) else value


def test_a_province_deploys_with_its_own_name_logo_and_colours(pages: Pages) -> None:
    html = pages.html(SAMPLES[0], "vi", brand={"province_name": "Tỉnh Ví Dụ", "logo_url": "/static/x/logo.svg",
                                               "theme_url": "/static/x/theme.css"})
    assert "Hậu Giang" not in html.replace("UBND tỉnh Hậu Giang", "")
    assert html.count("/static/x/logo.svg") == 2
    assert html.index("tokens.css") < html.index("/static/x/theme.css")


def test_form_post_carries_the_values_as_they_are(pages: Pages) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "form-post")
    hidden = {str(a["name"]): a["value"] for a in _page(pages, sample).all("input")}
    assert hidden == dict(sample.context["parameters"])


def test_every_sample_has_a_name_of_its_own() -> None:
    names = [sample.name for sample in SAMPLES]
    assert sorted(set(names)) == sorted(names)
