"""The contracts of initial access tokens and of registrations made with them; run on the fakes and on both databases."""

from __future__ import annotations

from idp.audit import AuditEvent, AuditRecord
from idp.oauth.clients.initial_access import InitialAccessStore, Terms
from idp.oauth.ports import digest

from ..fakes.registrations import initial_access_token
from .key_store import at_once

RECORD = AuditRecord(AuditEvent.INITIAL_ACCESS_CREATED, 7, source="cli", request_id="r-1", detail={"id": "token-1"})
STRICT = Terms(owner="Sở Nội vụ", consent="implied", scope=frozenset({"openid", "groups"}), grant_types=("client_credentials",),
               require_pkce=False, required_acr="urn:haugiang:acr:2", allowed_groups=("lanhdao", "vanthu"))


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
