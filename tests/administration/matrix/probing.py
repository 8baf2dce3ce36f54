"""An office with one of everything in two agencies, and everybody who may knock: what happens at each address.

A cell is what whoever asks got: ``+`` let through (whatever became of it), ``-`` refused (403), ``0`` not there (404). Those with
the fewest rights ask first, so that what the others do changes nothing for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask

from idp.adapters.sql.directory.tasks import SqlTasks
from idp.audit import AuditEvent, AuditRecord
from idp.directory.tasks import NewTask, TaskKind
from idp.directory.unit import Unit, UnitEntry
from idp.pki.enrollment.working_days import day_of
from tests.administration.office import CALLER, HOME, IT, Office
from tests.web.console import Browser, Console

ROLES: Final = ("nobody", "auditor", "help_desk", "clerk", "registration", "machine", "agency", "province")
"""In the order of asking, and of the columns."""
GROUPS: Final[Mapping[str, str]] = {
    "auditor": "kiemtoan", "help_desk": "hotro-nguoidung", "clerk": "vanthu-thietbi", "registration": "dangky-chungthu",
    "agency": "quantri-coquan", "province": "quantri-tinh", "nobody": "lanhdao"}
PEOPLE: Final = tuple(role for role in ROLES if role != "machine")
DEPUTY: Final = "deputy"
"""Stands in for ``agency``, and asks before them; no column of its own: what they get is what the giver gets."""
LISTS: Final = ("missing", "members", "movements", "reminders")
"""Lists of a campaign that are files as well."""
BODIES: Final[Mapping[str, Any]] = {
    "POST /clients": {"client_name": "Thử", "redirect_uris": ["https://thu.example/cb"], "scope": "openid",
                      "province": {"owner": "Sở", "owner_unit": IT}},
    "POST /initial-access-tokens": {"owner": "Sở", "owner_unit": IT},
    "POST /enrollments": {"holder": "{sub}", "device_kind": "token"}, "POST /enrollments/renewals": {"enrollments": ["x"]},
    "POST /enrollments/acts": {"act": "approve", "enrollments": ["x"]},
    "POST /enrollments/{enrollment_id}/acts": {"act": "approve"}, "POST /enrollments/batches": {"document": ""},
    "POST /devices": {"kind": "token", "serial": "TK-0099"}, "POST /devices/{device_id}/acts": {"act": "report_loss"},
    "POST /campaigns/{campaign_id}/exclusions": {"subject": "{sub}", "reason": "seconded"},
    "POST /campaigns/{campaign_id}/restorations": {"subject": "{sub}"},
    "POST /campaigns/{campaign_id}/reminders": {"agency": "{code}"},
    "POST /jobs": {"kind": "accounts", "purpose": "Kiểm tra"},
    **{f"POST /campaigns/{{campaign_id}}/{name}/file": {"purpose": "Kiểm tra"} for name in LISTS},
    "POST /accounts/file": {"purpose": "Kiểm tra"}, "POST /role-holders/file": {"purpose": "Kiểm tra"},
    "POST /officers/acts": {"act": "remind", "officers": ["{sub}"]}, "POST /officers/{sub}/factor-reset": {"reason": "Mất máy"},
    "POST /officers/{sub}/phone": {"purpose": "Gọi báo lịch nhận thiết bị"},
    "POST /enrollments/{enrollment_id}/identity": {"purpose": "So với công văn gửi đi"},
    "POST /clients/{client_id}/end-access": {"sub": "{sub}", "reason": "Thử"},
    "POST /officers/{sub}/lift-stop": {"reason": "Thử"}, "POST /officers/{sub}/temporary-pass": {"hours": 0},
    "POST /sims": {"holder": "{sub}", "number": "0912345678", "carrier": "mang"}, "POST /sims/{sim_id}/acts": {"act": "approve"},
    "POST /signatures/{transaction_id}/evidence": {"purpose": "Thanh tra"},
    "POST /deputies": {"deputy": "nobody", "ends_on": "2020-01-01", "reason": "Đi công tác"},
    "POST /keys/rotate": {"alg": "ES256"}, "POST /tasks/{task_id}/complete": {"proof": "Đã thu hồi, 12/STTTT"}}
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "POST /devices/": {"kind": "token", "device_serial": "TK-0098"},
    "POST /certificates/new": {"kind": "person", "holder": "{sub}"}, "POST /tasks/{task_id}": {"proof": "Đã thu hồi"},
    "POST /rollout/{campaign_id}/exclude": {"subject": "{sub}", "reason": "seconded"},
    "POST /rollout/{campaign_id}/restore": {"subject": "{sub}"},
    "POST /rollout/{campaign_id}/remind": {"agency": "{code}"},
    "POST /officers/file": {"purpose": "Kiểm tra"}, "POST /applications/{client_id}/officers/{sub}/end": {"reason": "Thử"},
    **{f"POST /rollout/{{campaign_id}}/{name}/file": {"purpose": "Kiểm tra"} for name in LISTS},
    "POST /accounts/file": {"purpose": "Kiểm tra"}, "POST /role-holders/file": {"purpose": "Kiểm tra"},
    "POST /certificates/acts": {"act": "approve", "pick": "{enrollment_id}"}}
QUERIES: Final[Mapping[str, str]] = {
    "GET /rollout/{campaign_id}/exclude": "subject={sub}", "GET /rollout/{campaign_id}/remind": "agency={code}",
    "GET /grants": "client_id=qlvb", "DELETE /grants": "sub={sub}", "GET /officers": "q=can",
    "POST /enrollments/lists": "dry_run=true", "GET /certificates/new": "holder={sub}"}
WORDS: Final[Mapping[str, str]] = {"act": "approve", "kind": "csv", "batch": "b-1", "number": "1", "name": "nobody",
                                   "form": "mau01_ca_nhan",
                                   "paper": "request"}
OTHER_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    **{f"{method} /applications/{{client_id}}/acts/{{act}}": {"act": "disable"} for method in ("GET", "POST")},
    "GET /devices/{device_id}/acts/{act}": {"act": "report_loss"}, "POST /devices/{device_id}/acts/{act}": {"act": "report_loss"},
    "GET /devices/{device_id}/papers/{form}": {"form": "07"}}
"""What stands in addresses that is no thing of an agency."""


class World:
    """The office, and one of everything in each agency.

    Attributes:
        lent: By door and row, what the deputy of ``agency`` got there.
    """

    def __init__(self, office: Office) -> None:
        self.office, self.console = office, Console(office)
        self.tokens = {role: office.token(role, GROUPS[role], unit=IT) for role in PEOPLE} | {"machine": office.machine()}
        self.asker = office.token("nguoihoi", "quantri-tinh")
        self.tokens[DEPUTY] = office.token(DEPUTY, unit=IT)
        lent = office.call("POST", "/deputies", self.tokens["agency"], {
            "deputy": DEPUTY, "ends_on": day_of(office.clock.now()).isoformat(), "reason": "Đi công tác"})
        assert lent.status_code == 201, lent.text
        self.lent: dict[str, dict[str, str]] = {"api": {}, "page": {}}
        self.browsers = {role: self._browser(role) for role in (*PEOPLE, DEPUTY)}
        self.forms = {role: _form_token(browser) for role, browser in self.browsers.items()}
        self.things = {door: {"own": self._things(IT, f"own.{door}"), "other": self._things(HOME, f"other.{door}")}
                       for door in ("api", "page")}

    def _browser(self, role: str) -> Browser:
        sub = self.office.services.mirror.by_uid(role)
        assert sub is not None
        cookie, _ = self.office.services.sessions.open(sub.sub, acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER)
        return Browser(self.console.app, cookie)

    def _things(self, unit: str, whose: str) -> dict[str, str]:
        office, province = self.office, self.tokens["province"]
        sub = office.officer(f"can.{whose}", unit=unit)
        session = office.session(sub)
        office.token(session=session, client_id="qlvb", scope="openid offline_access")
        grant = office.call("GET", f"/grants?sub={sub}", province).json["items"][0]["grant_id"]
        client, _, _ = office.made(province, province={"owner_unit": unit})
        leave = office.call("POST", "/initial-access-tokens", province, {"owner": "Sở", "owner_unit": unit}).json["id"]
        number = office.call("POST", "/enrollments", province, {"holder": sub, "device_kind": "token", "submit": True}).json["id"]
        device = office.call("POST", "/devices", province, {"kind": "token", "serial": f"TK-{whose}"}).json["id"]
        given = office.call("POST", f"/devices/{device}/acts", province, {
            "act": "hand_over", "receiver": sub, "record": "07/BB"})
        assert given.status_code == 200, given.text
        campaign = office.call("POST", "/campaigns", province, {
            "name": whose, "goal": "mailbox", "unit": unit, "deadline": str(day_of(office.clock.now() + 9 * 86400))}).json["id"]
        SqlTasks(office.database).open(
            NewTask(f"task-{whose}", TaskKind.CHANGE_CERTIFICATE, f"{number}:1", 1, 2), sub,
            AuditRecord(AuditEvent.TASK_OPENED, office.clock.now(), sub=sub))
        self._with_factor(sub)
        office.services.mirroring.units.note_unit(UnitEntry(f"unit-{unit}", Unit(unit, "", "Sở")), now=office.clock.now())
        proposal = office.call("POST", f"/officers/{sub}/factor-reset", self.asker, {"reason": "Mất máy"}).json["id"]
        asked = office.call("POST", f"/officers/{sub}/temporary-pass", self.asker, {"reason": "Quên máy"}).json["id"]
        said = office.call("POST", "/announcements", province, {
            "level": "info", "where": ["portal"], "text_vi": "Tin", "until_at": office.clock.now() + 9}).json["id"]
        spare = office.officer(f"thay.{whose}", unit=unit)
        giver = office.token(f"quantri.{whose}", "quantri-coquan", unit=unit)
        deputy = office.call("POST", "/deputies", giver, {
            "deputy": f"thay.{whose}", "ends_on": day_of(office.clock.now()).isoformat(), "reason": "Đi công tác"})
        assert (deputy.status_code, spare) == (201, deputy.json["deputy"]), deputy.text
        job = office.call("POST", "/jobs", giver, {"kind": "accounts", "purpose": "Rà soát"}).json["id"]
        return {"job_id": job, "pass_id": asked,
                "announcement_id": said, "proposal_id": proposal, "deputy_id": deputy.json["id"], "code": unit,
                "sim_id": "no-carrier", "transaction_id": "s0",
                "sub": sub, "client_id": client, "grant_id": grant, "id": leave, "token_id": leave, "enrollment_id": number,
                "device_id": device, "task_id": f"task-{whose}", "campaign_id": campaign, **WORDS}

    def _with_factor(self, sub: str) -> None:
        known = self.office.services.mirror.by_sub(sub)
        assert known is not None
        self.office.services.totp.enrol(known.officer.entry_uuid, "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ", sub=sub)

    # Asking

    def api(self, method: str, path: str) -> str:
        """Ask one operation of the API as everybody; gives a row."""
        key = f"{method} {path}"

        def ask(role: str, things: Mapping[str, str]) -> int:
            media = "text/csv" if path.endswith("/lists") else "application/json"
            body = b"x" if path.endswith("/lists") and method == "POST" else _filled(
                BODIES.get(key, {} if method in {"POST", "PUT", "PATCH"} else None), things)
            query = _filled(QUERIES.get(key, ""), things)
            answer = self.office.call(method, _filled(path, things) + (f"?{query}" if query else ""), self.tokens[role], body,
                                      etag='"x"', Idempotency_Key="k" * 12,
                                      media_type="application/merge-patch+json" if method == "PATCH" else media)
            return int(answer.status_code)

        return self._row("api", key, ROLES, ask)

    def page(self, method: str, path: str) -> str:
        """Ask one page of the console as everybody; gives a row."""
        key = f"{method} {path}"

        def ask(role: str, things: Mapping[str, str]) -> int:
            query = _filled(QUERIES.get(key, ""), things)
            address = f"/admin{_filled(path, things)}" + (f"?{query}" if query else "")
            client = self.browsers[role].client
            if method == "GET":
                return int(client.get(address, headers={"Host": "localhost:8000"}).status_code)
            data = {"csrf_token": self.forms[role], **_filled(dict(FORMS.get(key, {})), things)}
            return int(client.post(address, data=data, headers={"Host": "localhost:8000"}).status_code)

        return self._row("page", key, PEOPLE, ask)

    def _row(self, door: str, key: str, roles: tuple[str, ...], ask: Any) -> str:
        sides = ("own", "other") if "{" in re.sub(r"\{(kind|act|batch|number|name|form|paper)\}", "", key) else ("own",)
        more = OTHER_WORDS.get(key, {})

        def cell(role: str) -> str:
            return "".join(_cell(ask(role, {**self.things[door][side], **more})) for side in sides)

        cells = []
        for role in roles:
            if role == "agency":
                self.lent[door][key] = cell(DEPUTY)
            cells.append(cell(role))
        return " ".join(cells)


def operations(app: Flask, prefix: str) -> Iterator[tuple[str, str]]:
    """Give what is mounted below an address: methods and paths without it, parameters in braces."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(prefix):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule[len(prefix):]) or "/"


def _cell(status: int) -> str:
    assert status < 500, status
    return {403: "-", 404: "0", 401: "?"}.get(status, "+")


def _filled(text: Any, things: Mapping[str, str]) -> Any:
    if isinstance(text, dict):
        return {name: _filled(value, things) for name, value in text.items()}
    if isinstance(text, str):
        return re.sub(r"\{(\w+)\}", lambda found: things[found[1]], text)
    return text


def _form_token(browser: Browser) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/logout").text)
    assert found is not None
    return found[1]
