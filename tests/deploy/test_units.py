"""deploy/systemd/: what the units promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"


def _directives(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    text = (UNITS / name).read_text().replace("\\\n", " ")
    for key, value in re.findall(r"^([A-Za-z]+)=(.*)$", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", ["idp-web.service", "idp-csc.service", "idp-worker.service"])
def test_services_run_unprivileged_and_read_only(name: str) -> None:
    unit = _directives(name)
    assert unit["User"] == ["idp"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["ProtectSystem"] == ["strict"]
    for switch in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectKernelTunables",
                   "ProtectControlGroups", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute"):
        assert unit[switch] == ["yes"], switch
    assert unit["UMask"] == ["0077"]
    assert unit["StateDirectory"] == ["idp"]
    assert "@system-service" in unit["SystemCallFilter"]
    assert unit["Restart"] == ["on-failure"]


def test_web_listens_on_loopback_with_four_blocking_threads() -> None:
    [command] = _directives("idp-web.service")["ExecStart"]
    for words in ("--interface wsgi", "--host 127.0.0.1", "--blocking-threads 4", "--workers 2", "wsgi:app"):
        assert words in command


def test_remote_signing_has_a_process_with_more_threads_than_requests_that_wait() -> None:
    unit = _directives("idp-csc.service")
    [command] = unit["ExecStart"]
    threads = int(re.findall(r"--blocking-threads (\d+)", command)[0])
    assert threads >= int(re.findall(r"IDP_WAITING_REQUESTS=(\d+)", str(unit["Environment"]))[0]) + 8
    assert "--port 8002" in command


def test_web_that_is_not_fit_to_start_fails_before_granian_can_try_again() -> None:
    unit = _directives("idp-web.service")
    assert unit["ExecStartPre"] == ['/opt/idp/.venv/bin/python -c "import wsgi"']
    assert "--respawn-failed-workers" in unit["ExecStart"][0]


def test_units_carry_no_secret_and_name_the_settings_file() -> None:
    for path in UNITS.glob("*.service"):
        text = path.read_text()
        assert "IDP_CONFIG=/etc/idp/idp.toml" in text
        assert not re.search(r"(?i)password|secret", text)
