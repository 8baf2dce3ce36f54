"""Binds and changes under password policies of all kinds, on a real slapd (draft-behera-ldap-password-policy-11)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import ldap
import pytest

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.directory import LdapDirectory
from idp.directory.officer import BindResult, ChangeResult
from idp.errors import UnavailableError
from tests.contracts.directory import PASSWORD
from tests.directory_server import add_officer, add_policy, administering, change_entry, open_directory, unique


def test_ppolicy_failures_lock_and_time_opens_again(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdMaxFailure="3", pwdLockoutDuration="3600", pwdFailureCountInterval="3600")
    add_officer(directory_server, uid := unique("khoa"), pwdPolicySubentry=policy)
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    results = [ldap_directory.check_password(officer, "sai").result for _ in range(4)]
    assert results[0] is BindResult.WRONG
    assert results[3] is BindResult.LOCKED
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.LOCKED
    assert ldap_directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.NOT_ALLOWED
    again = ldap_directory.find_by_login(uid)
    assert again is not None
    assert not again.disabled, "a lock that ends by itself is not a disabled account"
    change_entry(directory_server, officer.dn, "pwdAccountLockedTime", "20200101000000Z")  # an hour that has passed
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def test_security_27_the_province_policy_never_locks_for_wrong_guesses(ldap_directory: LdapDirectory) -> None:
    officer = ldap_directory.find_by_login("dinhdu")
    assert {ldap_directory.check_password(officer, f"sai{n}").result for n in range(12)} == {BindResult.WRONG}
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def test_ppolicy_expiry_warns_then_gives_grace_then_ends(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdMaxAge="86400", pwdExpireWarning="86400", pwdGraceAuthNLimit="2")
    dn = add_officer(directory_server, uid := unique("hethan"), pwdPolicySubentry=policy)
    officer = ldap_directory.find_by_login(uid)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    change_entry(directory_server, dn, "pwdChangedTime", f"{an_hour_ago:%Y%m%d%H%M%SZ}")
    soon = ldap_directory.check_password(officer, PASSWORD)
    assert soon.result is BindResult.ACCEPTED
    assert 82700 < (soon.expires_in_seconds or 0) <= 82800
    change_entry(directory_server, dn, "pwdChangedTime", "20200101000000Z")
    outcomes = [ldap_directory.check_password(officer, PASSWORD) for _ in range(3)]
    assert [(o.result, o.grace_left) for o in outcomes] == [
        (BindResult.ACCEPTED, 1), (BindResult.ACCEPTED, 0), (BindResult.EXPIRED, None)]
    assert ldap_directory.check_password(officer, "sai").result is BindResult.WRONG, "expiry is told with the right password only"


def test_ppolicy_a_grace_sign_in_may_change_the_password(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdMaxAge="86400", pwdGraceAuthNLimit="1")
    dn = add_officer(directory_server, uid := unique("hethan"), pwdPolicySubentry=policy)
    change_entry(directory_server, dn, "pwdChangedTime", "20200101000000Z")
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert ldap_directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.CHANGED
    assert ldap_directory.check_password(officer, "Mot-Mat-Khau-2026").result is BindResult.ACCEPTED


def test_ppolicy_a_password_just_changed_is_too_young(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdMinAge="3600")
    add_officer(directory_server, uid := unique("tre"), pwdPolicySubentry=policy)
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert ldap_directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.TOO_YOUNG


def test_ppolicy_officers_may_be_forbidden_to_change(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdAllowUserChange="FALSE")
    add_officer(directory_server, uid := unique("cam"), pwdPolicySubentry=policy)
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    assert ldap_directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.NOT_ALLOWED


def test_security_18_an_officer_disabled_after_being_found_is_refused(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    dn = add_officer(directory_server, uid := unique("nghi"))
    officer = ldap_directory.find_by_login(uid)
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED
    change_entry(directory_server, dn, "pwdAccountLockedTime", "000001010000Z")
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.LOCKED
    again = ldap_directory.find_by_login(uid)
    assert again is not None
    assert again.disabled


def test_security_26_the_reset_account_sets_officers_passwords_and_nothing_else(directory_server: SampleDirectory) -> None:
    dn = add_officer(directory_server, unique("quyen"))
    connection = ldap.initialize(directory_server.uri)
    connection.simple_bind_s(directory_server.reset_dn, directory_server.reset_password)
    with contextlib.closing(_Unbinding(connection)):
        for base in (directory_server.base_dn, dn):
            with pytest.raises(ldap.NO_SUCH_OBJECT):
                connection.search_s(base, ldap.SCOPE_BASE)
        for other in (directory_server.service_dn, directory_server.decoy_dn, directory_server.reset_dn,
                      f"cn=quantri-tinh,ou=groups,{directory_server.base_dn}"):
            with pytest.raises((ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT, ldap.UNWILLING_TO_PERFORM)):
                connection.passwd_s(other, None, "Mot-Mat-Khau-2026")
        for attribute, value in (("mail", b"x@y.vn"), ("vnPost", b"1$H30$x"), ("pwdAccountLockedTime", b"000001010000Z"),
                                 ("pwdPolicySubentry", directory_server.base_dn.encode())):
            with pytest.raises(ldap.LDAPError):
                connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [value])])
        connection.passwd_s(dn, None, "Mot-Mat-Khau-2026")


class _Unbinding:
    def __init__(self, connection: Any) -> None:
        self.close = connection.unbind_s


def test_a_reset_opens_a_lock_that_ends_by_itself_and_is_not_too_young_to_be_changed(
    directory_server: SampleDirectory, resetting: LdapDirectory,
) -> None:
    policy = add_policy(directory_server, pwdMaxFailure="2", pwdMinAge="3600", pwdMustChange="TRUE")
    add_officer(directory_server, uid := unique("khoa"), pwdPolicySubentry=policy)
    officer = resetting.find_by_login(uid)
    assert officer is not None
    for _ in range(3):
        resetting.check_password(officer, "sai")
    assert resetting.check_password(officer, PASSWORD).result is BindResult.LOCKED
    assert resetting.reset_password(officer, "Mot-Lan-Thoi-2026") is ChangeResult.CHANGED
    assert resetting.check_password(officer, "Mot-Lan-Thoi-2026").result is BindResult.MUST_CHANGE
    assert resetting.change_password(officer, "Mot-Lan-Thoi-2026", "Cua-Rieng-Toi-2026") is ChangeResult.CHANGED


def test_a_reset_is_marked_where_the_policy_does_not_mark_it(
    directory_server: SampleDirectory, resetting: LdapDirectory,
) -> None:
    add_officer(directory_server, uid := unique("danhdau"), pwdPolicySubentry=add_policy(directory_server))
    officer = resetting.find_by_login(uid)
    assert officer is not None
    assert resetting.reset_password(officer, "Mot-Lan-Thoi-2026") is ChangeResult.CHANGED
    with administering(directory_server) as connection:
        entry = connection.search_s(officer.dn, ldap.SCOPE_BASE, attrlist=["pwdReset"])[0][1]
    assert entry == {"pwdReset": [b"TRUE"]}


def test_a_refused_reset_account_is_an_outage_and_nothing_is_set(
    directory_server: SampleDirectory, ldap_directory: LdapDirectory,
) -> None:
    add_officer(directory_server, uid := unique("tuchoi"))
    officer = ldap_directory.find_by_login(uid)
    assert officer is not None
    for account in ((directory_server.reset_dn, lambda: "sai"), (directory_server.service_dn, lambda: "x")):
        with (contextlib.closing(open_directory(directory_server, reset_account=account)) as refused,
              pytest.raises(UnavailableError)):
            refused.reset_password(officer, "Mot-Lan-Thoi-2026")
    without_rights = (directory_server.service_dn, lambda: directory_server.bind_password)
    with contextlib.closing(open_directory(directory_server, reset_account=without_rights)) as refused:
        assert refused.reset_password(officer, "Mot-Lan-Thoi-2026") is not ChangeResult.CHANGED
    assert ldap_directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


@pytest.fixture
def resetting(directory_server: SampleDirectory) -> Iterator[LdapDirectory]:
    """The adapter with the account that sets passwords."""
    account = (directory_server.reset_dn, lambda: directory_server.reset_password)
    with contextlib.closing(open_directory(directory_server, reset_account=account)) as directory:
        yield directory
