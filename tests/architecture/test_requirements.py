"""security.md line 63: dependencies are pinned with hashes, above the floors, and from no index in particular."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
# SECURITY.md gives the reasons; the last test here holds the two lists together.
FLOORS = {
    "authlib": "1.8.0", "joserfc": "1.7.6", "pyjwt": "2.15.0", "python-ldap": "3.4.5", "cryptography": "46.0.6",
    "gunicorn": "22.0.0", "flask": "2.3.2", "werkzeug": "3.0.1", "signxml": "4.0.4",
}
NEVER = {"python-jose"}
PINS = ["build.txt", "runtime.txt", "pkcs11.txt", "samples.txt", "test.txt"]


def _pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", (REQUIREMENTS / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("name", PINS)
def test_pins_stand_above_the_floors(name: str) -> None:
    pins = _pins(name)
    assert pins
    assert not NEVER & set(pins)
    low = {package: version for package, version in pins.items()
           if package in FLOORS and Version(version) < Version(FLOORS[package])}
    assert low == {}


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_a_hash_and_no_address(name: str) -> None:
    text = (REQUIREMENTS / name).read_text()
    logical = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"\S+==\S+( ; .+?)? +--hash=sha256:[0-9a-f]{64}", line) for line in logical)
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_test_requirements_contain_the_runtime_ones() -> None:
    runtime, test = _pins("runtime.txt"), _pins("test.txt")
    assert {package: test.get(package) for package in runtime} == runtime
    for name in ("pkcs11.txt", "samples.txt"):
        further = _pins(name)
        assert {package: test.get(package) for package in further} == further


def test_the_samples_have_the_versions_that_the_product_has() -> None:
    runtime, samples = _pins("runtime.txt"), _pins("samples.txt")
    assert {package: version for package, version in samples.items() if runtime.get(package, version) != version} == {}


def test_lower_bounds_of_the_package_are_those_of_the_requirements() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    declared = {line.replace(" ", "") for line in setup["options"]["install_requires"].strip().splitlines()}
    listed = {line.replace(" ", "") for line in (REQUIREMENTS / "runtime.in").read_text().splitlines() if line and line[0] != "#"}
    assert declared == listed
    extra = {line.replace(" ", "") for line in setup["options.extras_require"]["pkcs11"].strip().splitlines()}
    assert extra == {line for line in (REQUIREMENTS / "pkcs11.in").read_text().splitlines() if line and line[0] != "#"}


def test_everything_asked_for_is_pinned() -> None:
    for name in ("build", "runtime", "pkcs11", "samples", "test"):
        asked = [Requirement(line) for line in (REQUIREMENTS / f"{name}.in").read_text().splitlines()
                 if line and line[0] not in "#-"]
        pins = _pins(f"{name}.txt")
        assert all(pins[canonicalize_name(one.name)] in one.specifier for one in asked)


def test_npm_lock_names_no_registry_and_has_a_hash_for_every_package() -> None:
    lock = json.loads((ROOT / "tests" / "npm" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in package and package["integrity"].startswith("sha512-") for package in packages.values())


def test_security_page_lists_the_floors() -> None:
    rows = re.findall(r"^\| ([A-Za-z-]+) \| ([0-9.]+|never) \|", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    listed = {canonicalize_name(package): floor for package, floor in rows}
    assert listed == FLOORS | dict.fromkeys(NEVER, "never")
