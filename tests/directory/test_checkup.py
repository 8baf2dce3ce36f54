"""What an operator reads about the officers."""

from __future__ import annotations

from idp.directory.checkup import examine
from idp.directory.officer import Post
from tests.fakes.directory import make_officer


def test_an_empty_directory_is_not_in_order() -> None:
    lines = {line.name: line for line in examine([])}
    assert not lines["officers"].ok
    assert "IDP_LDAP_BASE_DN" in lines["officers"].remedy


def test_officers_in_order_need_no_remedy() -> None:
    lines = examine([make_officer("canbo"), make_officer("vanthu"), make_officer("nghiviec", disabled=True)])
    assert all(line.ok and not line.remedy for line in lines)
    assert lines[0].detail == "3, of them 1 disabled"


def test_what_several_officers_share_is_named() -> None:
    lines = {line.name: line for line in examine([
        make_officer("canbo", number=1), make_officer("canbo", number=2, mail="Chung@haugiang.gov.vn"),
        make_officer("khac", mail="chung@haugiang.gov.vn")])}
    assert not lines["uids"].ok
    assert lines["uids"].detail.endswith(": canbo")
    assert not lines["mail addresses"].ok


def test_guests_for_whom_nobody_answers_any_more_are_named() -> None:
    here, gone, other = make_officer("vanthu", number=1), make_officer("nghiviec", number=2, disabled=True), make_officer("khach")
    guests = [make_officer(uid, number=9 + n, guest="vendor", sponsor=sponsor, disabled=disabled)
              for n, (uid, sponsor, disabled) in enumerate((
                  ("co", here.dn.upper(), False), ("nghi", gone.dn, False), ("xoa", "uid=xoa,dc=x", False), ("khong", "", False),
                  ("het", "", True)))]
    guests.append(make_officer("cheo", number=20, guest="intern", sponsor=guests[0].dn))
    line = {line.name: line for line in examine([here, gone, other, *guests])}["guests"]
    assert (line.ok, line.detail) == (False, "4 whose sponsor has left or is not named: nghi, xoa, khong, cheo")
    assert "vnValidTo" in line.remedy


def test_officers_without_mailbox_post_or_agency_are_named() -> None:
    lines = {line.name: line for line in examine([
        make_officer("a", mail=""), make_officer("b", posts=()), make_officer("c", posts=(Post("H30.99", "", "", "x"),)),
        *(make_officer(f"d{n}", mail="") for n in range(9))])}
    assert lines["mailboxes"].ok
    assert lines["mailboxes"].detail.startswith("10 without one")
    assert lines["mailboxes"].detail.endswith(", ...")
    assert lines["posts"].detail.endswith(": b")
    assert not lines["agencies"].ok
    assert lines["agencies"].detail.endswith(": c")
