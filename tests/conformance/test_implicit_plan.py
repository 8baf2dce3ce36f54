"""oidcc-implicit-certification-test-plan and oidcc-formpost-implicit-certification-test-plan, behind the setting.

Tokens come from the authorization endpoint alone; with ``id_token`` there is no access token, so the ID token holds the claims of
the scopes. The modules are in front_channel.py, except that about the claims parameter.
"""

from __future__ import annotations

import pytest

from .front_channel import IMPLICIT, FrontChannelModules, NonceModule, UserInfoModules, Variant, variants
from .suite import Suite


@pytest.fixture(params=variants(IMPLICIT))
def variant(request: pytest.FixtureRequest, browser_suite: Suite) -> Variant:
    return Variant(browser_suite, *request.param)


class TestImplicitPlan(FrontChannelModules, NonceModule):
    """Modules for both response types."""


@pytest.mark.parametrize("variant", variants(("id_token token",)), indirect=True)
class TestImplicitPlanWithAccessToken(UserInfoModules):
    """Modules for ``id_token token``."""


def test_an_implicit_client_gets_no_refresh_token_and_nothing_at_the_token_endpoint(browser_suite: Suite) -> None:
    """Not a module; RFC 6749 §4.2.2."""
    variant = Variant(browser_suite, "id_token token")
    visit, got = variant.flow()
    assert "refresh_token" not in visit.answer
    refused = browser_suite.token(variant.client, grant_type="authorization_code", code=got["access_token"],
                                  redirect_uri=variant.client["redirect_uris"][0])
    assert (refused.status_code, refused.json["error"]) == (400, "unauthorized_client")
