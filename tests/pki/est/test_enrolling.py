"""RFC 7030: who gets which certificate, once, and who renews."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.pki.leaves import SqlLeaves
from idp.directory.officer import Post
from idp.errors import ConfigurationError, RefusedError, UnavailableError
from idp.notices import NoticeKind
from idp.pki.authority.csr import CsrError
from idp.pki.authority.issuance import Issued
from idp.pki.authority.lint import LintError
from idp.pki.authority.portable import PortableCertificates
from idp.pki.authority.ports import Certificate, Reason
from idp.pki.est import messages
from idp.pki.est.enrolling import Est
from idp.pki.est.passwords import EnrollmentPasswords, Leave
from tests.audit_desk import events_of
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.directory import make_officer
from tests.fakes.mirror import FakeMirror
from tests.pki.authority.house import CALLER, request
from tests.pki.authority.house import House as Authority

POST = Post("H30.11", "000.00.11.H30", "Sở Y tế", "Trưởng phòng")
HOST = "may-in.syt.haugiang.example"


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class House(Authority):
    """An authority with the enrolment service before it."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.founded()
        self.mirror = FakeMirror()
        self.sub = self.mirror.remember(make_officer("canbo", posts=(POST,)), now=self.clock.now())
        self.leaves = SqlLeaves(database)
        self.passwords = EnrollmentPasswords(self.leaves, self.clock)
        self.est = Est(self.issuance, self.store, self.passwords, self.mirror, self.clock, organization="Tỉnh Hậu Giang",
                       switched_on=True)

    def leave(self, profile: str = "tls_client", **more: Any) -> Leave:
        given = {"hosts": () if profile.startswith("officer") else (HOST,),
                 "holder": self.sub if profile.startswith("officer") else "", **more}
        leave, password = self.passwords.create(profile=profile, seconds=3600, caller=CALLER, **given)
        assert self.passwords.check(leave.name, password) == leave
        return leave

    def enrolled(self, **more: Any) -> Issued:
        return self.est.by_password(self.leave(**more), request(new_key()), CALLER)

    def held(self, issued: Issued) -> Certificate | None:
        return self.est.holder_of(issued.certificate)

    def officer(self, **changes: Any) -> None:
        self.mirror.remember(replace(make_officer("canbo", posts=(POST,)), **changes), now=self.clock.now())


