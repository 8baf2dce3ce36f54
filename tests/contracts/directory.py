"""What every directory promises: the fake in memory and the real slapd run the same tests."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

import pytest

from idp.directory.officer import BindResult, ChangeResult, Directory, Officer
from idp.errors import UnavailableError

PASSWORD = "HauGiang-2026!"
VIETNAMESE_PASSWORD = "Mật khẩu của tôi 7"


@dataclass
class Population:
    """A directory with the officers that the contract speaks of.

    Attributes:
        directory: The directory under test.
        down: The same directory, unreachable.
        changing: uid of an officer who may change the password.
        resetting: uid of one who must, and whom no other test uses.
        forgetful: uid of one who has forgotten the password, and whom no other test uses.
        without_reset: The same directory, without an account that sets others' passwords.
        vietnamese: uid of one whose password has Vietnamese letters (``VIETNAMESE_PASSWORD``).
        sharing: Two uids with the mail address ``dung.chung@haugiang.gov.vn``.
    """

    directory: Directory
    down: Directory
    changing: str
    resetting: str
    forgetful: str
    without_reset: Directory
    vietnamese: str
    sharing: tuple[str, str]


class DirectoryContract:
    """Subclasses give ``population``."""

    def officer(self, population: Population, uid: str) -> Officer:
        found = population.directory.find_by_login(uid)
        assert found is not None
        return found

    def test_an_officer_is_found_by_uid_and_by_official_mail(self, population: Population) -> None:
        by_uid = self.officer(population, "canbo")
        assert (by_uid.uid, by_uid.mail, by_uid.name) == ("canbo", "canbo@haugiang.gov.vn", "Nguyễn Văn Mẫu")
        assert population.directory.find_by_login("canbo@haugiang.gov.vn") == by_uid

    def test_an_officer_is_found_by_entry_uuid_in_any_case(self, population: Population) -> None:
        officer = self.officer(population, "canbo")
        assert officer.entry_uuid == officer.entry_uuid.lower()
        assert population.directory.find(officer.entry_uuid) == officer
        assert population.directory.find(officer.entry_uuid.upper()) == officer

    @pytest.mark.parametrize("name", [
        "", "khongco", "khongco@haugiang.gov.vn", "*", "c*", "canbo)(uid=*", "canbo\0", "\ud800", "canbo@", "decoy", "idp",
        "ê" * 300])
    def test_what_nobody_is_called_finds_nobody(self, population: Population, name: str) -> None:
        assert population.directory.find_by_login(name) is None

    @pytest.mark.parametrize("entry_uuid", ["", "*", "no-uuid", "00000000-0000-0000-0000-000000000000", "\ud800"])
    def test_an_unknown_entry_uuid_finds_nobody(self, population: Population, entry_uuid: str) -> None:
        assert population.directory.find(entry_uuid) is None

    def test_a_mail_address_that_two_officers_hold_finds_nobody(self, population: Population) -> None:
        assert population.directory.find_by_login("dung.chung@haugiang.gov.vn") is None
        assert {self.officer(population, uid).mail for uid in population.sharing} == {"dung.chung@haugiang.gov.vn"}

    def test_the_right_password_is_accepted(self, population: Population) -> None:
        outcome = population.directory.check_password(self.officer(population, "canbo"), PASSWORD)
        assert outcome.result is BindResult.ACCEPTED

    @pytest.mark.parametrize("password", ["sai", PASSWORD.lower(), PASSWORD + " ", "*", "ê" * 100])
    def test_a_wrong_password_is_wrong(self, population: Population, password: str) -> None:
        assert population.directory.check_password(self.officer(population, "canbo"), password).result is BindResult.WRONG

    def test_nobody_has_no_right_password(self, population: Population) -> None:
        assert population.directory.check_password(None, PASSWORD).result is BindResult.WRONG

    @pytest.mark.parametrize("password", [PASSWORD, "sai"])
    def test_a_disabled_officer_is_disabled_whatever_the_password(self, population: Population, password: str) -> None:
        officer = self.officer(population, "nghiviec")
        assert officer.disabled
        assert population.directory.check_password(officer, password).result is BindResult.DISABLED

    def test_a_reset_password_may_only_be_changed(self, population: Population) -> None:
        officer = self.officer(population, "doimatkhau")
        assert population.directory.check_password(officer, PASSWORD).result is BindResult.MUST_CHANGE
        assert population.directory.check_password(officer, "sai").result is BindResult.WRONG

    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_a_password_is_the_same_in_both_forms_of_unicode(self, population: Population, form: str) -> None:
        typed = unicodedata.normalize(form, VIETNAMESE_PASSWORD)  # type: ignore[arg-type]
        officer = self.officer(population, population.vietnamese)
        assert population.directory.check_password(officer, typed).result is BindResult.ACCEPTED

    def test_a_password_is_changed_by_its_owner(self, population: Population) -> None:
        directory, officer = population.directory, self.officer(population, population.changing)
        assert directory.change_password(officer, "sai", "Mot-Mat-Khau-2026") is ChangeResult.WRONG_OLD
        assert directory.change_password(officer, PASSWORD, "ngan") is ChangeResult.TOO_SHORT
        assert directory.change_password(officer, PASSWORD, PASSWORD) is ChangeResult.IN_HISTORY
        assert directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED
        assert directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.CHANGED
        assert directory.check_password(officer, PASSWORD).result is BindResult.WRONG
        assert directory.check_password(officer, "Mot-Mat-Khau-2026").result is BindResult.ACCEPTED
        assert directory.change_password(officer, "Mot-Mat-Khau-2026", PASSWORD) is ChangeResult.IN_HISTORY

    def test_changing_a_reset_password_opens_the_account(self, population: Population) -> None:
        directory, officer = population.directory, self.officer(population, population.resetting)
        assert directory.check_password(officer, PASSWORD).result is BindResult.MUST_CHANGE
        assert directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.CHANGED
        assert directory.check_password(officer, "Mot-Mat-Khau-2026").result is BindResult.ACCEPTED

    def test_a_disabled_officer_changes_no_password(self, population: Population) -> None:
        officer = self.officer(population, "nghiviec")
        assert population.directory.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026") is ChangeResult.NOT_ALLOWED

    def test_a_password_that_somebody_else_set_may_only_be_changed(self, population: Population) -> None:
        directory, officer = population.directory, self.officer(population, population.forgetful)
        assert directory.resets_passwords
        assert directory.reset_password(officer, "Mot-Lan-Thoi-2026") is ChangeResult.CHANGED
        assert directory.check_password(officer, PASSWORD).result is BindResult.WRONG
        assert directory.check_password(officer, "Mot-Lan-Thoi-2026").result is BindResult.MUST_CHANGE
        assert directory.reset_password(officer, "Lai-Mot-Lan-2026") is ChangeResult.CHANGED, "and again, before it was used"
        assert directory.check_password(officer, "Mot-Lan-Thoi-2026").result is BindResult.WRONG
        assert directory.check_password(officer, "Lai-Mot-Lan-2026").result is BindResult.MUST_CHANGE
        assert directory.change_password(officer, "Lai-Mot-Lan-2026", PASSWORD) is ChangeResult.IN_HISTORY
        assert directory.change_password(officer, "Lai-Mot-Lan-2026", "Cua-Rieng-Toi-2026") is ChangeResult.CHANGED
        assert directory.check_password(officer, "Cua-Rieng-Toi-2026").result is BindResult.ACCEPTED

    def test_a_new_password_never_opens_a_disabled_account(self, population: Population) -> None:
        officer = self.officer(population, "nghiviec")
        for seen in (officer, replace(officer, disabled=False)):
            assert population.directory.reset_password(seen, "Mot-Lan-Thoi-2026") is ChangeResult.NOT_ALLOWED
        assert self.officer(population, "nghiviec").disabled
        assert population.directory.check_password(officer, "Mot-Lan-Thoi-2026").result is BindResult.DISABLED

    def test_nobody_is_reset_who_is_gone_or_where_there_is_no_account_for_it(self, population: Population) -> None:
        officer = self.officer(population, "canbo")
        assert not population.without_reset.resets_passwords
        assert population.without_reset.reset_password(officer, "Mot-Lan-Thoi-2026") is ChangeResult.NOT_ALLOWED
        gone = replace(officer, entry_uuid="00000000-0000-0000-0000-000000000000")
        for new in ("", "Mot-Lan-Thoi-2026"):
            assert population.directory.reset_password(gone, new) is ChangeResult.NOT_ALLOWED
        assert population.directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED

    def test_everyone_is_listed_once(self, population: Population) -> None:
        everyone = list(population.directory.everyone())
        assert len({officer.entry_uuid for officer in everyone}) == len(everyone)
        assert {"canbo", "nghiviec", "doimatkhau", *population.sharing} <= {officer.uid for officer in everyone}

    def test_the_administrator_of_an_officers_agency_is_named(self, population: Population) -> None:
        contact = population.directory.contact(self.officer(population, "vanthu"))
        assert contact is not None
        assert (contact.name, contact.phone, contact.phone_text) == ("Lê Thị Thử", "+842930000001", "0293 000 0001")

    def test_a_directory_that_is_up_says_so(self, population: Population) -> None:
        assert population.directory.health()["state"] == "up"
        assert all(line.ok for line in population.directory.check())

    def test_a_directory_that_is_down_says_so_at_every_verb(self, population: Population) -> None:
        officer, down = self.officer(population, "canbo"), population.down
        for ask in (lambda: down.find_by_login("canbo"), lambda: down.find(officer.entry_uuid),
                    lambda: down.check_password(officer, PASSWORD), lambda: down.check_password(None, PASSWORD),
                    lambda: down.change_password(officer, PASSWORD, "Mot-Mat-Khau-2026"),
                    lambda: down.reset_password(officer, "Mot-Mat-Khau-2026"), lambda: list(down.everyone())):
            with pytest.raises(UnavailableError) as failure:
                ask()
            assert failure.value.dependency == "directory"
        assert down.contact(officer) is None
        assert down.health()["state"] == "down"
        assert not all(line.ok for line in down.check())
