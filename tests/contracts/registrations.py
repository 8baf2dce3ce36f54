"""The contracts of initial access tokens and of registrations made with them; run on the fakes and on both databases."""

from __future__ import annotations

from dataclasses import replace

from idp.audit import AuditEvent, AuditRecord
from idp.oauth.client import Client, ClientStore, secret_digest
from idp.oauth.clients.dynamic import RegistrationStore
from idp.oauth.clients.initial_access import InitialAccessStore, Terms
from idp.oauth.ports import digest

from ..fakes.registrations import initial_access_token
from .key_store import at_once

RECORD = AuditRecord(AuditEvent.INITIAL_ACCESS_CREATED, 7, source="cli", request_id="r-1", detail={"id": "token-1"})
STRICT = Terms(owner="Sở Nội vụ", consent="implied", scope=frozenset({"openid", "groups"}), grant_types=("client_credentials",),
               require_pkce=False, required_acr="urn:haugiang:acr:2", allowed_groups=("lanhdao", "vanthu"))
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
    """Subclasses give the fixtures ``tokens``, ``clients`` and ``registrations``, all of one store."""

    def test_what_is_entered_is_a_client_and_takes_one_of_the_quota(
            self, tokens: InitialAccessStore, clients: ClientStore, registrations: RegistrationStore) -> None:
        tokens.add(initial_access_token(terms=STRICT, quota=2), digest("value"), RECORD)
        token, version = tokens.tokens()[0], clients.version()
        assert registrations.enter(CLIENT, token, registration_digest=digest("mine"), now=7, record=RECORD)
        assert list(clients.all()) == [CLIENT]
        assert clients.version() > version
        assert (tokens.tokens()[0].used, tokens.tokens()[0].clients) == (1, ("self-made",))

    def test_nothing_is_entered_with_a_token_that_is_good_for_nothing(
            self, tokens: InitialAccessStore, clients: ClientStore, registrations: RegistrationStore) -> None:
        bad = [initial_access_token("expired", expires_at=7), initial_access_token("revoked", revoked_at=1),
               initial_access_token("used-up", quota=2, used=2)]
        for token in bad:
            tokens.add(token, digest(token.token_id), RECORD)
        version = clients.version()
        for token in (*bad, initial_access_token("unknown")):
            assert not registrations.enter(CLIENT, token, registration_digest=digest("mine"), now=7, record=RECORD)
        assert (list(clients.all()), clients.version()) == ([], version)
        assert sum(token.used for token in tokens.tokens()) == 2

    def test_security_15_of_many_at_once_exactly_the_quota_is_entered(
            self, tokens: InitialAccessStore, clients: ClientStore, registrations: RegistrationStore) -> None:
        tokens.add(initial_access_token(quota=5, expires_at=8), digest("value"), RECORD)
        numbers = iter(range(100))

        def enter() -> bool:
            number = str(next(numbers))
            return registrations.enter(replace(CLIENT, client_id=number), initial_access_token(), now=7, record=RECORD,
                                       registration_digest=digest(number))

        assert sorted(map(str, at_once(16, enter))) == ["False"] * 11 + ["True"] * 5
        assert len(clients.all()) == tokens.tokens()[0].used == 5
