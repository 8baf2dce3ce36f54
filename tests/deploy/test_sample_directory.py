"""The sample directory: the same from the same seed, with the real tree and the hard cases; and the server that serves it."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import ldap
import pytest
from argon2 import PasswordHasher
from cryptography import x509
from ldif import LDIFRecordList

from deploy.directory import agencies, people
from deploy.directory.certificates import ensure_tls_files
from deploy.directory.generate import BASE, CHEAP, DECOY_DN, DEMO_PASSWORD, GROUP_BASE, SERVICE_DN, sample_directory
from deploy.directory.server import DirectoryServerError, SampleDirectory
from deploy.mobile_signature.cards import KINDS
from deploy.mobile_signature.subscribers import luhn
from deploy.ports import free_port
from deploy.sample_deputies import DEPUTY, GIVER
from deploy.sample_sims import EXCHANGED, SIMS, described
from idp.directory.unit import is_unit_code, to_code_2016
from idp.roles import RoleGroups
from tests.directory_server import change_entry, new_directory, open_directory

Entries = dict[str, dict[str, list[bytes]]]


@pytest.fixture(scope="module")
def ldif() -> str:
    return sample_directory(cost=CHEAP, service_password="a-service-password")


@pytest.fixture(scope="module")
def entries(ldif: str, tmp_path_factory: pytest.TempPathFactory) -> Entries:
    path = tmp_path_factory.mktemp("ldif") / "sample.ldif"
    path.write_text(ldif)
    with path.open("rb") as file:
        reader = LDIFRecordList(file)
        reader.parse()
    return dict(reader.all_records)


@pytest.fixture(scope="module")
def officers(entries: Entries) -> dict[str, dict[str, list[bytes]]]:
    return {entry["uid"][0].decode(): entry for entry in entries.values()
            if b"inetOrgPerson" in entry["objectClass"] and entry.get("employeeType") != [b"mailbox"]}


def text(entry: dict[str, list[bytes]], name: str) -> str:
    return entry[name][0].decode()


def test_the_sample_sims_are_of_these_officers(officers: Entries) -> None:
    of_officers = {(uid, number) for uid, number, _, _ in SIMS}
    for uid, number in of_officers:
        mobiles = [mobile.decode().removeprefix("+").replace(" ", "") for mobile in officers[uid]["mobile"]]
        assert number in mobiles
    assert {kind for _, _, kind, _ in SIMS} == set(KINDS)
    cards = [card["iccid"] for phone in described({}) for card in phone["cards"]]
    assert len(set(cards)) == len(cards) == len(SIMS) + len(EXCHANGED)
    assert [iccid for iccid in cards if luhn(iccid[:-1]) != iccid] == []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_people(ldif: str) -> None:
    assert sample_directory(cost=CHEAP, service_password="a-service-password") == ldif
    assert sample_directory(cost=CHEAP, service_password="a-service-password", seed=7) != ldif
    assert sample_directory(cost=CHEAP, service_password="another") != ldif
    result = subprocess.run([sys.executable, "-m", "deploy.directory.generate", "--seed", "7"], capture_output=True, text=True,
                            check=True, env=os.environ | {"PYTHONHASHSEED": "1"})
    again = subprocess.run([sys.executable, "-m", "deploy.directory.generate", "--seed", "7"], capture_output=True, text=True,
                           check=True, env=os.environ | {"PYTHONHASHSEED": "2"})
    assert result.stdout == again.stdout


def test_there_are_about_four_hundred_officers_with_names_of_their_own(officers: Entries) -> None:
    assert len(officers) == 400
    assert len({text(entry, "entryUUID") for entry in officers.values()}) == 400
    mails = [text(entry, "mail") for entry in officers.values() if "mail" in entry]
    assert len(mails) == len(set(mails)) == 399
    assert all(re.fullmatch(r"[a-z0-9.]+", uid) for uid in officers)


def test_the_tree_is_that_of_2020() -> None:
    tree = agencies.agency_tree()
    assert Counter(unit.kind for unit in tree)["commune"] == 75
    kinds = Counter(unit.name.split()[4] for unit in tree if unit.kind == "commune")
    assert kinds == {"phường": 13, "thị": 11, "xã": 51}
    assert [unit.name for unit in tree if unit.kind == "district"] == [f"Ủy ban nhân dân {name}" for name in (
        "thành phố Vị Thanh", "thành phố Ngã Bảy", "thị xã Long Mỹ", "huyện Long Mỹ", "huyện Châu Thành", "huyện Châu Thành A",
        "huyện Phụng Hiệp", "huyện Vị Thủy")]
    assert sum(unit.kind == "department" for unit in tree) == 20


def test_every_unit_has_both_codes_and_stands_below_its_parent() -> None:
    seen: set[str] = set()
    for unit in agencies.agency_tree():
        assert is_unit_code(unit.code)
        assert unit.code_2016 == to_code_2016(unit.code)
        assert unit.code not in seen
        assert unit.kind == "province" or unit.parent_code in seen
        seen.add(unit.code)


def test_every_unit_but_rooms_says_where_it_is() -> None:
    units = agencies.agency_tree()
    assert {unit.kind for unit in units if not unit.locality} == {"room"}
    assert {unit.kind for unit in units if unit.street} == {"province", "department", "district"}


def test_every_agency_has_an_administrator_with_a_telephone(officers: Entries) -> None:
    admins = {text(entry, "departmentNumber"): entry for entry in officers.values()
              if f"cn=quantri-coquan,{GROUP_BASE}".encode() in entry.get("memberOf", [])}
    offices = {unit.code for unit in agencies.agency_tree() if unit.kind in {"department", "district"}}
    assert set(admins) == offices
    assert all(re.fullmatch(r"\+84 293 000 [0-9]{4}", text(entry, "telephoneNumber")) for entry in admins.values())


def test_each_role_of_the_console_has_a_demo_account_by_its_group(officers: Entries) -> None:
    groups = {uid: [dn.decode().split(",")[0][3:] for dn in officers[uid].get("memberOf", [])]
              for uid in ("dangky", "thietbi", "hotro", DEPUTY)}
    assert groups == {"dangky": [RoleGroups().registration], "thietbi": [RoleGroups().clerks], "hotro": [RoleGroups().help_desk],
                      DEPUTY: []}, "a deputy has no role of their own"
    assert {text(officers[uid], "departmentNumber") for uid in ("dangky", "thietbi", "hotro", GIVER)} == {"H30.11"}


def test_interface_s5_demo_accounts_are_there_with_their_roles(officers: Entries) -> None:
    groups = {uid: sorted(dn.decode().split(",")[0][3:] for dn in officers[uid].get("memberOf", [])) for uid in (
        "canbo", "vanthu", "lanhdao", "quantri.coquan", "quantri", "pheduyet", "kiemtoan", "nghiviec", "doimatkhau")}
    assert groups == {
        "canbo": [], "vanthu": ["vanthu"], "lanhdao": ["lanhdao"], "quantri.coquan": ["quantri-coquan"],
        "quantri": ["quantri-tinh"], "pheduyet": ["quantri-tinh"], "kiemtoan": ["kiemtoan"], "nghiviec": [], "doimatkhau": []}
    assert text(officers["nghiviec"], "pwdAccountLockedTime") == "000001010000Z"
    assert text(officers["doimatkhau"], "pwdReset") == "TRUE"
    assert text(officers["vanthu"], "ou") == text(officers["quantri.coquan"], "ou") == "Sở Thông tin và Truyền thông"
    stored = text(officers["canbo"], "userPassword").removeprefix("{ARGON2}")
    assert PasswordHasher().verify(stored, DEMO_PASSWORD)


def test_groups_and_members_agree_in_both_directions(entries: Entries, officers: Entries) -> None:
    for dn, entry in entries.items():
        if b"groupOfNames" in entry["objectClass"]:
            members = {member.decode() for member in entry["member"]}
            assert members == {other for other, officer in entries.items() if dn.encode() in officer.get("memberOf", [])}
            assert members <= set(entries)


def test_interface_s5_hard_cases_are_there(officers: Entries) -> None:
    one, two = officers["trungten"], officers["trungten2"]
    assert (text(one, "cn"), text(one, "departmentNumber")) == (text(two, "cn"), text(two, "departmentNumber"))
    assert len(officers["haichucvu"]["vnPost"]) == 2
    assert len(text(officers["coquandai"], "ou")) >= 70
    assert not unicodedata.is_normalized("NFC", text(officers["dangnfd"], "cn"))
    assert unicodedata.normalize("NFC", text(officers["dangnfd"], "cn")).startswith("Đặng")
    assert text(officers["dinhdu"], "cn") == "Đinh Đức Đủ"
    assert "mail" not in officers["khonghopthu"]
    assert len(officers["haisim"]["mobile"]) == 2
    assert "givenName" not in officers["ut"]
    assert len(text(officers["cmndcu"], "vnCitizenId")) == 9
    long_my = {text(entry, "ou") for entry in officers.values() if text(entry, "ou").endswith("Long Mỹ")}
    assert long_my == {"Ủy ban nhân dân thị xã Long Mỹ", "Ủy ban nhân dân huyện Long Mỹ"}


def test_posts_and_guests_that_end_and_mailboxes_that_are_nobody_are_there(entries: Entries, officers: Entries) -> None:
    assert [post.decode() for post in officers["quyengiamdoc"]["vnPost"]] == [
        "1$H30.7$Phó Giám đốc", "2$H30.8$Quyền Giám đốc$20981231"]
    assert [post.decode() for post in officers["hetquyen"]["vnPost"]] == [
        "1$H30.7$Quyền Giám đốc$20230630", "2$H30.8$Phó Giám đốc"]
    guests = {uid: (text(entry, "employeeType"), text(entry, "vnValidTo"), text(entry, "manager").split(",")[0])
              for uid, entry in officers.items() if "employeeType" in entry}
    assert guests == {"nhathau": ("contractor", "20981231", "uid=lanhdao"), "thuctap": ("intern", "20230630", "uid=vanthu")}
    assert all(text(officers[uid], "manager") in entries for uid in guests)
    mailboxes = [entry for entry in entries.values() if entry.get("employeeType") == [b"mailbox"]]
    assert [text(entry, "uid") for entry in mailboxes] == ["vanphong.sotttt", "motcua"]
    stored = text(mailboxes[0], "userPassword").removeprefix("{ARGON2}")
    assert PasswordHasher().verify(stored, DEMO_PASSWORD), "only what it is keeps it out"


def test_nobody_in_it_could_be_real(officers: Entries) -> None:
    for uid, entry in officers.items():
        assert text(entry, "telephoneNumber").startswith("+84 293 000 ")
        assert all(mobile.startswith(b"+84 990 000 ") for mobile in entry["mobile"])
        assert re.fullmatch(r"093000000[0-9]{3}", text(entry, "vnCitizenId")) or uid == "cmndcu"
    sample_words = {"Mẫu", "Thử", "Dụ", "Định", "Họa", "Nghiệm", "Dượt", "Tập", "Hình", "Cử", "Nháp", "Phỏng", "Vai"}
    named = {person.uid for person in people.demo_accounts() + people.hard_cases()}
    assert all(text(entry, "cn").split()[-1] in sample_words for uid, entry in officers.items() if uid not in named)


def test_the_decoy_has_a_hash_like_everybodys_and_no_password(entries: Entries, officers: Entries) -> None:
    decoy, everybody = text(entries[DECOY_DN], "userPassword"), text(officers["canbo"], "userPassword")
    assert decoy.rpartition("$")[0].rpartition("$")[0] == everybody.rpartition("$")[0].rpartition("$")[0]
    assert len(base64.b64decode(decoy.rpartition("$")[2] + "=")) == len(base64.b64decode(everybody.rpartition("$")[2] + "="))
    assert b"inetOrgPerson" not in entries[DECOY_DN]["objectClass"]
    assert decoy != everybody


def test_a_server_starts_from_nothing_and_again(tmp_path: Path) -> None:
    server = SampleDirectory(tmp_path / "d", free_port(), tls_port=free_port(),
                             bind_password_file=tmp_path / "keys" / "ldap.password")
    with server:
        assert (server.pid, server.running) == (server.pid, True)
        connection = ldap.initialize(server.uri)
        connection.simple_bind_s(SERVICE_DN, server.bind_password)
        assert len(connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)", ["1.1"])) == 402
        connection.unbind_s()
        change_entry(server, "uid=canbo,ou=H30.1,ou=H30,ou=units," + BASE, "description", "vẫn còn")
    assert not server.running
    with server:
        connection = ldap.initialize(server.uri)
        connection.simple_bind_s(SERVICE_DN, server.bind_password)
        found = connection.search_s(BASE, ldap.SCOPE_SUBTREE, "(uid=canbo)", ["description"])
        assert found[0][1]["description"] == ["vẫn còn".encode()], "what officers changed survives a restart"
        connection.unbind_s()


def test_private_files_are_for_their_owner_only(directory_server: SampleDirectory) -> None:
    folder = directory_server.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("tls/server.key", "tls/ca.key", "admin.password", "service.password", "sample.ldif", "config.ldif"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert "a-service-password" not in (folder / "sample.ldif").read_text()


def test_a_lost_service_password_is_made_again_and_the_directory_follows(tmp_path: Path) -> None:
    server = new_directory(tmp_path / "d", cost=CHEAP)
    with server:
        pass
    server.bind_password_file.unlink()
    with server, contextlib.closing(open_directory(server)) as directory:
        assert directory.find_by_login("canbo") is not None


def test_a_taken_port_and_a_missing_slapd_are_said_in_a_sentence(
    directory_server: SampleDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(DirectoryServerError, match=f"port {directory_server.port} is taken"):
        SampleDirectory(tmp_path / "d", directory_server.port).start()
    monkeypatch.setattr("deploy.directory.server.shutil.which", lambda *_, **__: None)
    with pytest.raises(DirectoryServerError, match="apt-get install slapd"):
        SampleDirectory(tmp_path / "e", free_port()).start()


def test_a_server_that_a_killed_run_left_behind_is_stopped_first(tmp_path: Path) -> None:
    first = new_directory(tmp_path / "d", cost=CHEAP).start()
    try:
        second = SampleDirectory(first.folder, first.port, tls_port=first.tls_port, cost=CHEAP)
        with second:
            assert second.running
            assert not first.running
    finally:
        first.stop()


def test_it_runs_in_the_foreground_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "deploy.directory.server", str(tmp_path / "d"), "--port", str(port)],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert f"ldap://127.0.0.1:{port}" in line
    pid = int(line.split("process ")[1].split(";")[0])
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.stdout.close()
    assert not Path(f"/proc/{pid}").exists()


def test_certificates_are_kept_while_good_and_made_again_when_not(tmp_path: Path) -> None:
    files = ensure_tls_files(tmp_path)
    first = files.certificate.read_bytes()
    assert ensure_tls_files(tmp_path).certificate.read_bytes() == first
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    files.certificate.write_bytes(b"rubbish")
    assert ensure_tls_files(tmp_path).certificate.read_bytes() not in {b"rubbish", first}