def renewal(before: x509.Certificate, *, subject: x509.Name | None = None, names: Any = None, key: Any = None) -> bytes:
    """Make a request for what a certificate says, or for something else."""
    names = names or before.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return x509.CertificateSigningRequestBuilder().subject_name(subject or before.subject).add_extension(
        names, critical=False).sign(key or new_key(), SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def raising(fault: BaseException) -> Callable[..., Any]:
    def act(*_args: Any, **_named: Any) -> Any:
        raise fault

    return act


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as why:
        act()
    return why.value.code


def test_security_48_names_come_from_the_record_and_never_from_the_request(house: House) -> None:
    made = house.enrolled(subject_name="Máy in tầng 2").certificate
    assert made.subject.rfc4514_string() == "CN=Máy in tầng 2,O=Tỉnh Hậu Giang,C=VN"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_an_officers_names_come_from_the_directory_as_it_is_at_that_moment(house: House) -> None:
    leave = house.leave("officer_authentication")
    house.officer(posts=(replace(POST, title="Giám đốc"),))
    made = house.est.by_password(leave, request(new_key()), CALLER)
    assert "Giám đốc" in made.certificate.subject.rfc4514_string()
    assert (made.record.holder, made.record.profile) == (house.sub, "officer_authentication")


@pytest.mark.parametrize("wanted", [
    {"profile": "officer_signing"}, {"profile": "agency_seal"}, {"profile": "ocsp_signer"}, {"profile": "issuing"},
    {"profile": "tls_client", "hosts": ()}, {"profile": "tls_client", "hosts": ("a b",)},
    {"profile": "tls_client", "hosts": ("a\n",)}, {"profile": "tls_server", "hosts": ("*.example",)},
    {"profile": "officer_authentication", "holder": ""}, {"profile": "officer_authentication", "hosts": ("a.example",)}])
def test_security_51_what_no_password_is_made_for(house: House, wanted: dict[str, Any]) -> None:
    assert refused(lambda: house.leave(**wanted)) in {"unknown_profile", "incomplete"}
    assert refused(lambda: house.passwords.create(profile="tls_client", hosts=(HOST,), seconds=31 * 86400,
                                                  caller=CALLER)) == "bad_lifetime"


def test_a_password_is_known_by_its_digest_and_wrong_used_and_old_ones_look_alike(house: House) -> None:
    leave, password = house.passwords.create(profile="tls_client", hosts=(HOST,), seconds=60, caller=CALLER)
    assert len(set(password)) > 5
    found = house.leaves.find(leave.name)
    assert found is not None
    assert password.encode() not in found.digest
    check = house.passwords.check
    assert check(leave.name, password + "x") is check(leave.name, "") is check("", password) is check("est-0", password) is None
    assert check(leave.name, "\ud800") is None
    house.clock.advance(60)
    assert check(leave.name, password) is None
    assert refused(lambda: house.est.by_password(leave, request(new_key()), CALLER)) == "used"


def test_security_15_a_password_makes_one_certificate(house: House) -> None:
    leave, made, lost = house.leave(), [], []
    barrier = threading.Barrier(4)

    def enrol() -> None:
        barrier.wait()
        try:
            made.append(house.est.by_password(leave, request(new_key()), CALLER))
        except RefusedError as why:
            lost.append(why.code)

    threads = [threading.Thread(target=enrol) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), lost) == (1, ["used"] * 3)


def test_a_key_that_is_refused_leaves_the_password_as_it_was(house: House) -> None:
    taken, leave = new_key(), house.leave()
    house.est.by_password(house.leave(hosts=("another.example",)), request(taken), CALLER)
    assert refused(lambda: house.est.by_password(leave, b"x", CALLER)) == "bad_request"
    assert refused(lambda: house.est.by_password(leave, request(taken), CALLER)) == "key_reused"
    assert house.est.by_password(leave, request(new_key()), CALLER).record.state == "issued"


@pytest.mark.parametrize("fault", [UnavailableError("away", dependency="database"), ConfigurationError("key", remedy="x"),
                                   LintError("x"), KeyboardInterrupt()])
def test_what_goes_wrong_up_to_the_signature_leaves_the_password_as_it_was(house: House, monkeypatch: pytest.MonkeyPatch,
                                                                           fault: BaseException) -> None:
    leave = house.leave()
    with monkeypatch.context() as broken:
        broken.setattr(house.keys, "sign", raising(fault))
        with pytest.raises(type(fault)):
            house.est.by_password(leave, request(new_key()), CALLER)
    assert house.est.by_password(leave, request(new_key()), CALLER).record.state == "issued"


