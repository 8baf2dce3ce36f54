"""The registration desk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.errors import ConfigurationError, RefusedError
from idp.oauth.client import ClientRegistry, secret_digest
from idp.oauth.clients.registrar import ClientFile, Registrar
from idp.oauth.clients.registration import RegistrationPolicy
from idp.oauth.clients.sectors import Sectors

from ...contracts.client_records import CALLER, CLIENT
from ...contracts.key_store import at_once
from ...fakes.client_keys import SECRETS
from ...fakes.client_store import FakeClientStore, FakeSecretFiles
from ...fakes.clock import FakeClock
from ...fakes.documents import FakeDocuments

METADATA: dict[str, Any] = {"client_name": "Portal", "redirect_uris": ["https://a.example/cb"]}


def file(client_id: Any = "qlvb", **members: Any) -> ClientFile:
    return ClientFile(f"clients/{client_id}/client.toml", {"client_id": client_id, **METADATA, **members})


class Desk:
    def __init__(self) -> None:
        self.store, self.files, self.clock = FakeClientStore(), FakeSecretFiles(), FakeClock()
        self.documents = FakeDocuments()
        self.registry = ClientRegistry(self.store, self.clock)
        self.registrar = Registrar(self.store, self.registry, self.files, self.clock, RegistrationPolicy(),
                                   Sectors(self.documents.document), SECRETS)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_rfc7591_s3_2_1_a_new_client_gets_an_identifier_and_a_secret_of_256_bits(desk: Desk) -> None:
    seen = set()
    for _ in range(50):
        client, secret = desk.registrar.create(METADATA, CALLER)
        assert len(client.client_id) >= 22
        assert client.client_id[0].isalnum()
        assert secret is not None
        assert len(secret) >= 43
        assert client.check_client_secret(secret)
        seen |= {client.client_id, secret}
    assert len(seen) == 100


def test_a_created_client_is_known_at_once(desk: Desk) -> None:
    client, _ = desk.registrar.create(METADATA, CALLER)
    assert desk.registry.find(client.client_id) == client
    assert (client.source, client.created_at, client.consent) == ("registered", desk.clock.now(), "ask")


def test_a_public_client_gets_no_secret(desk: Desk) -> None:
    client, secret = desk.registrar.create({**METADATA, "token_endpoint_auth_method": "none"}, CALLER)
    assert (secret, client.secret_digest) == (None, None)


def test_an_operator_may_choose_the_identifier_once(desk: Desk) -> None:
    assert desk.registrar.create({**METADATA, "client_id": "portal"}, CALLER)[0].client_id == "portal"
    with pytest.raises(RefusedError, match="taken"):
        desk.registrar.create({**METADATA, "client_id": "portal"}, CALLER)
    for bad in ("", "-x", 7, ["portal"], True):
        with pytest.raises(RefusedError, match="client_id"):
            desk.registrar.create({**METADATA, "client_id": bad}, CALLER)


def test_refused_metadata_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(RefusedError):
        desk.registrar.create({**METADATA, "grant_types": ["password"]}, CALLER)
    assert list(desk.store.all()) == []


def test_files_are_applied_with_secrets_made_at_first_run(desk: Desk) -> None:
    applied = desk.registrar.apply([file(), file("app", token_endpoint_auth_method="none")], CALLER)
    assert (applied.created, applied.changed, applied.warnings) == (("qlvb", "app"), (), ())
    assert list(desk.files.files) == ["qlvb.secret"]
    client = desk.registry.find("qlvb")
    assert client is not None
    assert client.check_client_secret(desk.files.files["qlvb.secret"])
    assert client.source == "file"


def test_applying_again_changes_nothing(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    version, secrets = desk.store.version(), dict(desk.files.files)
    desk.clock.advance(100)
    applied = desk.registrar.apply([file()], CALLER)
    assert applied.unchanged == ("qlvb",)
    assert (desk.store.version(), desk.files.files) == (version, secrets)


def test_a_changed_file_changes_the_client_and_keeps_secret_and_state(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    desk.registrar.disable("qlvb", CALLER)
    before = desk.store.all()[0]
    assert desk.registrar.apply([file(client_name="Mới")], CALLER).changed == ("qlvb",)
    assert desk.store.all()[0] == replace(before, client_name="Mới")


def test_a_secret_that_is_there_before_the_first_run_is_taken(desk: Desk) -> None:
    desk.files.files["qlvb.secret"] = "s" * 32
    desk.registrar.apply([file()], CALLER)
    assert desk.store.all()[0].check_client_secret("s" * 32)


@pytest.mark.parametrize("secret", ["short", "x" * 31, "ớ" * 40, "a\nb" * 20])
def test_a_secret_that_a_person_chose_is_refused(desk: Desk, secret: str) -> None:
    desk.files.files["qlvb.secret"] = secret
    with pytest.raises(ConfigurationError, match="not a random one"):
        desk.registrar.apply([file()], CALLER)


def test_a_lost_or_different_secret_file_is_told_and_never_replaces_the_secret(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    digest = desk.store.all()[0].secret_digest
    secret = desk.files.files.pop("qlvb.secret")
    assert "missing here" in desk.registrar.apply([file()], CALLER).warnings[0]
    assert desk.files.files == {}
    desk.files.files["qlvb.secret"] = "o" * 40
    assert "not the one registered" in desk.registrar.apply([file()], CALLER).warnings[0]
    assert desk.store.all()[0].secret_digest == digest == secret_digest(secret)


def test_a_client_that_stops_being_public_gets_a_secret(desk: Desk) -> None:
    desk.registrar.apply([file(token_endpoint_auth_method="none")], CALLER)
    desk.registrar.apply([file()], CALLER)
    assert desk.store.all()[0].check_client_secret(desk.files.files["qlvb.secret"])


SIGNING = {"token_endpoint_auth_method": "client_secret_jwt"}


def key_of(desk: Desk) -> bytes | None:
    """The secret that assertions of the only client are checked with."""
    key = SECRETS.key(desk.store.all()[0])
    return None if key is None else key.raw_value


def test_a_client_that_signs_with_its_secret_has_it_in_the_file_and_sealed(desk: Desk) -> None:
    desk.registrar.apply([file(**SIGNING)], CALLER)
    assert key_of(desk) == desk.files.files["qlvb.secret"].encode()
    before = key_of(desk)
    assert desk.registrar.apply([file(**SIGNING)], CALLER).unchanged == ("qlvb",)
    assert key_of(desk) == before
    assert desk.registrar.rotate_secret("qlvb", CALLER).encode() == key_of(desk) != before


def test_a_client_that_begins_to_sign_with_its_secret_keeps_it_and_loses_the_copy_when_it_ends(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    assert desk.store.all()[0].sealed_secret is None
    secret = desk.files.files["qlvb.secret"]
    assert desk.registrar.apply([file(**SIGNING)], CALLER).warnings == ()
    assert key_of(desk) == secret.encode()
    desk.registrar.apply([file()], CALLER)
    assert (desk.store.all()[0].sealed_secret, desk.store.all()[0].check_client_secret(secret)) == (None, True)


def test_a_copy_left_over_from_a_race_goes_with_the_next_start(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    desk.store.put(replace(desk.store.all()[0], sealed_secret=b"left over"))
    desk.registrar.apply([file()], CALLER)
    assert desk.store.all()[0].sealed_secret is None


def test_a_file_that_is_missing_or_another_one_seals_nothing(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    secret = desk.files.files.pop("qlvb.secret")
    assert "missing here" in desk.registrar.apply([file(**SIGNING)], CALLER).warnings[0]
    assert key_of(desk) is None
    desk.files.files["qlvb.secret"] = "o" * 40
    assert "not the one registered" in desk.registrar.apply([file(**SIGNING)], CALLER).warnings[0]
    assert key_of(desk) is None
    desk.files.files["qlvb.secret"] = secret
    assert desk.registrar.apply([file(**SIGNING)], CALLER).warnings == ()
    assert key_of(desk) == secret.encode()


def test_a_client_with_keys_that_begins_to_sign_with_a_secret_gets_one(desk: Desk) -> None:
    desk.registrar.apply([file(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://a.example/jwks")], CALLER)
    desk.registrar.apply([file(**SIGNING)], CALLER)
    assert key_of(desk) == desk.files.files["qlvb.secret"].encode()


def test_a_created_client_that_signs_with_its_secret_shows_it_nowhere(desk: Desk) -> None:
    client, secret = desk.registrar.create({**METADATA, **SIGNING}, CALLER)
    assert secret is not None
    assert key_of(desk) == secret.encode()
    assert secret not in repr(client)
    assert secret not in repr(SECRETS.key(client))
    assert "sealed" not in repr(client)


@pytest.mark.parametrize(("bad", "sentence"), [
    (file("b", grant_types=["password"]), "clients/b/client.toml: grant_types"), (file("a"), "another file has the same"),
    (file(7), "client_id: a text"), (file(None), "client_id: a text"), (file("b", consnt="x"), "consnt: unknown"),
    (file("b", province={"secret_file": "a.secret"}), "another client has the same"), (file("b", client_name=""), "client_name"),
])
def test_one_bad_file_stops_all_before_anything_is_done(desk: Desk, bad: ClientFile, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        desk.registrar.apply([file("a"), bad], CALLER)
    assert "docs/clients.md" in caught.value.remedy
    assert (list(desk.store.all()), desk.files.files) == ([], {})


def test_a_file_never_takes_over_a_client_registered_at_run_time(desk: Desk) -> None:
    desk.registrar.create({**METADATA, "client_id": "qlvb"}, CALLER)
    with pytest.raises(ConfigurationError, match="registered at run time"):
        desk.registrar.apply([file()], CALLER)


def test_what_left_the_files_is_told_and_stays(desk: Desk) -> None:
    desk.registrar.apply([file("a"), file("b")], CALLER)
    desk.registrar.create({**METADATA, "client_id": "c"}, CALLER)
    assert desk.registrar.apply([file("b")], CALLER).not_in_files == ("a",)
    assert desk.registry.find("a")
    desk.registrar.disable("a", CALLER)
    assert desk.registrar.apply([file("b")], CALLER).not_in_files == ()


def test_processes_that_start_at_once_agree_on_the_secret(desk: Desk) -> None:
    results = at_once(8, lambda: desk.registrar.apply([file()], CALLER))
    assert all(not isinstance(result, Exception) for result in results)
    assert sum(bool(result.created) for result in results) == 1  # type: ignore[attr-defined]
    assert desk.store.all()[0].check_client_secret(desk.files.files["qlvb.secret"])


def test_a_rotated_secret_is_the_only_one_at_once(desk: Desk) -> None:
    desk.registrar.apply([file()], CALLER)
    old = desk.files.files["qlvb.secret"]
    new = desk.registrar.rotate_secret("qlvb", CALLER)
    client = desk.registry.find("qlvb")
    assert client is not None
    assert client.check_client_secret(new)
    assert not client.check_client_secret(old)
    assert desk.files.files["qlvb.secret"] == new


def test_a_registered_client_has_no_secret_file(desk: Desk) -> None:
    desk.registrar.create({**METADATA, "client_id": "c"}, CALLER)
    desk.registrar.rotate_secret("c", CALLER)
    assert desk.files.files == {}


def test_security_18_a_disabled_client_is_gone_at_once_and_comes_back(desk: Desk) -> None:
    desk.store.put(CLIENT)
    assert desk.registrar.disable("qlvb", CALLER)
    assert desk.registry.find("qlvb") is None
    assert not desk.registrar.disable("qlvb", CALLER)
    assert desk.registrar.enable("qlvb", CALLER)
    assert desk.registry.find("qlvb")


def test_unknown_and_public_clients_are_refused_with_a_sentence(desk: Desk) -> None:
    for act in (desk.registrar.rotate_secret, desk.registrar.disable, desk.registrar.enable):
        with pytest.raises(RefusedError, match="no such client"):
            act("unknown", CALLER)
    client, _ = desk.registrar.create({**METADATA, "token_endpoint_auth_method": "none"}, CALLER)
    with pytest.raises(RefusedError, match="does not authenticate with a secret"):
        desk.registrar.rotate_secret(client.client_id, CALLER)


SECTOR: dict[str, Any] = {"sector_identifier_uri": "https://a.example/sector.json"}


def test_registration_s5_an_application_whose_sector_does_not_hold_its_addresses_is_not_entered(desk: Desk) -> None:
    for document in (None, b"[]", b'["https://a.example/other"]'):
        if document is not None:
            desk.documents[SECTOR["sector_identifier_uri"]] = document
        with pytest.raises(RefusedError, match="sector_identifier_uri"):
            desk.registrar.create({**METADATA, **SECTOR}, CALLER)
    desk.documents[SECTOR["sector_identifier_uri"]] = b'["https://a.example/cb"]'
    assert desk.registrar.create({**METADATA, **SECTOR}, CALLER)[0].sector_identifier_uri == SECTOR["sector_identifier_uri"]


def test_a_start_does_not_depend_on_a_sector_but_tells_of_it(desk: Desk) -> None:
    applied = desk.registrar.apply([file(**SECTOR)], CALLER)
    assert applied.created == ("qlvb",)
    assert applied.warnings[0].startswith("qlvb: sector_identifier_uri")
    assert desk.registrar.apply([file(**SECTOR)], CALLER).warnings == ()
    assert desk.registrar.apply([file(client_name="Mới", **SECTOR)], CALLER).warnings != ()
    desk.documents[SECTOR["sector_identifier_uri"]] = b'["https://a.example/cb"]'
    assert desk.registrar.apply([file(**SECTOR)], CALLER).warnings == ()
