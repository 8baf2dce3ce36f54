"""What the hybrid and the implicit plan have in common: their clients, a relying party for tokens in the browser, their modules.

Each plan's file says which variants it runs (response type and response mode; the form-post plans are the same modules with
``response_mode=form_post``) and adds what the other does not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from .suite import ACR, BASIC, CALLBACK, POST, RP, SECOND, Person, Suite, Visit, read_segment, unsigned
from .test_basic_plan import CLAIMS, check_userinfo

HYBRID = ("code id_token", "code token", "code id_token token")
IMPLICIT = ("id_token", "id_token token")


def _client(response_type: str, like: Mapping[str, Any] = BASIC) -> dict[str, Any]:
    code = ["authorization_code", "refresh_token"] if "code" in response_type.split() else []
    scope = like["scope"] if code else like["scope"].replace(" offline_access", "")
    return {**like, "client_id": f"{like['client_id']}-{response_type.replace(' ', '-')}", "response_types": [response_type],
            "grant_types": [*code, "implicit"], "scope": scope}


CLIENTS = [SECOND, *(_client(kind) for kind in (*HYBRID, *IMPLICIT)), *(_client(kind, POST) for kind in HYBRID)]
"""One for each response type as a plan registers it, those of client_secret_post, and a stranger."""


class Variant:
    """One response type in one response mode, of one client.

    Args:
        suite: The application, with front-channel response types on.
        response_type: Words in any order.
        response_mode: "" for the type's default.
    """

    def __init__(self, suite: Suite, response_type: str, response_mode: str = "") -> None:
        self.suite = suite
        self.response_type = response_type
        self.words = set(response_type.split())
        self.response_mode = response_mode
        self.client = _client(response_type)

    def of(self, client: Mapping[str, Any]) -> Variant:
        """Give the same for the client that is registered for this type with another way to authenticate."""
        other = Variant(self.suite, self.response_type, self.response_mode)
        other.client = _client(self.response_type, client)
        return other

    def request(self, **changes: str | None) -> dict[str, str]:
        """Parameters of a good request of this variant."""
        return self.suite.request(self.client, **{"response_mode": self.response_mode or None, **changes})

    def visit(self, person: Person, request: Mapping[str, str]) -> Visit:
        """Send a person with a request; checks that exactly what was asked for came, where it was asked to come."""
        visit = person.go(self.suite.url(request))
        self.suite.check(visit, request)
        beside = {"token": {"access_token", "token_type", "expires_in", "scope"}, "id_token": {"id_token"}, "code": {"code"}}
        assert set(visit.answer) == set().union(*(beside[word] for word in self.words)) | {"iss", "state", "session_state"}
        if "token" in self.words:
            assert visit.answer["token_type"].lower() == "bearer"
            assert int(visit.answer["expires_in"]) > 0
        return visit

    def flow(self, person: Person | None = None, **changes: str | None) -> tuple[Visit, dict[str, Any]]:
        """Go the whole way, the token endpoint included where there is a code.

        Returns:
            The visit, and what the plans look at: ``claims`` of the first ID token, ``id_token``, ``access_token`` (that of the
            browser, where there is one) and what the token endpoint answered under ``redeemed``.
        """
        request = self.request(**changes)
        visit = self.visit(person or self.suite.person(), request)
        got: dict[str, Any] = dict(visit.answer)
        if "id_token" in self.words:
            got["claims"] = self.check_id_token(got, request)
        if "code" in self.words:
            tokens = got["redeemed"] = self.suite.redeem(visit, request, self.client)
            got = {**{name: tokens[name] for name in ("claims", "id_token", "access_token")}, **got}
            # OpenID Connect Core §3.3.3.6: the same officer, the same issuer, the same authentication.
            same = ("iss", "sub", "auth_time", "acr", "amr", "sid")
            assert [tokens["claims"][name] for name in same] == [got["claims"][name] for name in same]
            assert tokens["access_token"] != visit.answer.get("access_token")
        return visit, got

    def check_id_token(self, answer: Mapping[str, str], request: Mapping[str, str]) -> dict[str, Any]:
        """Check an ID token from the browser (§3.2.2.11, §3.3.2.12): nonce, and the hashes of all that came beside it."""
        claims = self.suite.check_id_token(answer, self.client)
        assert claims["nonce"] == request["nonce"]
        assert ("at_hash" in claims) == ("token" in self.words)
        assert ("c_hash" in claims) == ("code" in self.words)
        assert "s_hash" in claims
        return claims

    def twice(self, **second: str | None) -> tuple[tuple[Visit, dict[str, Any]], tuple[Visit, dict[str, Any]]]:
        """Authorize two times in one browser, two seconds apart."""
        person = self.suite.person()
        first = self.flow(person)
        self.suite.clock.advance(2)
        return first, self.flow(person, **second)

    def told(self, got: Mapping[str, Any], *scopes: str) -> None:
        """Check the claims of scopes: from UserInfo, or from the ID token where there is no access token (§5.4)."""
        if "access_token" in got:
            check_userinfo(self.suite, dict(got), "get", *scopes)
            assert not {name for claims in CLAIMS.values() for name in claims} & set(got["claims"])
            return
        wanted = {name: kind for scope in scopes for name, kind in CLAIMS[scope].items()}
        assert {name: type(got["claims"].get(name)) for name in wanted} == wanted
        others = {name for scope in CLAIMS.keys() - set(scopes) for name in CLAIMS[scope]}
        assert not others & got["claims"].keys()


def variants(response_types: tuple[str, ...]) -> list[Any]:
    """Give the variants of a plan: each type in its default mode and, as the form-post plan, in a form."""
    return [pytest.param((kind, mode), id="-".join(filter(None, (kind.replace(" ", "+"), mode))))
            for kind in response_types for mode in ("", "form_post")]


class FrontChannelModules:
    """Modules of both plans, under the Foundation's names."""

    def test_oidcc_server(self, variant: Variant) -> None:
        visit, got = variant.flow()
        assert visit.asked_for_password
        variant.told(got)

    def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(self, variant: Variant) -> None:
        request = variant.request()
        visit = variant.suite.person().open(variant.suite.url({**request, "request_uri": f"{RP}/request.jwt"}))
        variant.suite.check(visit, request, error="request_uri_not_supported")

    def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(self, variant: Variant) -> None:
        request = variant.request()
        visit = variant.suite.person().open(variant.suite.url({**request, "request": unsigned(**{**request, "state": "inside"})}))
        variant.suite.check(visit, request, error="request_not_supported")

    def test_oidcc_ensure_request_object_with_redirect_uri(self, variant: Variant) -> None:
        request = variant.request()
        outside = {**request, "redirect_uri": f"{RP}/not-registered", "request": unsigned(**request)}
        assert variant.suite.person().open(variant.suite.url(outside)).error_page

    def test_oidcc_response_type_missing(self, variant: Variant) -> None:
        request = variant.request(response_type=None)
        visit = variant.suite.person().open(variant.suite.url(request))
        variant.suite.check(visit, request, error="invalid_request")
        assert visit.shown == ()

    def test_oidcc_idtoken_signature(self, variant: Variant) -> None:
        header = read_segment(variant.flow()[1]["id_token"], 0)
        keys = variant.suite.http("GET", variant.suite.discovery["jwks_uri"]).json["keys"]
        key, = (key for key in keys if key["kid"] == header["kid"])
        assert (header["alg"], key["kty"], key["use"], key["alg"]) == ("RS256", "RSA", "sig", "RS256")

    def test_oidcc_scope_profile(self, variant: Variant) -> None:
        variant.told(variant.flow(scope="openid profile")[1], "profile")

    def test_oidcc_scope_email(self, variant: Variant) -> None:
        variant.told(variant.flow(scope="openid email")[1], "email")

    def test_oidcc_scope_address(self, variant: Variant) -> None:
        variant.told(variant.flow(scope="openid address")[1], "address")

    def test_oidcc_scope_phone(self, variant: Variant) -> None:
        variant.told(variant.flow(scope="openid phone")[1], "phone")

    def test_oidcc_scope_all(self, variant: Variant) -> None:
        variant.told(variant.flow(scope="openid profile email address phone")[1], "profile", "email", "address", "phone")

    def test_oidcc_alternate_happy_flow(self, variant: Variant) -> None:
        words = " ".join(reversed(variant.response_type.split()))
        request = dict(reversed(variant.request(scope="phone email profile openid", response_type=words).items()))
        visit = variant.visit(variant.suite.person(), request)
        if "id_token" in variant.words:
            variant.check_id_token(visit.answer, request)

    def test_oidcc_display_page(self, variant: Variant) -> None:
        assert variant.flow(display="page")[0].asked_for_password

    def test_oidcc_display_popup(self, variant: Variant) -> None:
        assert variant.flow(display="popup")[0].asked_for_password

    def test_oidcc_prompt_login(self, variant: Variant) -> None:
        (_, first), (visit, second) = variant.twice(prompt="login")
        assert visit.asked_for_password
        assert second["claims"]["auth_time"] == first["claims"]["auth_time"] + 2
        assert second["claims"]["sub"] == first["claims"]["sub"]

    def test_oidcc_prompt_none_not_logged_in(self, variant: Variant) -> None:
        request = variant.request(prompt="none")
        visit = variant.suite.person().open(variant.suite.url(request))
        variant.suite.check(visit, request, error="login_required")
        assert visit.shown == ()

    def test_oidcc_prompt_none_logged_in(self, variant: Variant) -> None:
        (_, first), (visit, second) = variant.twice(prompt="none")
        assert visit.shown == ()
        assert [second["claims"][name] for name in ("sub", "auth_time", "sid", "acr")] == [
            first["claims"][name] for name in ("sub", "auth_time", "sid", "acr")]

    def test_oidcc_max_age_1(self, variant: Variant) -> None:
        (_, first), (visit, second) = variant.twice(max_age="1")
        assert visit.asked_for_password
        assert second["claims"]["auth_time"] > first["claims"]["auth_time"]

    def test_oidcc_max_age_10000(self, variant: Variant) -> None:
        (_, first), (visit, second) = variant.twice(max_age="10000")
        assert visit.shown == ()
        assert second["claims"]["auth_time"] == first["claims"]["auth_time"]

    def test_oidcc_ensure_request_with_unknown_parameter_succeeds(self, variant: Variant) -> None:
        assert variant.flow(extra="foobar")[1]["claims"]

    def test_oidcc_id_token_hint(self, variant: Variant) -> None:
        person = variant.suite.person()
        _, first = variant.flow(person)
        variant.suite.clock.advance(5)
        visit, second = variant.flow(person, prompt="none", id_token_hint=first["id_token"])
        assert visit.shown == ()
        assert second["claims"]["sub"] == first["claims"]["sub"]

    def test_oidcc_login_hint(self, variant: Variant) -> None:
        form = variant.flow(login_hint="vanthu@haugiang.gov.vn")[0].shown[0].form_with("password")
        assert form is not None
        assert form.fields["username"] == "vanthu@haugiang.gov.vn"

    def test_oidcc_ui_locales(self, variant: Variant) -> None:
        assert '<html lang="vi"' in variant.flow(ui_locales="se")[0].shown[0].text

    def test_oidcc_claims_locales(self, variant: Variant) -> None:
        variant.told(variant.flow(claims_locales="se", scope="openid profile")[1], "profile")

    def test_oidcc_ensure_request_with_acr_values_succeeds(self, variant: Variant) -> None:
        asked = " ".join(variant.suite.discovery["acr_values_supported"])
        assert variant.flow(acr_values=asked)[1]["claims"]["acr"] in asked.split()
        assert variant.flow(acr_values="1 2")[1]["claims"]["acr"] == f"{ACR}1"

    def test_oidcc_claims_essential(self, variant: Variant) -> None:
        where = "userinfo" if variant.words != {"id_token"} else "id_token"
        _, got = variant.flow(claims=json.dumps({where: {"name": {"essential": True}}}))
        told = variant.suite.userinfo(got["access_token"]).json if where == "userinfo" else got["claims"]
        assert told["name"] == "Nguyễn Văn Mẫu"

    def test_oidcc_ensure_registered_redirect_uri(self, variant: Variant) -> None:
        for uri in (f"{CALLBACK}/x", "https://attacker.example/callback", f"{CALLBACK}#fragment"):
            visit = variant.suite.person().open(variant.suite.url(variant.request(redirect_uri=uri)))
            assert visit.error_page
            assert visit.page is not None
            assert "redirect_uri" in visit.page.text


class NonceModule:
    """The module of all types that send an ID token through the browser."""

    def test_oidcc_ensure_request_without_nonce_fails(self, variant: Variant) -> None:
        request = variant.request(nonce=None)
        visit = variant.suite.person().open(variant.suite.url(request))
        variant.suite.check(visit, request, error="invalid_request")
        assert visit.shown == ()


class UserInfoModules:
    """The modules of all types that lead to an access token."""

    def test_oidcc_userinfo_get(self, variant: Variant) -> None:
        check_userinfo(variant.suite, variant.flow()[1], "get")

    def test_oidcc_userinfo_post_header(self, variant: Variant) -> None:
        check_userinfo(variant.suite, variant.flow()[1], "post")

    def test_oidcc_userinfo_post_body(self, variant: Variant) -> None:
        check_userinfo(variant.suite, variant.flow()[1], "body")
