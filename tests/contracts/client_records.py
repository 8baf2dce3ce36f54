"""What every ClientRecords promises; run on the fake and on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from idp.audit import Caller
from idp.oauth.client import Client, secret_digest
from idp.oauth.clients.registrar import ClientRecords

from ..fakes.client_keys import jwks_of, pair
from .key_store import at_once

CALLER = Caller("cli", "r-1")
CLIENT = Client(
    client_id="qlvb", client_name="Hệ thống Quản lý văn bản", client_uri="https://qlvb.example/", logo_uri="https://qlvb.example/l.png",
    policy_uri="https://qlvb.example/p", tos_uri="https://qlvb.example/t",
    redirect_uris=("https://qlvb.example/cb", "https://qlvb.example/cb2"),
    grant_types=("authorization_code", "refresh_token", "client_credentials"), response_types=("code",),
    token_endpoint_auth_method="client_secret_post", scope=frozenset({"openid", "unit", "groups"}), contacts=("a@example.vn",),
    software_id="s", software_version="1", post_logout_redirect_uris=("https://qlvb.example/",),
    backchannel_logout_uri="https://qlvb.example/bcl", backchannel_logout_session_required=True,
    frontchannel_logout_uri="https://qlvb.example/fcl", frontchannel_logout_session_required=True,
    initiate_login_uri="https://qlvb.example/start", id_token_signed_response_alg="ES256", default_max_age=600,
    require_auth_time=True, subject_type="pairwise", sector_identifier_uri="https://qlvb.example/uris.json",
    id_token_encrypted_response_alg="RSA-OAEP-256", id_token_encrypted_response_enc="A256GCM",
    userinfo_signed_response_alg="RS256", userinfo_encrypted_response_alg="ECDH-ES", userinfo_encrypted_response_enc="A128GCM",
    introspection_signed_response_alg="PS256", introspection_encrypted_response_alg="ECDH-ES",
    introspection_encrypted_response_enc="A256GCM",
    jwks=json.dumps(json.loads(jwks_of(pair("RSA-OAEP-256"), pair("ECDH-ES"))), sort_keys=True, separators=(",", ":")),
    software_statement="a.b.c", authorization_details_types=("urn:x:signing",),
    localized=(("client_name#en", "Documents"), ("tos_uri#en", "https://qlvb.example/en/t")),
    source="file",
    secret_digest=secret_digest("s" * 40), created_at=7, owner="Văn phòng UBND tỉnh",
    allowed_groups=frozenset({"vanthu", "lanhdao"}), required_acr="urn:haugiang:acr:2", required_level=2, consent="implied",
    require_pkce=False, access_token_format="jwt", login_name_attribute="mail", secret_file="qlvb.secret", show_groups=True,
    resources=(("https://hoso.example/api", "unit"), ("urn:x:y", "")), serves=frozenset({"https://qlvb.example/api"}))
PUBLIC = Client(client_id="app", client_name="App", token_endpoint_auth_method="none", application_type="native",
                redirect_uris=("vn.gov.example.app:/cb",), created_at=7)


class ClientRecordsContract:
    """Subclasses give the fixture ``new_store``: every call opens the same store as another process would."""

    @pytest.fixture
    def store(self, new_store: Callable[[], ClientRecords]) -> ClientRecords:
        return new_store()

    def test_what_is_entered_comes_back_in_order(self, store: ClientRecords, new_store: Callable[[], ClientRecords]) -> None:
        assert store.create(CLIENT, now=7, caller=CALLER)
        assert store.create(PUBLIC, now=7, caller=CALLER)
        assert list(new_store().all()) == [PUBLIC, CLIENT]

    def test_every_change_raises_the_version(self, store: ClientRecords) -> None:
        seen = [store.version()]

        def raised(done: bool) -> None:
            assert done
            seen.append(store.version())

        raised(store.create(CLIENT, now=1, caller=CALLER))
        raised(store.change(replace(CLIENT, client_name="Mới"), now=2, caller=CALLER))
        raised(store.set_secret("qlvb", secret_digest("x"), first=False, now=3, caller=CALLER))
        raised(store.set_disabled("qlvb", True, now=4, caller=CALLER))
        raised(store.set_disabled("qlvb", False, now=5, caller=CALLER))
        assert seen == sorted(set(seen))

    def test_an_identifier_is_given_once(self, store: ClientRecords) -> None:
        assert store.create(CLIENT, now=7, caller=CALLER)
        version = store.version()
        assert not store.create(replace(PUBLIC, client_id="qlvb"), now=8, caller=CALLER)
        assert list(store.all()) == [CLIENT]
        assert store.version() == version

    def test_of_many_at_once_one_enters_the_client(self, new_store: Callable[[], ClientRecords]) -> None:
        store = new_store()
        results = at_once(10, lambda: store.create(CLIENT, now=7, caller=CALLER))
        assert sorted(map(str, results)) == ["False"] * 9 + ["True"]

    def test_a_change_keeps_secret_state_and_origin(self, store: ClientRecords) -> None:
        store.create(CLIENT, now=7, caller=CALLER)
        store.set_disabled("qlvb", True, now=8, caller=CALLER)
        assert store.change(replace(CLIENT, client_name="Mới", secret_digest=None, scope=frozenset({"openid"}), created_at=99),
                            now=9, caller=CALLER)
        assert list(store.all()) == [replace(CLIENT, client_name="Mới", scope=frozenset({"openid"}), disabled=True)]

    def test_a_first_secret_never_replaces_one(self, store: ClientRecords) -> None:
        store.create(replace(CLIENT, secret_digest=None), now=7, caller=CALLER)
        assert store.set_secret("qlvb", secret_digest("one"), first=True, now=8, caller=CALLER)
        assert not store.set_secret("qlvb", secret_digest("two"), first=True, now=8, caller=CALLER)
        assert store.all()[0].check_client_secret("one")
        assert store.set_secret("qlvb", secret_digest("two"), first=False, now=8, caller=CALLER)
        assert store.all()[0].check_client_secret("two")

    def test_a_sealed_copy_lives_as_long_as_its_secret(self, store: ClientRecords) -> None:
        signing = replace(CLIENT, token_endpoint_auth_method="client_secret_jwt", sealed_secret=b"sealed one")
        store.create(signing, now=7, caller=CALLER)
        assert store.all()[0].sealed_secret == b"sealed one"
        store.change(replace(signing, client_name="Mới", sealed_secret=None), now=8, caller=CALLER)
        assert store.all()[0].sealed_secret == b"sealed one"
        store.set_secret("qlvb", secret_digest("two"), first=False, now=9, caller=CALLER, sealed=b"sealed two")
        assert store.all()[0].sealed_secret == b"sealed two"
        store.set_secret("qlvb", secret_digest("three"), first=False, now=10, caller=CALLER)
        assert store.all()[0].sealed_secret is None

    def test_a_sealed_copy_goes_when_the_client_no_longer_signs_with_its_secret(self, store: ClientRecords) -> None:
        signing = replace(CLIENT, token_endpoint_auth_method="client_secret_jwt", sealed_secret=b"sealed")
        store.create(signing, now=7, caller=CALLER)
        store.change(CLIENT, now=8, caller=CALLER)
        assert list(store.all()) == [CLIENT]

    def test_a_sealed_copy_is_added_to_the_secret_that_is_good_now_only(self, store: ClientRecords) -> None:
        signing = replace(CLIENT, token_endpoint_auth_method="client_secret_jwt", secret_digest=secret_digest("one"))
        store.create(signing, now=7, caller=CALLER)
        version = store.version()
        assert not store.keep_secret("qlvb", secret_digest("other"), b"sealed", now=8, caller=CALLER)
        assert not store.keep_secret("unknown", secret_digest("one"), b"sealed", now=8, caller=CALLER)
        assert store.version() == version
        assert store.keep_secret("qlvb", secret_digest("one"), b"sealed", now=8, caller=CALLER)
        assert store.version() > version
        assert list(store.all()) == [replace(signing, sealed_secret=b"sealed")]
        assert not store.keep_secret("qlvb", secret_digest("one"), b"another", now=9, caller=CALLER)

    def test_what_already_is_or_is_unknown_changes_nothing(self, store: ClientRecords) -> None:
        store.create(CLIENT, now=7, caller=CALLER)
        version = store.version()
        assert not store.set_disabled("qlvb", False, now=8, caller=CALLER)
        assert not store.set_disabled("unknown", True, now=8, caller=CALLER)
        assert not store.change(PUBLIC, now=8, caller=CALLER)
        assert not store.set_secret("unknown", b"x" * 32, first=False, now=8, caller=CALLER)
        assert (list(store.all()), store.version()) == ([CLIENT], version)