def test_a_password_stays_used_where_nobody_knows_whether_the_certificate_was_recorded(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    leave, changed = house.leave(), house.leave()
    with monkeypatch.context() as broken:
        broken.setattr(house.store, "issued", lambda *_: False)
        assert refused(lambda: house.est.by_password(changed, request(new_key()), CALLER)) == "changed"
        broken.setattr(house.store, "issued", raising(UnavailableError("away", dependency="database")))
        with pytest.raises(UnavailableError):
            house.est.by_password(leave, request(new_key()), CALLER)
    assert refused(lambda: house.est.by_password(leave, request(new_key()), CALLER)) == "used"
    assert house.est.by_password(changed, request(new_key()), CALLER).record.state == "issued"


@pytest.mark.parametrize("name", [" ", "\u200b", "a\0b", "a\tb", "a\x1f", "x" * 65, "\ud800"])
def test_security_48_no_password_is_made_for_a_name_that_no_certificate_can_say(house: House, name: str) -> None:
    assert refused(lambda: house.leave(subject_name=name)) == "bad_subject"
    assert house.leave(subject_name="x" * 64).subject_name == "x" * 64


@pytest.mark.parametrize(("changes", "code"), [({"uid": "x" * 65}, "bad_subject"), ({"mail": ""}, "incomplete"),
                                               ({"name": "\u200b"}, "bad_subject"), ({"disabled": True}, "officer")])
def test_no_password_is_made_for_an_officer_whom_no_certificate_can_name(house: House, changes: dict[str, Any],
                                                                         code: str) -> None:
    house.officer(**changes)
    make = partial(house.est.password, profile="officer_authentication", holder=house.sub, seconds=60, caller=CALLER)
    assert refused(make) == code
    house.officer()
    leave, password = make()
    assert house.passwords.check(leave.name, password) == leave


def test_an_officer_whose_login_name_is_too_long_is_refused_and_keeps_the_password(house: House) -> None:
    leave = house.leave("officer_authentication")
    house.officer(uid="x" * 65)
    assert refused(lambda: house.est.by_password(leave, request(new_key()), CALLER)) == "bad_subject"
    officer = house.mirror.by_sub(house.sub)
    assert officer is not None
    assert refused(lambda: house.est.for_officer(officer, request(new_key()), CALLER)) == "bad_subject"
    house.officer()
    assert house.est.by_password(leave, request(new_key()), CALLER).record.state == "issued"


def test_a_password_that_is_withdrawn_while_nothing_can_be_issued_stays_withdrawn(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    leave, password = house.passwords.create(profile="tls_client", hosts=(HOST,), seconds=3600, caller=CALLER)

    def withdrawn_meanwhile(_order: Any) -> Any:
        assert refused(lambda: house.passwords.withdraw(leave.name, CALLER)) == "used"
        raise UnavailableError("The token is away.", dependency="keys")

    monkeypatch.setattr(house.issuance, "sign", withdrawn_meanwhile)
    with pytest.raises(UnavailableError):
        house.est.by_password(leave, request(new_key()), CALLER)
    assert house.passwords.check(leave.name, password) is None
    unused = house.leave()
    assert house.passwords.withdraw(unused.name, CALLER).name == unused.name


def test_an_officer_is_told_of_each_certificate_by_whatever_way(house: House, database: Database) -> None:
    officer = house.mirror.by_sub(house.sub)
    assert officer is not None
    made = [house.enrolled(profile="officer_authentication"), house.est.for_officer(officer, request(new_key()), CALLER)]
    held = house.held(made[1])
    assert held is not None
    made.append(house.est.renew(held, renewal(made[1].certificate), CALLER))
    portable = PortableCertificates(house.issuance, house.mirror, FakeAuditTrail(), house.clock, organization="Tỉnh Hậu Giang")
    made.append(portable.make(house.sub, "officer_authentication", CALLER).issued)
    house.enrolled(holder=house.sub)
    assert [(one.kind, one.detail.get("serial")) for one in reversed(SqlNotices(database).of(house.sub, limit=9))] == [
        (NoticeKind.ENROLLMENT_PASSWORD_MADE, None), *((NoticeKind.CERTIFICATE_ISSUED, one.record.serial) for one in made)]
    assert [detail.get("renews") for _sub, _sid, detail in events_of(database, "certificate.issued")] == [
        None, None, held.serial, None, None]


def test_security_18_an_officer_who_may_not_act_gets_nothing(house: House) -> None:
    leave, service = house.leave("officer_authentication"), house.leave(holder=house.sub)
    officer = house.mirror.by_sub(house.sub)
    assert officer is not None
    mine = house.est.for_officer(officer, request(new_key()), CALLER)
    held = house.held(mine)
    assert held is not None
    house.officer(disabled=True)
    for act in (lambda: house.est.by_password(leave, request(new_key()), CALLER),
                lambda: house.est.by_password(service, request(new_key()), CALLER),
                lambda: house.est.for_officer(officer, request(new_key()), CALLER),
                lambda: house.est.renew(held, renewal(mine.certificate), CALLER)):
        assert refused(act) == "officer"


@pytest.mark.parametrize("profile", ["tls_client", "tls_server", "officer_authentication"])
def test_rfc7030_4_2_2_a_renewal_says_the_same(house: House, profile: str) -> None:
    before = house.enrolled(profile=profile)
    held = house.held(before)
    assert held is not None
    after = house.est.renew(held, renewal(before.certificate), CALLER)
    assert after.certificate.subject == before.certificate.subject
    assert after.record.serial != before.record.serial
    assert (after.record.profile, after.record.holder) == (before.record.profile, before.record.holder)
    san = [one.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value for one in (before, after)]
    assert san[0] == san[1]
    again = house.held(after)
    assert again is not None


def test_rfc7030_4_2_2_another_subject_or_other_names_are_no_renewal(house: House) -> None:
    before = house.enrolled()
    held = house.held(before)
    assert held is not None
    other = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another")])
    more = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("another.example")])
    for asked in (renewal(before.certificate, subject=other), renewal(before.certificate, names=more), request(new_key())):
        with pytest.raises(CsrError) as why:
            house.est.renew(held, asked, CALLER)
        assert why.value.code == "other_subject"


