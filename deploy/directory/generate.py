"""The sample directory as LDIF, the same bytes for the same seed (RFC 2849).

``python -m deploy.directory.generate > sample.ldif`` shows it. slapadd never hashes, so the LDIF carries finished Argon2id
hashes: one per distinct password. Operational attributes that a running server would add itself (memberOf, entryUUID, the
password policy's state) stand in the LDIF, because slapadd runs no overlays.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from argon2.low_level import Type, hash_secret

from .agencies import PROVINCE, Agency, agency_tree
from .people import DISABLED, GROUPS, MAIL_DOMAIN, MAILBOXES, MUST_CHANGE, Person, staff

SEED = 2020
BASE = "dc=haugiang,dc=gov,dc=vn"
UNITS = f"ou=units,{BASE}"
GROUP_BASE = f"ou=groups,{BASE}"
SERVICES = f"ou=services,{BASE}"
POLICIES = f"ou=policies,{BASE}"
SERVICE_DN = f"cn=idp,{SERVICES}"
DECOY_DN = f"uid=decoy,{SERVICES}"
RESET_DN = f"cn=idp-reset,{SERVICES}"
"""Sets passwords of officers, for administrators; reads nothing."""
DEFAULT_POLICY = f"cn=default,{POLICIES}"
STRICT_POLICY = f"cn=strict,{POLICIES}"
SERVICE_POLICY = f"cn=services,{POLICIES}"
PERMANENT_LOCK = "000001010000Z"
DEMO_PASSWORD = "HauGiang-2026!"
OFFICER_CLASSES = ("inetOrgPerson", "vnOfficer")

Values = str | bytes | Iterable[str]


@dataclass(frozen=True)
class HashCost:
    """Argon2id parameters, the same in slapd's module and in the LDIF, so that every bind takes the same time.

    Attributes:
        memory: KiB.
        rounds: Passes over it.
    """

    memory: int = 7168
    rounds: int = 5

    @property
    def module_arguments(self) -> str:
        """What slapd's argon2 module takes on its olcModuleLoad line."""
        return f"p=1 m={self.memory} t={self.rounds}"

    def hash(self, password: str, salt: bytes) -> str:
        """Hash in the form that slapd stores."""
        digest = hash_secret(unicodedata.normalize("NFC", password).encode(), salt, time_cost=self.rounds,
                             memory_cost=self.memory, parallelism=1, hash_len=32, type=Type.ID)
        return "{ARGON2}" + digest.decode()

    def nobodys(self, salt: bytes, filling: bytes) -> str:
        """Make a hash of the same shape that no known password has; checking it costs as much as any other."""
        parts = self.hash("", salt).split("$")
        parts[-1] = base64.b64encode(filling).decode().rstrip("=")
        return "$".join(parts)


CHEAP = HashCost(memory=64, rounds=1)
"""For load figures that must not measure the hash."""


@dataclass
class Ldif:
    """Entries as lines."""

    lines: list[str] = field(default_factory=list)

    def add(self, dn: str, *classes: str, **attributes: Values | None) -> None:
        """Write one entry; attributes without a value are left out."""
        self._line("dn", dn)
        for name in classes:
            self._line("objectClass", name)
        for name, value in attributes.items():
            for one in (value,) if isinstance(value, str | bytes) else (value or ()):
                if one:
                    self._line(name, one)
        self.lines.append("")

    def _line(self, name: str, value: str | bytes) -> None:
        raw = value if isinstance(value, bytes) else value.encode()
        safe = raw.isascii() and raw.decode().isprintable() and not raw.startswith((b" ", b":", b"<")) and not raw.endswith(b" ")
        self.lines.append(f"{name}: {raw.decode()}" if safe else f"{name}:: {base64.b64encode(raw).decode()}")


