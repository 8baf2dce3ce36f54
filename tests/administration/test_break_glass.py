"""The break-glass administrator: whoever lacks one thing of it gets nothing, and every lack looks the same."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from flask import Flask

from idp.adapters.break_glass_file import NAME
from idp.authn import break_glass
from idp.authn.break_glass import NOBODY, PREFIX, SESSION_SECONDS
from idp.cli.authn import break_glass as verbs
from idp.oauth.proof.dpop import Presented
from idp.oauth.proof.holder import TokenUse
from idp.oauth.server import ProviderRequest
from idp.oauth.tokens.access_token import TokenRefusedError
from idp.settings import Settings

from . import office as offices
from .office import CALLER, ISSUER, Office

GLASS = "cuu.ho"
STRONG = break_glass._hasher


class Cheap:
    """A hasher that is quick, and counts."""

    def __init__(self) -> None:
        self.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def hash(self, password: str) -> str:
        return self.hasher.hash(password)

    def verify(self, encoded: str, password: bytes) -> bool:
        self.verified.append(encoded)
        return self.hasher.verify(encoded, password)


@pytest.fixture(autouse=True)
def hasher(monkeypatch: pytest.MonkeyPatch) -> Cheap:
    cheap = Cheap()
    monkeypatch.setattr(break_glass, "_hasher", cheap)
    monkeypatch.setattr(break_glass, "NOBODY", cheap.hash("nobody knows"))
    return cheap


class Emergency:
    """An office with the administrator switched on, and what was shown of it."""

    def __init__(self, url: str, folder: Path) -> None:
        shutil.copytree(offices._keys_dir(), folder)
        self.office = Office(url, keys_dir=folder, break_glass_name=GLASS)
        self.file = folder / NAME
        self.room = self.office.services.break_glass

    def make(self) -> Emergency:
        self.made = self.room.create(CALLER)
        return self

    def code(self) -> str:
        return pyotp.TOTP(self.made.seed).at(self.office.clock.now())

    def ask(self, **other: str) -> Any:
        body = {"name": GLASS, "password": self.made.password, "code": self.code(), **other}
        return self.office.call("POST", "/break-glass", "", body)

    def token(self) -> str:
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def next_step(self) -> None:
        self.office.clock.advance(30)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(one.event, json.loads(one.detail)) for one in self.office.audited() if one.event.startswith("break_glass")]


@pytest.fixture
def emergency(database_url: str, tmp_path: Path) -> Iterator[Emergency]:
    emergency = Emergency(database_url, tmp_path / "keys").make()
    yield emergency
    emergency.office.close()


def refused(answer: Any) -> None:
    said = {name: value for name, value in answer.json.items() if name != "request_id"}
    assert said == {"type": "about:blank", "title": "Bad Request", "status": 400, "code": "invalid_credentials",
                    "detail": "Name, password or code is not right."}


@pytest.mark.parametrize("down", [False, True])
def test_it_administers_the_province_with_the_directory_up_and_down(emergency: Emergency, down: bool) -> None:
    office = emergency.office
    office.directory.down = down
    answer = emergency.ask()
    assert (answer.status_code, answer.json["token_type"], answer.json["expires_in"]) == (200, "Bearer", 900)
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json["access_token"]
    assert office.call("GET", "/clients", token).status_code == 200
    office.made(token)
    made = [json.loads(one.detail) for one in office.audited() if one.event == "client.created"]
    assert made[-1]["by_client"] == break_glass.ACTS_AS


@pytest.mark.parametrize("wrong", [
    {"password": "wrong"}, {"password": ""}, {"code": "000000"}, {"code": ""}, {"name": "lan"}, {"name": ""}])
def test_line_23_whatever_is_wrong_answer_and_work_are_the_same(
    emergency: Emergency, hasher: Cheap, wrong: dict[str, str],
) -> None:
    refused(emergency.ask(**wrong))
    assert len(hasher.verified) == 1
    assert emergency.events()[-1] == ("break_glass.refused", {"reason": "wrong"})


def test_line_23_a_file_that_is_not_there_costs_the_same_work(emergency: Emergency, hasher: Cheap) -> None:
    emergency.file.unlink()
    refused(emergency.ask())
    assert hasher.verified == [break_glass.NOBODY]


def test_rfc9106_the_hash_is_argon2id_and_the_one_of_nobody_costs_as_much() -> None:
    assert extract_parameters(NOBODY) == STRONG._parameters
    assert (STRONG.type, STRONG.memory_cost, STRONG.time_cost) == (Type.ID, 65536, 3)


def test_off_by_default_and_then_a_credential_opens_nothing(emergency: Emergency, hasher: Cheap) -> None:
    assert Settings.model_fields["break_glass_name"].default == ""
    token = emergency.token()
    emergency.room._name = ""
    emergency.next_step()
    hasher.verified.clear()
    refused(emergency.ask())
    refused(emergency.ask(name=""))
    assert (hasher.verified, emergency.room.named, emergency.room.problem()) == ([], False, None)
    assert emergency.office.call("GET", "/clients", token).status_code == 401
    credential = emergency.room._credential()
    assert credential is not None
    assert not emergency.room.stands(emergency.room._token(credential, emergency.office.clock.now() + 60))
    assert emergency.events()[-1] == ("break_glass.refused", {"reason": "off"})


@pytest.mark.parametrize("name", ["a b", "ab", "Root", "x" * 65, "root\n"])
def test_a_name_that_nobody_could_type_is_no_setting(name: str) -> None:
    with pytest.raises(ValueError, match="break_glass_name"):
        Settings(break_glass_name=name)


SPOIL: list[Callable[[Path], object]] = [
    lambda file: file.unlink(), lambda file: file.chmod(0o644), lambda file: file.chmod(0o660),
    lambda file: file.write_text("no json"), lambda file: file.write_text("[]")]


@pytest.mark.parametrize("spoil", SPOIL)
def test_a_file_that_is_missing_open_to_others_or_damaged_opens_nothing(
    emergency: Emergency, spoil: Callable[[Path], object],
) -> None:
    token = emergency.token()
    spoil(emergency.file)
    emergency.next_step()
    refused(emergency.ask())
    assert emergency.office.call("GET", "/clients", token).status_code == 401
    assert emergency.room.problem() is not None


def test_rfc6238_s5_2_a_code_opens_once_of_twenty_at_the_same_time(emergency: Emergency) -> None:
    code = emergency.code()

    def attempt(number: int) -> str:
        try:
            return emergency.room.sign_in(GLASS, emergency.made.password, code, CALLER._replace(source=f"192.0.2.{number % 10}"))
        except break_glass.RefusedError:
            return ""

    with ThreadPoolExecutor(20) as pool:
        opened = [token for token in pool.map(attempt, range(20)) if token]
    assert len(opened) == 1
    assert [event for event, _ in emergency.events()].count("break_glass.signed_in") == 1
    emergency.room._limits.clear(GLASS)
    refused(emergency.ask(code=code))
    assert emergency.room.stands(opened[0])


def test_it_ends_after_a_quarter_of_an_hour_however_it_is_used(emergency: Emergency) -> None:
    token = emergency.token()
    emergency.office.clock.advance(SESSION_SECONDS - 1)
    assert emergency.office.call("GET", "/clients", token).status_code == 200
    emergency.office.clock.advance(1)
    assert emergency.office.call("GET", "/clients", token).status_code == 401


def test_line_27_guesses_are_counted_and_then_the_right_one_is_not_tried(emergency: Emergency, hasher: Cheap) -> None:
    for _ in range(3):  # the third is followed by a pause
        refused(emergency.ask(password="wrong"))
    hasher.verified.clear()
    answer = emergency.ask()
    assert (answer.status_code, answer.json["code"]) == (429, "throttled")
    assert int(answer.headers["Retry-After"]) > 0
    assert hasher.verified == []
    assert emergency.events()[-1] == ("break_glass.throttled", {"limit": "pause"})


def test_every_try_is_loud_and_no_secret_is_told(emergency: Emergency, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "idp.break_glass"):
        token = emergency.token()
        emergency.ask(password="mat khau khac", code="123456", name="ten khac")
    assert [("refused" in line, "signed in" in line) for line in caplog.messages] == [(False, True), (True, False)]
    assert emergency.events() == [("break_glass.created", {}), ("break_glass.signed_in", {"minutes": 15}),
                                  ("break_glass.refused", {"reason": "wrong"})]
    told = str([tuple(one) for one in emergency.office.audited()]) + caplog.text
    for secret in (token, emergency.made.password, emergency.made.seed, "mat khau khac", "123456", "ten khac"):
        assert secret not in told


def test_it_is_nobody_to_applications(emergency: Emergency) -> None:
    office, token = emergency.office, emergency.token()
    rooms = office.services
    step = rooms.sign_in.password(GLASS, emergency.made.password, CALLER)
    assert (step.outcome, step.officer) == ("refused", None)
    assert rooms.sessions.find(token) is None
    with pytest.raises(TokenRefusedError):
        rooms.userinfo.answer(token, TokenUse("bearer", Presented("", "GET", (f"{ISSUER}/userinfo",))))
    exchange = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    for grant in (exchange, {"grant_type": "refresh_token", "refresh_token": token},
                  {"grant_type": "authorization_code", "code": token}):
        form = {**grant, "client_id": "console", "client_secret": office.secrets["console"]}
        assert rooms.provider.token(ProviderRequest(form, caller=CALLER)).status in {400, 401}
    office.officer(GLASS)
    assert office.call("GET", "/clients", office.token(GLASS)).status_code == 403


def test_only_the_very_token_and_only_as_a_bearer(emergency: Emergency) -> None:
    token = emergency.token()
    for other in (token[:-2], PREFIX, f"{PREFIX}AAAA", f"{PREFIX}%", token.upper(), token.removeprefix(PREFIX),
                  token + "A" * 600):
        assert emergency.office.call("GET", "/clients", other).status_code == 401
    assert emergency.office.call("GET", "/clients", token, scheme="DPoP").status_code == 401
    emergency.room._name = "ten.khac"
    assert emergency.office.call("GET", "/clients", token).status_code == 401


@pytest.mark.parametrize("body", [{}, {"name": "a", "password": "b"}, {"name": "a", "password": "b", "code": 1},
                                  {"name": "a", "password": "b" * 1025, "code": "c"},
                                  {"name": "a", "password": "b", "code": "c", "more": "d"}])
def test_another_body_is_refused(emergency: Emergency, body: dict[str, Any]) -> None:
    assert emergency.office.call("POST", "/break-glass", "", body).status_code == 422


def test_the_verbs_make_it_once_and_take_it_away(emergency: Emergency) -> None:
    app = Flask("test")
    app.cli.add_command(verbs.commands(lambda: emergency.office.services))

    def run(*arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["break-glass", *arguments])

    token, before = emergency.token(), emergency.file.read_text()
    again = run("create", "--json")
    assert again.exit_code == 1
    assert "break-glass remove" in json.loads(again.stdout)["remedy"]
    assert emergency.file.read_text() == before
    assert json.loads(run("remove", "--json").output) == {"removed": True}
    assert json.loads(run("remove", "--json").output) == {"removed": False}
    assert emergency.office.call("GET", "/clients", token).status_code == 401
    made = json.loads(run("create", "--json").output)
    assert emergency.file.stat().st_mode & 0o777 == 0o600
    assert made["password"] not in emergency.file.read_text()
    assert emergency.office.call("GET", "/clients", token).status_code == 401
    emergency.made = break_glass.Made(made["password"], made["totp_seed"])
    emergency.token()
    assert [event for event, _ in emergency.events()] == [f"break_glass.{what}" for what in (
        "created", "signed_in", "removed", "created", "signed_in")]


def test_making_it_anew_empties_its_counter(emergency: Emergency) -> None:
    for number in range(10):
        emergency.office.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        refused(emergency.ask(password="wrong"))
    emergency.office.client.environ_base["REMOTE_ADDR"] = "192.0.2.50"
    assert emergency.ask().status_code == 429
    emergency.room.remove(CALLER)
    emergency.make().token()