def test_a_renewal_after_a_transfer_is_a_new_enrolment(house: House) -> None:
    before = house.enrolled(profile="officer_authentication")
    held = house.held(before)
    assert held is not None
    house.officer(posts=(replace(POST, title="Giám đốc"),))
    assert refused(lambda: house.est.renew(held, renewal(before.certificate), CALLER)) == "facts_changed"
    house.officer(mail="")
    assert refused(lambda: house.est.renew(held, renewal(before.certificate), CALLER)) == "facts_changed"


def test_what_renews_nothing(house: House) -> None:
    before = house.enrolled()
    house.issuance.revoke(before.record.serial, Reason.CERTIFICATE_HOLD, CALLER)
    assert house.held(before) is None
    house.issuance.restore(before.record.serial, CALLER)
    assert house.held(before) is not None
    assert house.held(house.issue("officer_signing", holder=house.sub)) is None
    house.clock.advance(366 * 86400)
    assert house.held(before) is None


def test_security_51_a_certificate_is_known_by_its_record_and_not_by_what_it_says(house: House) -> None:
    ours, key = house.enrolled().certificate, new_key()
    forged = x509.CertificateBuilder().subject_name(ours.subject).issuer_name(ours.issuer).public_key(key.public_key()) \
        .serial_number(ours.serial_number).not_valid_before(ours.not_valid_before_utc) \
        .not_valid_after(ours.not_valid_after_utc).sign(key, SHA256())
    assert house.est.holder_of(ours) is not None
    assert house.est.holder_of(forged) is None


def test_rfc8951_base64_with_and_without_line_breaks() -> None:
    asked = request(new_key())
    plain = base64.b64encode(asked)
    for body in (plain, base64.encodebytes(asked), plain.replace(b"A", b"A\r\n"), b"\n" + plain + b"\n"):
        assert messages.request_of(body) == asked
    for body in (b"", b"\n", b"%", plain[:-3] + b"-_=", b"-----BEGIN CERTIFICATE REQUEST-----", b"A" * 40_000):
        with pytest.raises(CsrError):
            messages.request_of(body)


@given(content=st.binary(max_size=60), flips=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_security_43_whatever_renewal_is_sent(house: House, content: bytes, flips: list[tuple[int, int]]) -> None:
    mine = house.enrolled()
    held = house.held(mine)
    assert held is not None
    asked = bytearray(renewal(mine.certificate))
    for at, value in flips:
        asked[at] = value
    for body in (content, bytes(asked)):
        with suppress(RefusedError):  # and nothing else is raised
            house.est.renew(held, body, CALLER)
