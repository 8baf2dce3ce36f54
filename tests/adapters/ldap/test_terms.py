"""Acting posts, guests, mailboxes and merged agencies, on a real slapd and in the mirror that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import ldap
import pytest

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.openldap import OpenLdap
from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.search import SqlOfficerSearch
from idp.audit import AuditEvent, AuditRecord
from idp.directory.mirror import search_words
from idp.directory.officer import BindResult
from idp.directory.term import EndedTerms, end_of
from idp.oidc.consent import Consent
from idp.roles import RoleGroups
from tests.directory_server import add_entry, add_officer, administering, change_entry, open_directory, unique
from tests.fakes.clock import FakeClock
from tests.followed import follow

END = end_of(date(2026, 11, 30))
PASSWORD = SampleDirectory.password


@pytest.fixture
def directory(directory_server: SampleDirectory) -> Iterator[LdapDirectory]:
    with closing(open_directory(directory_server)) as opened:
        yield opened


@pytest.mark.parametrize("name", ["vanphong.sotttt", "motcua", "motcua@haugiang.gov.vn"])
def test_a_mailbox_is_answered_like_an_unknown_name(directory: LdapDirectory, name: str) -> None:
    assert directory.find_by_login(name) is directory.find_by_login("khongco") is None
    assert directory.check_password(directory.find_by_login(name), PASSWORD) == directory.check_password(None, PASSWORD)


def test_the_same_entry_could_sign_in_if_it_were_no_mailbox(directory_server: SampleDirectory) -> None:
    with closing(open_directory(directory_server, people_filter=OpenLdap.people_filter)) as opened:
        found = opened.find_by_login("motcua")
        assert found is not None
        assert opened.check_password(found, PASSWORD).result is BindResult.ACCEPTED


def test_the_sample_directorys_own_cases(directory: LdapDirectory) -> None:
    found = {uid: directory.find_by_login(uid) for uid in ("quyengiamdoc", "hetquyen", "nhathau", "thuctap")}
    shown = {uid: (officer.disabled, officer.guest, [post.unit_code for post in officer.posts])
             for uid, officer in found.items() if officer is not None}
    assert shown == {"quyengiamdoc": (False, "", ["H30.7", "H30.8"]), "hetquyen": (False, "", ["H30.8"]),
                     "nhathau": (False, "contractor", ["H30.11.4"]), "thuctap": (True, "intern", ["H30.11.4"])}
    assert directory.check_password(found["thuctap"], PASSWORD).result is BindResult.DISABLED
    assert directory.check_password(found["nhathau"], PASSWORD).result is BindResult.ACCEPTED


def test_the_mirror_has_no_mailbox_and_lets_one_go_that_became_one(own_directory: SampleDirectory, database: Database) -> None:
    uid = unique("hopthu")
    dn = add_officer(own_directory, uid)
    followed = follow(database, own_directory)
    with closing(followed.directory):  # type: ignore[type-var]
        followed.catch_up()
        search = SqlOfficerSearch(database)
        assert followed.mirror.by_uid("motcua") is None
        assert search.search(search_words("Bộ phận Một cửa"), unit="", after=None, limit=9) == []
        assert followed.mirror.by_uid(uid) is not None
        followed.happened()
        change_entry(own_directory, dn, "employeeType", "mailbox")
        followed.catch_up()
        assert followed.kinds() == {uid: "removed"}


def test_what_ends_is_out_of_directory_and_mirror_at_that_second_and_a_change_at_the_next_pass(
    own_directory: SampleDirectory, database: Database,
) -> None:
    acting, guest = unique("quyen"), unique("khach")
    add_officer(own_directory, acting, vnPost=["1$H30.2$Quyền Giám đốc$20261130", "2$H30.1$Phó Chánh Văn phòng"])
    add_officer(own_directory, guest, employeeType="vendor", manager=own_directory.base_dn, vnValidTo="20261130")
    clock = FakeClock(END - 1)
    followed = follow(database, own_directory, clock=clock)
    with closing(followed.directory):  # type: ignore[type-var]
        followed.catch_up()
        followed.happened()
        terms = EndedTerms(followed.ledger, followed.directory.find, clock)

        def states() -> list[tuple[str, str]]:
            rows = [followed.mirror.by_uid(uid) for uid in (acting, guest)]
            return [(row.status, row.officer.main_post.unit_code) for row in rows if row is not None]

        assert (terms.settle(), states()) == (0, [("active", "H30.2"), ("active", "H30.1")])
        clock.advance(1)
        assert states() == [("active", "H30.1"), ("disabled", "H30.1")]
        assert followed.kinds() == {}
        assert terms.settle() == 2
        assert followed.kinds() == {acting: "moved", guest: "disabled"}
        followed.catch_up()
        assert followed.kinds() == {}


def test_two_agencies_merge_and_subjects_and_consents_stay_while_rights_move_at_once(
    own_directory: SampleDirectory, database: Database,
) -> None:
    base, admin, officer = own_directory.base_dn, unique("quantri"), unique("canbo")
    units = f"ou=H30,ou=units,{base}"
    for code, old, name in (("H30.91", "000.00.91.H30", "Sở Cũ Một"), ("H30.92", "000.00.92.H30", "Sở Cũ Hai")):
        add_entry(own_directory, f"ou={code},{units}", {
            "objectClass": ["organizationalUnit", "vnUnit"], "ou": code, "vnUnitCode": code, "vnUnitCode2016": old,
            "vnUnitName": name})
    for uid, code in ((admin, "H30.91"), (officer, "000.00.92.H30")):
        home = code if code.startswith("H30") else "H30.92"
        add_entry(own_directory, f"uid={uid},ou={home},{units}", {
            "objectClass": ["inetOrgPerson", "vnOfficer"], "uid": uid, "cn": f"Người {uid}", "sn": "Người",
            "vnPost": f"1${code}$Chuyên viên", "userPassword": PASSWORD})
    with administering(own_directory) as connection:
        connection.modify_s(f"cn=quantri-coquan,ou=groups,{base}", [
            (ldap.MOD_ADD, "member", f"uid={admin},ou=H30.91,{units}".encode())])
    followed, consents = follow(database, own_directory), SqlConsents(database)
    with closing(followed.directory):  # type: ignore[type-var]
        followed.catch_up()

        def standing() -> tuple[str, str, str, bool]:
            one, two = followed.mirror.by_uid(admin), followed.mirror.by_uid(officer)
            assert one is not None
            assert two is not None
            found = RoleGroups().administrator(one, client_id="c", read_only=False)
            assert found is not None
            return one.sub, two.sub, found.unit, found.oversees(two.officer.main_post.unit_code)

        sub_one, sub_two, unit, oversees = standing()
        assert (unit, oversees) == ("H30.91", False)
        consent = Consent(sub_two, "qlvb", frozenset({"openid"}), 1)
        consents.give(consent, AuditRecord(AuditEvent.CONSENT_GIVEN, 1, sub=sub_two, client_id="qlvb"))
        with administering(own_directory) as connection:
            connection.rename_s(f"ou=H30.91,{units}", "ou=H30.93")
            connection.modify_s(f"ou=H30.93,{units}", [
                (ldap.MOD_REPLACE, "vnUnitCode", b"H30.93"), (ldap.MOD_REPLACE, "vnUnitCode2016", b"000.00.93.H30"),
                (ldap.MOD_REPLACE, "vnUnitName", "Sở Hợp nhất".encode())])
            connection.rename_s(f"uid={officer},ou=H30.92,{units}", f"uid={officer}", f"ou=H30.93,{units}")
            connection.delete_s(f"ou=H30.92,{units}")
            # slapd corrects no members whose entries stand below what was renamed.
            connection.modify_s(f"cn=quantri-coquan,ou=groups,{base}", [
                (ldap.MOD_ADD, "member", f"uid={admin},ou=H30.93,{units}".encode())])
            for uid, code in ((admin, "H30.93"), (officer, "000.00.93.H30")):
                connection.modify_s(f"uid={uid},ou=H30.93,{units}", [
                    (ldap.MOD_REPLACE, "vnPost", f"1${code}$Chuyên viên".encode())])
        followed.catch_up()
        assert standing() == (sub_one, sub_two, "H30.93", True)
        moved = followed.mirror.by_uid(officer)
        assert moved is not None
        post = moved.officer.main_post
        assert (post.unit_code, post.unit_code_2016, post.unit_name) == ("H30.93", "000.00.93.H30", "Sở Hợp nhất")
        assert consents.find(sub_two, "qlvb") == consent
