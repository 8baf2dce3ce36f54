"""``flask doctor``: one line each, with the remedy; exit status 1 when something does not work."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from idp.administration.operation.jobs import JobQueue
from idp.authn.enrolment.first_factor import TrustedNetworks
from idp.authn.networks import read_networks
from idp.cli import doctor
from idp.cli.audit import archive
from idp.cli.audit.trail import heads_health
from idp.cli.doctor import OLD_KEY_SECONDS, Line, examine
from idp.directory.brake import FeedState
from idp.directory.officer import CheckLine
from idp.errors import ConfigurationError, UnavailableError
from idp.jose.keyset import ALGORITHMS, StoredKey
from idp.jose.rotation import OVERDUE_SECONDS
from idp.outbox import FailingReceiver, QueueState
from idp.settings import Settings
from idp.signing.sims.brake import Doubt
from tests.fakes.mirroring import quiet_mirroring
from tests.signing.cards import Carrier

from ..fakes.clock import FakeClock
from ..fakes.notices import application
from ..fakes.registrations import initial_access_token


def settings(**members: Any) -> Settings:
    return Settings(**{"env": "production", "issuer": "https://sso.example", "trusted_proxies": ("127.0.0.1",),
                       "database_url": "postgresql+psycopg://idp:hunter2@db.example/idp", "keys_dir": Path("nowhere"), **members})


def key(alg: str, state: str) -> StoredKey:
    return StoredKey(f"{alg}-{state}-kid", alg, state, "{}", b"sealed", 0, 1_700_000_000)


def cannot(err: Exception) -> Callable[[str], None]:
    def prove(_alg: str) -> None:
        raise err

    return prove


def months(*, configured: bool = True, missing: Any = (), overdue: str = "", due: Sequence[str] = ()) -> Any:
    """Give archived months of which this is to be said."""
    def missed() -> Sequence[str]:
        if isinstance(missing, Exception):
            raise missing
        return tuple(missing)

    return SimpleNamespace(archives=SimpleNamespace(
        configured=configured, missing=missed, overdue=lambda: overdue, months=list,
        due=lambda: [SimpleNamespace(month=SimpleNamespace(month=month)) for month in due]))


class House:
    """Rooms in which all is well."""

    def __init__(self) -> None:
        self.settings = settings()
        self.clock = FakeClock()
        self.mobile_signatures: Any = None
        self.database_error: Exception | None = None
        self.schema, self.trigrams = "current", True
        self.stored = [key(alg, state) for alg in ALGORITHMS for state in ("active", "next")]
        self.proven: list[str] = []
        self.due: int | None = self.clock.now() + 86400
        self.token = SimpleNamespace(holds=lambda uri: uri != "pkcs11:lost", check=lambda: "province, SoftHSM 1")
        self.keys = SimpleNamespace(reload=lambda: None, stored=lambda: self.stored, prove=self.proven.append, token=self.token,
                                    next_rotation_at=lambda _alg: self.due)
        self.encryption_keys = SimpleNamespace(prove=lambda: None)
        self.lists = {"lists": 2, "out_of_date": 0, "unreadable": 0}
        self.certificates = SimpleNamespace(offered=False, revocation_lists=lambda: self.lists)
        self.registered = [application("qlvb", redirect_uris=("https://qlvb.example/cb",))]
        self.clients = SimpleNamespace(all=lambda: tuple(self.registered))
        self.leave = [initial_access_token("open", expires_at=self.clock.now() + 60)]
        self.initial_access = SimpleNamespace(tokens=lambda: self.leave)
        self.heartbeat: int | None = self.clock.now() - 1
        self.archived_months = months()
        self.queued = JobQueue(0, 1, None, 0)
        self.job_work = SimpleNamespace(queue=lambda: self.queued)
        self.pulse = SimpleNamespace(last=lambda: self.heartbeat)
        self.notices = QueueState(0, None, 0, ())
        self.outbox = SimpleNamespace(state=lambda: self.notices)
        self.letters = QueueState(0, None, 0, ())
        self.server = SimpleNamespace(check=lambda: "mail.example:587 answers (TLSv1.3)")
        self.mail = SimpleNamespace(state=lambda: self.letters)
        self.mail_delivery = SimpleNamespace(server=self.server)
        self.backlog, self.conflict = (0, 0), ""
        self.audit_chain = SimpleNamespace(backlog=lambda: self.backlog, head_conflict=lambda: self.conflict)
        self.heads: list[Any] = []
        self.daily_heads = SimpleNamespace(configured=True, newest=lambda _limit: self.heads)
        self.break_glass = SimpleNamespace(named=False, there=lambda: False, problem=lambda: None)
        self.certification = SimpleNamespace(authorities=list)
        self.published_chain = SimpleNamespace(links=list)
        off = SimpleNamespace(switched_on=False)
        self.certificate_protocols = SimpleNamespace(time_stamps=off, est=off)
        self.first_factors = SimpleNamespace(trusted=TrustedNetworks(read_networks(["tinh=10.0.0.0/8"]), frozenset({"tinh"})))
        self.assurance = SimpleNamespace(second_factor_networks=frozenset({"outside"}))
        self.checked = [CheckLine("server ldaps://ldap1.example", True, "answers")]
        self.mirroring = quiet_mirroring()
        self.directory = SimpleNamespace(check=lambda: tuple(self.checked))

    def ping_database(self) -> None:
        if self.database_error:
            raise self.database_error

    def schema_state(self) -> str:
        return self.schema

    def has_trigrams(self) -> bool:
        return self.trigrams


def look(house: House, found: Settings | None = None) -> list[Line]:
    return list(examine(lambda: house, found or house.settings, {}))  # type: ignore[arg-type,return-value]


def problems(house: House, found: Settings | None = None) -> list[tuple[str, str]]:
    return [(line.check, line.state) for line in look(house, found) if line.state != "ok" and line.check != "clock"]


def run(services: Callable[[], Any], found: Settings, *arguments: str) -> Result:
    app = Flask("test")
    app.cli.add_command(doctor.commands(services, lambda: found, lambda _settings: {}))
    return app.test_cli_runner().invoke(args=["doctor", *arguments])


def test_interface_s3_a_fit_deployment_is_0_and_everything_is_named() -> None:
    house = House()
    result = run(lambda: house, house.settings)
    assert result.exit_code == 0
    checks = {line.check for line in look(house)}
    assert checks == {"settings", "proxy", "clock", "database", "keys", "clients", "initial access", "worker", "logout notices",
                      "audit trail", "directory", "break glass", "second factors", "mail", "jobs"}
    assert problems(house) == []


def test_a_break_glass_administrator_who_is_switched_on_is_a_warning() -> None:
    house = House()
    house.break_glass = SimpleNamespace(named=True, there=lambda: True, problem=lambda: None)
    assert problems(house) == [("break glass", "warning")]
    found = look(house)
    _remedies(found)
    house.break_glass.problem = lambda: ConfigurationError("It can be used by others.", remedy="Run: chmod 600 it")
    assert [(line.state, line.remedy) for line in look(house) if line.check == "break glass"] == [
        ("warning", "Run: chmod 600 it")]


def test_ways_to_a_first_factor_that_do_not_go_together_are_named() -> None:
    house = House()
    assert [line.state for line in look(house) if line.check == "second factors"] == ["ok"]
    house.first_factors.trusted = TrustedNetworks(read_networks([]), frozenset())
    assert problems(house) == [("second factors", "warning")]
    house.assurance.second_factor_networks = frozenset({"tinh"})
    house.first_factors.trusted = TrustedNetworks(read_networks(["tinh=10.0.0.0/8"]), frozenset({"tinh"}))
    assert problems(house) == [("second factors", "warning")]
    _remedies(look(house))


def test_every_key_signs_a_probe_and_its_next_rotation_is_told() -> None:
    house = House()
    found = [line.found for line in look(house) if line.check == "keys"]
    assert house.proven == list(ALGORITHMS)
    assert found[0] == "the PKCS #11 token answers: province, SoftHSM 1."
    assert found[1] == "ES256 key ES256-ac (database) signs since 0 days; next rotation in 1 days."
    house.due = None
    assert all("rotation by hand" in line.found for line in look(house)[1:] if " signs since " in line.found)
    house.keys.token = None
    assert not any("token" in line.found for line in look(house) if line.check == "keys")


def _remedies(lines: list[Line]) -> None:
    for line in lines:
        assert bool(line.remedy) == (line.state != "ok"), line
        assert line.found.endswith(".") or line.check == "directory"


@pytest.mark.parametrize(("spoil", "expected"), [
    (lambda h: setattr(h, "schema", "behind"), ("database", "failed")),
    (lambda h: setattr(h, "schema", "empty"), ("database", "failed")),
    (lambda h: setattr(h, "schema", "newer"), ("database", "warning")),
    (lambda h: setattr(h, "trigrams", False), ("database", "warning")),
    (lambda h: setattr(h, "database_error", UnavailableError("x", dependency="database", debug="refused")),
     ("database", "failed")),
    (lambda h: h.stored.pop(0), ("keys", "failed")),
    (lambda h: h.stored.pop(1), ("keys", "warning")),
    (lambda h: h.stored.clear(), ("keys", "warning")),
    (lambda h: (setattr(h, "due", None), h.clock.advance(OLD_KEY_SECONDS + 1)), ("keys", "warning")),
    (lambda h: h.clock.advance(86400 + OVERDUE_SECONDS + 1), ("keys", "warning")),
    (lambda h: setattr(h.keys, "prove", cannot(UnavailableError("away", dependency="key_token"))), ("keys", "failed")),
    (lambda h: setattr(h.token, "check", lambda: cannot(UnavailableError("away.", dependency="key_token"))("")),
     ("keys", "failed")),
    (lambda h: setattr(h.keys, "prove", cannot(ConfigurationError("sealed", remedy="Restore."))), ("keys", "failed")),
    (lambda h: setattr(h.encryption_keys, "prove", lambda: cannot(UnavailableError("Away.", dependency="keys"))("ECDH-ES")),
     ("keys", "failed")),
    (lambda h: h.stored.__setitem__(1, replace(h.stored[1], token_uri="pkcs11:lost")), ("keys", "failed")),
    (lambda h: h.registered.append(application("old", require_pkce=False)), ("clients", "warning")),
    (lambda h: h.registered.append(application("old", assertion_audience="token_endpoint")), ("clients", "warning")),
    (lambda h: h.registered.append(application("old", response_types=("code", "id_token"))), ("clients", "warning")),
    (lambda h: h.registered.append(application("old", "", redirect_uris=("https://x.example/",))), ("clients", "warning")),
    (lambda h: h.registered.append(application("old", "", redirect_uris=("https://x.example/",),
                                               frontchannel_logout_uri="https://x.example/out")), ("clients", "warning")),
    (lambda h: h.leave.append(initial_access_token("for-ever")), ("initial access", "warning")),
    (lambda h: setattr(h, "heartbeat", None), ("worker", "warning")),
    (lambda h: setattr(h, "heartbeat", h.clock.now() - 60), ("worker", "failed")),
    (lambda h: setattr(h, "backlog", (5, 61)), ("audit trail", "failed")),
    (lambda h: setattr(h, "conflict", "seal 9 is known, the database ends at 3"), ("audit trail", "failed")),
    (lambda h: setattr(h, "conflict", "chain 1 is known up to seal 9, the database has none"), ("audit trail", "failed")),
    (lambda h: h.checked.append(CheckLine("server ldaps://ldap2.example", False, "no answer", "Start it.")),
     ("directory", "failed")),
])
def test_each_fault_is_one_line_with_its_remedy(spoil: Callable[[House], None], expected: tuple[str, str]) -> None:
    house = House()
    spoil(house)
    assert expected in problems(house)
    _remedies(look(house))
    assert run(lambda: house, house.settings).exit_code == (1 if any(s == "failed" for _c, s in problems(house)) else 0)


def test_tokens_that_are_good_for_nothing_any_more_are_no_finding() -> None:
    house = House()
    house.leave = [initial_access_token("revoked", revoked_at=1), initial_access_token("used-up", quota=2, used=2)]
    assert problems(house) == []
    house.leave = [initial_access_token("open", quota=5, used=2, expires_at=house.clock.now() + 1)]
    assert "1 tokens let 3 applications" in next(line.found for line in look(house) if line.check == "initial access")


def test_a_clock_of_the_worker_that_is_ahead_is_named() -> None:
    house = House()
    house.heartbeat = house.clock.now() + 90
    assert any(line.check == "clock" and line.state == "failed" and "90 s ahead" in line.found for line in look(house))


def test_dead_notices_name_the_application_the_reason_and_the_command() -> None:
    house = House()
    house.notices = QueueState(3, 1, 2, (FailingReceiver("qlvb", 3, 2, "HTTP 500"),
                                         FailingReceiver("web", 1, 0, "No answer in time.")))
    dead, waiting = (line for line in look(house) if line.check == "logout notices")
    assert (dead.state, waiting.state) == ("failed", "warning")
    assert dead.found == "qlvb does not take them: 3 wait, 2 dead; last answer: HTTP 500."
    assert "worker notices --retry qlvb" in dead.remedy
    assert waiting.found.endswith("No answer in time.")


@pytest.mark.parametrize(("members", "expected"), [
    ({"database_url": "sqlite:///var/idp.sqlite3"}, ("settings", "warning")),
    ({"log_level": "DEBUG"}, ("settings", "warning")),
    ({"legacy_response_types": True}, ("settings", "warning")),
    ({"trusted_proxies": ()}, ("proxy", "warning")),
    ({"trusted_proxies": ("0.0.0.0/0",)}, ("proxy", "warning")),
    ({"trusted_proxies": ("nginx",)}, ("proxy", "failed")),
    ({"env": "development", "issuer": "http://localhost:8000"}, ("settings", "warning")),
])
def test_settings_that_somebody_should_look_at(members: dict[str, Any], expected: tuple[str, str]) -> None:
    house = House()
    assert expected in problems(house, settings(**members))
    _remedies(look(house, settings(**members)))


def secret(folder: Path, name: str, content: str = "a-long-random-value", mode: int = 0o600) -> Path:
    path = folder / name
    path.write_text(content)
    path.chmod(mode)
    return path


def test_interface_s3_every_secret_file_and_its_mode_is_looked_at(tmp_path: Path) -> None:
    """Those too that no verb opens: form key, client secrets, the token for figures, the password for the directory."""
    house = House()
    good = [secret(tmp_path, "session.key"), secret(tmp_path, "qlvb.secret", mode=0o640)]
    bad = [secret(tmp_path, "web.secret", mode=0o644), secret(tmp_path, "metrics.token", "changeme"), tmp_path / "ldap.password"]
    found = dict.fromkeys([*good, *bad], "Put it there.")
    lines = [line for line in examine(lambda: house, house.settings, found) if line.check == "keys"]  # type: ignore[arg-type,return-value]
    failed = [line for line in lines if line.state == "failed"]
    assert [str(path) in line.found for path, line in zip(bad, failed, strict=True)] == [True] * 3
    assert [line.remedy for line in failed] == [f"Run: chmod 600 {bad[0]}", "Put a random value into it.", "Put it there."]
    assert any(line.state == "ok" and line.found.startswith("2 secret files") for line in lines)
    _remedies(lines)


def test_what_the_rooms_refuse_too_is_said_once(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ConfigurationError(f"The secret file {tmp_path / 'x'} cannot be read.", remedy="Put it there.")

    lines = list(examine(refuse, settings(), {tmp_path / "x": "Put it there."}))  # type: ignore[arg-type]
    assert [line.found for line in lines if line.state == "failed"] == [f"The secret file {tmp_path / 'x'} cannot be read."]


def test_rooms_that_cannot_be_built_are_a_finding_with_the_remedy() -> None:
    def refuse() -> None:
        raise ConfigurationError("The folder keys does not exist.", remedy="Run: flask --app wsgi keys init")

    result = run(refuse, settings())
    assert result.exit_code == 1
    assert "failed   keys: The folder keys does not exist. Remedy: Run: flask --app wsgi keys init" in result.stdout


def test_a_broken_check_does_not_hide_the_others() -> None:
    house = House()

    def away() -> None:
        raise UnavailableError("Briefly unavailable.", dependency="database")

    house.outbox = SimpleNamespace(state=away)
    lines = look(house)
    assert ("logout notices", "failed") in [(line.check, line.state) for line in lines]
    assert lines[-1].check == "mail"
    assert any(line.check == "audit trail" for line in lines)


def test_the_mail_server_is_asked_and_what_it_does_not_take_is_told() -> None:
    house = House()
    assert [line.found for line in look(house) if line.check == "mail"] == [
        "mail.example:587 answers (TLSv1.3); 0 mails wait."]

    def away() -> str:
        raise UnavailableError("No connection.", dependency="mail")

    house.server.check = away
    house.letters = QueueState(0, None, 3, (FailingReceiver("mail", 0, 3, "SMTP 550"),))
    assert [(line.state, line.found) for line in look(house) if line.check == "mail"] == [
        ("failed", "the mail server does not take mail: No connection."),
        ("warning", "3 mails are dead; last answer: SMTP 550.")]
    house.mail_delivery.server = None
    assert [line.state for line in look(house) if line.check == "mail"] == ["warning"]


def test_each_carrier_is_asked_whether_it_lets_us_in() -> None:
    house, carrier = House(), Carrier()
    assert [line for line in look(house) if line.check == "mobile signature"] == []
    doubts: list[Doubt] = []
    house.mobile_signatures = SimpleNamespace(carriers={"Mạng Một": carrier}, brake=SimpleNamespace(open=lambda: doubts))

    def found() -> list[tuple[str, str]]:
        return [(line.state, line.found) for line in look(house) if line.check == "mobile signature"]

    assert found() == [("ok", "the service of Mạng Một answers.")]
    carrier.takes = (104, None)
    assert found() == [("failed", "the service of Mạng Một refuses us: 104 said 104.")]
    carrier.away = True
    assert found() == [("failed", "the service of Mạng Một does not answer: away.")]
    assert [line.state for line in look(house) if line.check == "signing SIMs"] == ["ok"]
    doubts.append(Doubt("d1", "Mạng Một", 1, 412))
    [line] = [line for line in look(house) if line.check == "signing SIMs"]
    assert (line.state, "412" in line.found, "sims decide" in line.remedy) == ("failed", True, True)


@pytest.mark.parametrize(("state", "expected"), [(0, "ok"), (5, "warning"), (None, "warning"), (-1, "warning")])
def test_the_kernel_is_asked_about_its_clock(state: int | None, expected: str) -> None:
    assert doctor._clock(state).state == expected


def test_interface_s3_json_tells_whether_it_is_fit() -> None:
    house = House()
    house.schema = "behind"
    result = run(lambda: house, house.settings, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["fit"] is False
    assert {"check": "database", "state": "failed", "found": "postgresql answers, but lacks migrations.",
            "remedy": "Run: flask --app wsgi db upgrade"} in answer["findings"]


@pytest.mark.parametrize("url", ["postgresql+psycopg://idp:hunter2@db.example/idp",
                                 "postgresql+psycopg://idp@/idp?host=/run/postgresql&password=hunter2"])
def test_every_setting_is_listed_with_its_meaning_and_no_password(url: str) -> None:
    def unused() -> None:
        raise AssertionError

    text = run(unused, settings(database_url=url), "--settings").stdout
    answer = json.loads(run(unused, settings(database_url=url), "--settings", "--json").stdout)
    listed = answer["settings"]
    assert answer["problems"] == []
    assert [entry["name"] for entry in listed] == list(Settings.model_fields)
    assert all(entry["meaning"] and f"{entry['variable']} = " in text for entry in listed)
    assert "hunter2" not in text + json.dumps(listed)
    assert next(e for e in listed if e["name"] == "trusted_proxies")["value"] == "127.0.0.1"


@pytest.mark.parametrize(("lists", "state"), [
    ({"lists": 2, "out_of_date": 0, "unreadable": 0}, "ok"), ({"lists": 0, "out_of_date": 0, "unreadable": 0}, "failed"),
    ({"lists": 2, "out_of_date": 1, "unreadable": 0}, "warning"), ({"lists": 1, "out_of_date": 0, "unreadable": 1}, "warning")])
def test_revocation_lists_are_looked_at_where_officers_show_certificates(lists: dict[str, int], state: str) -> None:
    house = House()
    house.lists = lists
    assert "certificates" not in {line.check for line in look(house)}
    house.certificates.offered = True
    assert [line.state for line in look(house) if line.check == "certificates"] == [state]


@pytest.mark.parametrize(("configured", "heads", "state"), [
    (True, [], "ok"), (False, [], "warning"), (True, [("sent", 1, "")], "ok"), (True, [("waiting", 2, "refused")], "warning"),
    (True, [("sent", 1, ""), ("dead", 30, "refused")], "failed")])
def test_daily_heads_that_do_not_leave_the_machine_are_named(
        configured: bool, heads: list[tuple[str, int, str]], state: str) -> None:
    house: Any = House()
    house.daily_heads.configured = configured
    house.heads = [SimpleNamespace(day=f"2026-11-{20 + n}", state=one, attempts=attempts, last_error=error)
                   for n, (one, attempts, error) in enumerate(heads)]
    assert [found for found, *_ in heads_health(house)] == [state]


@pytest.mark.parametrize(("found", "state", "said"), [
    ({}, "ok", "0 months"), ({"configured": False}, "warning", "nothing is purged"),
    ({"missing": ["2026-01"]}, "failed", "missing: 2026-01"), ({"overdue": "2026-02"}, "warning", "2026-02 should have left"),
    ({"due": ["2024-01"]}, "warning", "due for deletion: 2024-01"),
    ({"missing": UnavailableError("The folder is away.", dependency="audit_archive")}, "failed", "The folder is away.")])
def test_archived_months_that_need_somebody_are_named(found: dict[str, Any], state: str, said: str) -> None:
    house: Any = House()
    house.archived_months = months(**found)
    ((told, what, remedy),) = archive.health(house)
    assert (told, said in what, bool(remedy)) == (state, True, state != "ok")
    assert [line.state for line in look(house) if said in line.found] == [state]


def test_a_developer_is_told_of_archives_when_there_would_be_some() -> None:
    house: Any = House()
    house.settings = settings(env="development", issuer="http://localhost:8000")
    house.archived_months = months(configured=False)
    assert list(archive.health(house)) == []
    house.archived_months = months(configured=False, overdue="2026-02")
    assert [state for state, *_ in archive.health(house)] == ["ok"]


def test_a_brake_that_holds_officers_back_is_named_with_the_commands() -> None:
    house = House()
    house.mirroring.now = FeedState(braked_at=1, reason="share", losses=60, active=400)
    lines = list(examine(lambda: house, house.settings, {}))  # type: ignore[arg-type,return-value]
    assert any(line.check == "directory" and line.state == "failed" and "60 of 400" in line.found
               and "directory release" in line.remedy for line in lines)