def sample_directory(*, seed: int = SEED, cost: HashCost | None = None, service_password: str = "",
                     reset_password: str = "") -> str:
    """Give the whole directory as LDIF.

    Args:
        seed: The same seed gives the same people, identifiers and hashes.
        cost: Price of a password check.
        service_password: Of the service account; it is random per installation and never part of the seed.
        reset_password: Of the account that sets officers' passwords; likewise.
    """
    cost = cost or HashCost()
    ldif = Ldif()

    def identifier(what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{seed}/{what}.haugiang.gov.vn"))

    def salt(what: str) -> bytes:
        return hashlib.sha256(f"{seed}/{what}".encode()).digest()[:16]

    ldif.add(BASE, "domain", dc="haugiang", description="Thư mục mẫu, người trong thư mục là hư cấu", entryUUID=identifier(BASE))
    for container in (UNITS, GROUP_BASE, SERVICES, POLICIES):
        ldif.add(container, "organizationalUnit", ou=container.split(",")[0][3:], entryUUID=identifier(container))
    _policies(ldif, identifier)
    ldif.add(SERVICE_DN, "applicationProcess", "simpleSecurityObject", cn="idp", entryUUID=identifier(SERVICE_DN),
             description="Single sign-on, reads only", pwdPolicySubentry=SERVICE_POLICY,
             userPassword=CHEAP.hash(service_password, salt(service_password)) if service_password else "{ARGON2}*")
    ldif.add(RESET_DN, "applicationProcess", "simpleSecurityObject", cn="idp-reset", entryUUID=identifier(RESET_DN),
             description="Single sign-on, sets passwords of officers and nothing else", pwdPolicySubentry=SERVICE_POLICY,
             userPassword=CHEAP.hash(reset_password, salt(reset_password)) if reset_password else "{ARGON2}*")
    ldif.add(DECOY_DN, "account", "simpleSecurityObject", uid="decoy", entryUUID=identifier(DECOY_DN),
             description="Unknown names are checked against this hash, so that they take the same time",
             userPassword=cost.nobodys(salt("decoy"), hashlib.sha256(f"{seed}/nobody".encode()).digest()))

    agencies = agency_tree()
    places = {agency.code: unit_dn(agency.code) for agency in agencies}
    people = staff(seed)
    for agency in agencies:
        _unit(ldif, agency, places[agency.code], identifier(f"unit/{agency.code}"))
    shared = cost.hash(DEMO_PASSWORD, salt("password"))
    for person in people:
        sponsor = next((officer_dn(other, places) for other in people if other.uid == person.sponsor), None)
        _officer(ldif, person, places, agencies, identifier(f"officer/{person.uid}"), shared, sponsor)
    for uid, name, code in MAILBOXES:
        ldif.add(f"uid={uid},{places[code]}", "inetOrgPerson", uid=uid, cn=name, sn=name, mail=f"{uid}@{MAIL_DOMAIN}",
                 departmentNumber=code, employeeType="mailbox", userPassword=shared, entryUUID=identifier(f"mailbox/{uid}"))
    for group, purpose in GROUPS.items():
        members = [officer_dn(person, places) for person in people if group in person.groups]
        ldif.add(f"cn={group},{GROUP_BASE}", "groupOfNames", cn=group, description=purpose,
                 entryUUID=identifier(f"group/{group}"), member=members)
    return "\n".join(ldif.lines)


def officer_dn(person: Person, places: dict[str, str] | None = None) -> str:
    """Give the officer's place: under the unit of the main post, so that a transfer changes the DN as it does in real trees."""
    code = person.posts[0][0]
    return f"uid={person.uid},{places[code] if places else unit_dn(code)}"


def unit_dn(code: str) -> str:
    """Give the entry of an agency."""
    groups = code.split(".")
    return ",".join(f"ou={'.'.join(groups[:n])}" for n in range(len(groups), 0, -1)) + f",{UNITS}"


def _unit(ldif: Ldif, agency: Agency, dn: str, identifier: str) -> None:
    ldif.add(dn, "organizationalUnit", "vnUnit", ou=[agency.code, agency.name], vnUnitCode=agency.code,
             vnUnitCode2016=agency.code_2016, vnUnitName=agency.name, vnUnitKind=agency.kind, vnValidFrom="20200201",
             description=agency.short, street=agency.street, l=agency.locality, st=PROVINCE if agency.locality else None,
             entryUUID=identifier)


def _officer(ldif: Ldif, person: Person, places: dict[str, str], agencies: tuple[Agency, ...], identifier: str,
             password: str, sponsor: str | None) -> None:
    form: Literal["NFC", "NFD"] = "NFD" if person.decomposed else "NFC"
    family, _, given = person.name.partition(" ")
    units = {agency.code: agency for agency in agencies}
    main, title = person.posts[0]
    ldif.add(
        officer_dn(person, places), *OFFICER_CLASSES, uid=person.uid, cn=unicodedata.normalize(form, person.name),
        displayName=unicodedata.normalize(form, person.name), sn=unicodedata.normalize(form, family),
        givenName=unicodedata.normalize(form, given), mail=person.mail, telephoneNumber=person.phone, mobile=person.mobiles,
        employeeNumber=person.employee_number, departmentNumber=main, ou=units[main].name, title=title,
        vnPost=[f"{number}${code}${post}" + (f"${person.last_days[number - 1]}" if number - 1 in person.last_days else "")
                for number, (code, post) in enumerate(person.posts, start=1)],
        vnCitizenId=person.citizen_id, preferredLanguage="vi", userPassword=password, entryUUID=identifier,
        employeeType=person.guest or None, manager=sponsor, vnValidTo=person.last_day or None,
        memberOf=[f"cn={group},{GROUP_BASE}" for group in sorted(person.groups)],
        pwdAccountLockedTime=PERMANENT_LOCK if person.state == DISABLED else None,
        pwdReset="TRUE" if person.state == MUST_CHANGE else None)


def _policies(ldif: Ldif, identifier: Callable[[str], str]) -> None:
    """Write the province's rules, a stricter set, and one for programs, whose secrets operators change.

    The default never locks for wrong guesses (pwdMaxFailure 0): the server sees one address for the whole province, so a lock
    there is one that any stranger can put on any officer; the sign-in page throttles per source instead. pwdLockout stays TRUE,
    because without it slapd ignores the mark that disables an account.
    """
    common = {"pwdAttribute": "userPassword", "pwdAllowUserChange": "TRUE", "pwdSafeModify": "TRUE", "pwdMustChange": "TRUE",
              "pwdCheckQuality": "2", "pwdLockout": "TRUE"}
    ldif.add(DEFAULT_POLICY, "applicationProcess", "pwdPolicy", cn="default", pwdMinLength="12", pwdInHistory="5",
             pwdMaxFailure="0", pwdMaxRecordedFailure="1", entryUUID=identifier(DEFAULT_POLICY), **common)
    ldif.add(STRICT_POLICY, "applicationProcess", "pwdPolicy", cn="strict", pwdMinLength="14", pwdInHistory="10",
             pwdMaxFailure="5", pwdLockoutDuration="900", pwdFailureCountInterval="900", pwdMaxAge="5184000",
             pwdExpireWarning="1209600", pwdGraceAuthNLimit="3", pwdMinAge="60", entryUUID=identifier(STRICT_POLICY), **common)
    ldif.add(SERVICE_POLICY, "applicationProcess", "pwdPolicy", cn="services", pwdMaxFailure="0", pwdMaxRecordedFailure="1",
             entryUUID=identifier(SERVICE_POLICY), **{**common, "pwdMustChange": "FALSE", "pwdAllowUserChange": "FALSE"})


def main(arguments: list[str] | None = None) -> int:
    """Print the LDIF."""
    parser = argparse.ArgumentParser(description="The sample directory as LDIF")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args(arguments)
    sys.stdout.write(sample_directory(seed=chosen.seed))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
