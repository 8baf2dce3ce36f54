"""oidcc-hybrid-certification-test-plan and oidcc-formpost-hybrid-certification-test-plan, behind the setting.

A code and tokens come from the authorization endpoint, and the code is redeemed for more. Modules that the implicit plan has as
well are in front_channel.py; that about the claims parameter is not here.
"""

from __future__ import annotations

import pytest

from .front_channel import HYBRID, FrontChannelModules, NonceModule, UserInfoModules, Variant, variants
from .suite import CALLBACK, POST, SECOND, Suite
from .test_basic_plan import check_userinfo

# Verifier and challenge of RFC 7636 appendix B.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture(params=variants(HYBRID))
def variant(request: pytest.FixtureRequest, browser_suite: Suite) -> Variant:
    return Variant(browser_suite, *request.param)


class TestHybridPlan(FrontChannelModules, UserInfoModules):
    """Modules for all three response types."""

    def test_oidcc_server_client_secret_post(self, variant: Variant) -> None:
        check_userinfo(variant.suite, variant.of(POST).flow()[1])

    def test_oidcc_codereuse(self, variant: Variant) -> None:
        visit, _ = variant.flow()
        again = self.redeem(variant, visit.answer["code"])
        assert again == (400, "invalid_grant")

    def test_oidcc_codereuse_30seconds(self, variant: Variant) -> None:
        visit, got = variant.flow()
        tokens = [got["redeemed"]["access_token"], *filter(None, [visit.answer.get("access_token")])]
        assert [variant.suite.userinfo(token).status_code for token in tokens] == [200] * len(tokens)
        variant.suite.clock.advance(30)
        assert self.redeem(variant, visit.answer["code"]) == (400, "invalid_grant")
        # Everything that came of the code's grant is worthless, the token from the browser included.
        assert [variant.suite.userinfo(token).status_code for token in tokens] == [401] * len(tokens)

    def test_oidcc_refresh_token(self, variant: Variant) -> None:
        _, got = variant.flow(scope="openid profile offline_access")
        first = got["redeemed"]
        variant.suite.clock.advance(60)
        stolen = variant.suite.token(SECOND, grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert (stolen.status_code, stolen.json["error"]) == (400, "invalid_grant")
        second = variant.suite.check_tokens(
            variant.suite.token(variant.client, grant_type="refresh_token", refresh_token=first["refresh_token"]), variant.client)
        same = ("iss", "sub", "aud", "auth_time", "sid", "acr")
        assert [second["claims"][name] for name in same] == [got["claims"][name] for name in same]
        assert second["access_token"] not in {first["access_token"], got["access_token"]}

    def test_oidcc_ensure_request_with_valid_pkce_succeeds(self, variant: Variant) -> None:
        request = variant.request(code_challenge=CHALLENGE, code_challenge_method="S256")
        visit = variant.visit(variant.suite.person(), request)
        assert self.redeem(variant, visit.answer["code"], code_verifier=VERIFIER[::-1]) == (400, "invalid_grant")
        variant.suite.redeem(visit, request, variant.client, code_verifier=VERIFIER)

    @staticmethod
    def redeem(variant: Variant, code: str, **more: str) -> tuple[int, str]:
        """Send a code that must be refused; gives status and error."""
        answer = variant.suite.token(variant.client, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)
        return answer.status_code, answer.json["error"]


@pytest.mark.parametrize("variant", variants(("code id_token", "code id_token token")), indirect=True)
class TestHybridPlanWithIdToken(NonceModule):
    """The module for the two types with an ID token from the browser."""


@pytest.mark.parametrize("variant", variants(("code token",)), indirect=True)
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(variant: Variant) -> None:
    """With ``code token`` the only ID token comes from the token endpoint, as in the code flow."""
    assert "nonce" not in variant.flow(nonce=None)[1]["claims"]
