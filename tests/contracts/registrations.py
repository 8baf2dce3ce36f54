"""The contracts of initial access tokens and of registrations made with them; run on the fakes and on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.audit import AuditEvent, AuditRecord
from idp.oauth.client import Client, secret_digest
from idp.oauth.clients.dynamic import Registered, RegistrationStore
from idp.oauth.clients.initial_access import InitialAccessStore, Terms
from idp.oauth.clients.registrar import ClientRecords
from idp.oauth.ports import digest

from ..fakes.registrations import initial_access_token
from .client_records import CALLER
from .key_store import at_once

RECORD = AuditRecord(AuditEvent.INITIAL_ACCESS_CREATED, 7, source="cli", request_id="r-1", detail={"id": "token-1"})
STRICT = Terms(owner="Sở Nội vụ", consent="implied", scope=frozenset({"openid", "groups"}), grant_types=("client_credentials",),
               require_pkce=False, required_acr="urn:haugiang:acr:2", allowed_groups=("lanhdao", "vanthu"),
               software_issuer="https://issuer.example")
CLIENT = Client(client_id="self-made", client_name="Ứng dụng", redirect_uris=("https://app.example/cb",), created_at=7,
                scope=frozenset({"openid"}), owner=STRICT.owner, secret_digest=secret_digest("s" * 43))


class InitialAccessContract:
    """Subclasses give a fixture ``tokens``."""

    def test_what_is_kept_is_found_by_its_value_only(self, tokens: InitialAccessStore) -> None:
        kept = initial_access_token(terms=STRICT, quota=3, created_at=5, expires_at=99)
        tokens.add(kept, digest("value"), RECORD)
        assert tokens.find(digest("value")) == kept
        assert tokens.find(digest("VALUE")) is None
        assert tokens.find(digest("")) is None

    def test_all_are_listed_the_oldest_first(self, tokens: InitialAccessStore) -> None:
        for name, created in (("b", 2), ("a", 2), ("c", 1)):
            tokens.add(initial_access_token(name, created_at=created), digest(name), RECORD)
        assert [token.token_id for token in tokens.tokens()] == ["c", "a", "b"]
        assert all(token.clients == () for token in tokens.tokens())

    def test_a_token_is_revoked_once(self, tokens: InitialAccessStore) -> None:
        tokens.add(initial_access_token(), digest("value"), RECORD)
        assert not tokens.revoke("unknown", 8, RECORD)
        assert tokens.revoke("token-1", 8, RECORD)
        assert not tokens.revoke("token-1", 9, RECORD)
        found = tokens.find(digest("value"))
        assert found is not None
        assert found.revoked_at == 8

    def test_security_15_of_ten_at_once_one_revokes(self, tokens: InitialAccessStore) -> None:
        tokens.add(initial_access_token(), digest("value"), RECORD)
        assert sorted(map(str, at_once(10, lambda: tokens.revoke("token-1", 8, RECORD)))) == ["False"] * 9 + ["True"]


class RegistrationContract:
    """Subclasses give the fixtures ``tokens``, ``records`` and ``registrations``, all of one store."""

    @pytest.fixture
    def entered(self, tokens: InitialAccessStore, registrations: RegistrationStore) -> RegistrationStore:
        tokens.add(initial_access_token(terms=STRICT), digest("value"), RECORD)
        assert registrations.enter(CLIENT, tokens.tokens()[0], registration_digest=digest("mine"), now=7, record=RECORD)
        return registrations

    def test_what_is_entered_is_a_client_and_takes_one_of_the_quota(
            self, tokens: InitialAccessStore, records: ClientRecords, registrations: RegistrationStore) -> None:
        tokens.add(initial_access_token(terms=STRICT, quota=2), digest("value"), RECORD)
        token, version = tokens.tokens()[0], records.version()
        assert registrations.enter(CLIENT, token, registration_digest=digest("mine"), now=7, record=RECORD)
        assert list(records.all()) == [CLIENT]
        assert records.version() > version
        assert (tokens.tokens()[0].used, tokens.tokens()[0].clients) == (1, ("self-made",))

    def test_nothing_is_entered_with_a_token_that_is_good_for_nothing(
            self, tokens: InitialAccessStore, records: ClientRecords, registrations: RegistrationStore) -> None:
        bad = [initial_access_token("expired", expires_at=7), initial_access_token("revoked", revoked_at=1),
               initial_access_token("used-up", quota=2, used=2)]
        for token in bad:
            tokens.add(token, digest(token.token_id), RECORD)
        version = records.version()
        for token in (*bad, initial_access_token("unknown")):
            assert not registrations.enter(CLIENT, token, registration_digest=digest("mine"), now=7, record=RECORD)
        assert (list(records.all()), records.version()) == ([], version)
        assert sum(token.used for token in tokens.tokens()) == 2

    def test_security_15_of_many_at_once_exactly_the_quota_is_entered(
            self, tokens: InitialAccessStore, records: ClientRecords, registrations: RegistrationStore) -> None:
        tokens.add(initial_access_token(quota=5, expires_at=8), digest("value"), RECORD)
        numbers = iter(range(100))

        def enter() -> bool:
            number = str(next(numbers))
            return registrations.enter(replace(CLIENT, client_id=number), initial_access_token(), now=7, record=RECORD,
                                       registration_digest=digest(number))

        assert sorted(map(str, at_once(16, enter))) == ["False"] * 11 + ["True"] * 5
        assert len(records.all()) == tokens.tokens()[0].used == 5

    def test_a_registration_is_found_by_identifier_and_token_together(self, entered: RegistrationStore) -> None:
        found = entered.registered("self-made", digest("mine"))
        assert found is not None
        assert (found.client, found.terms, found.registration_digest) == (CLIENT, STRICT, digest("mine"))
        for client_id, token in (("self-made", "other"), ("other", "mine"), ("", "mine"), ("self-made", "")):
            assert entered.registered(client_id, digest(token)) is None

    def test_a_client_that_others_entered_or_disabled_is_not_found(
            self, entered: RegistrationStore, records: ClientRecords) -> None:
        records.create(replace(CLIENT, client_id="theirs"), now=7, caller=CALLER)
        assert entered.registered("theirs", digest("mine")) is None
        assert entered.registered("theirs", digest("")) is None
        found = entered.registered("self-made", digest("mine"))
        assert found is not None
        records.set_disabled("self-made", True, now=8, caller=CALLER)
        assert entered.registered("self-made", digest("mine")) is None
        assert not entered.replace(found, CLIENT, registration_digest=digest("new"), now=9, record=RECORD)
        assert not entered.remove(found, now=9, record=RECORD)

    def test_a_change_exchanges_metadata_and_token(self, entered: RegistrationStore, records: ClientRecords) -> None:
        version = records.version()
        changed = replace(CLIENT, client_name="Mới", scope=frozenset())
        assert entered.replace(known(entered), changed, registration_digest=digest("new"), now=9, record=RECORD)
        assert list(records.all()) == [changed]
        assert records.version() > version
        assert entered.registered("self-made", digest("mine")) is None
        assert known(entered, "new").client == changed

    def test_a_change_leaves_the_secret_that_an_operator_exchanged_meanwhile(
            self, entered: RegistrationStore, records: ClientRecords) -> None:
        before = known(entered)
        records.set_secret("self-made", secret_digest("new"), first=False, now=8, caller=CALLER)
        changed = replace(CLIENT, client_name="Mới")
        assert entered.replace(before, changed, registration_digest=digest("new"), now=9, record=RECORD)
        assert records.all()[0].check_client_secret("new")

    def test_a_change_of_the_secret_is_kept(self, entered: RegistrationStore, records: ClientRecords) -> None:
        public = replace(CLIENT, token_endpoint_auth_method="none", secret_digest=None)
        assert entered.replace(known(entered), public, registration_digest=digest("2"), now=9, record=RECORD)
        assert records.all()[0].secret_digest is None
        assert entered.replace(known(entered, "2"), CLIENT, registration_digest=digest("3"), now=9, record=RECORD)
        assert records.all()[0].secret_digest == CLIENT.secret_digest

    def test_a_sealed_copy_comes_stays_and_goes_with_the_method(self, entered: RegistrationStore, records: ClientRecords) -> None:
        signing = replace(CLIENT, token_endpoint_auth_method="client_secret_jwt", secret_digest=secret_digest("n"),
                          sealed_secret=b"sealed")
        assert entered.replace(known(entered), signing, registration_digest=digest("2"), now=9, record=RECORD)
        assert records.all()[0].sealed_secret == b"sealed"
        renamed = replace(signing, client_name="Mới", sealed_secret=None)
        assert entered.replace(known(entered, "2"), renamed, registration_digest=digest("3"), now=9, record=RECORD)
        assert records.all()[0].sealed_secret == b"sealed"
        plain = replace(CLIENT, secret_digest=secret_digest("n"))
        assert entered.replace(known(entered, "3"), plain, registration_digest=digest("4"), now=9, record=RECORD)
        assert list(records.all()) == [plain]

    def test_a_change_decided_on_what_has_passed_is_none(self, entered: RegistrationStore, records: ClientRecords) -> None:
        before, version = known(entered), records.version()
        records.change(replace(CLIENT, consent="implied"), now=8, caller=CALLER)
        assert not entered.replace(before, replace(CLIENT, client_name="Mới"), registration_digest=digest("new"), now=9,
                                   record=RECORD)
        assert list(records.all()) == [replace(CLIENT, consent="implied")]
        assert known(entered)
        assert records.version() == version + 1

    def test_security_15_of_many_changes_at_once_one_is_made(self, entered: RegistrationStore) -> None:
        before, numbers = known(entered), iter(range(100))

        def change() -> bool:
            number = str(next(numbers))
            return entered.replace(before, CLIENT, registration_digest=digest(number), now=9, record=RECORD)

        assert sorted(map(str, at_once(12, change))) == ["False"] * 11 + ["True"]

    def test_security_15_a_registration_is_removed_once_and_not_changed_afterwards(
            self, entered: RegistrationStore, records: ClientRecords) -> None:
        before, version = known(entered), records.version()
        assert sorted(map(str, at_once(8, lambda: entered.remove(before, now=9, record=RECORD)))) == ["False"] * 7 + ["True"]
        assert list(records.all()) == []
        assert records.version() > version
        assert not entered.replace(before, CLIENT, registration_digest=digest("new"), now=9, record=RECORD)
        assert not entered.set_token("self-made", digest("new"), now=9, record=RECORD)

    def test_a_token_may_be_exchanged_by_itself(self, entered: RegistrationStore, records: ClientRecords) -> None:
        records.create(replace(CLIENT, client_id="theirs"), now=7, caller=CALLER)
        assert entered.set_token("self-made", digest("new"), now=9, record=RECORD)
        assert entered.registered("self-made", digest("mine")) is None
        assert known(entered, "new").client == CLIENT
        for client_id in ("theirs", "unknown"):
            assert not entered.set_token(client_id, digest("new"), now=9, record=RECORD)


def known(store: RegistrationStore, token: str = "mine") -> Registered:
    found = store.registered("self-made", digest(token))
    assert found is not None
    return found
