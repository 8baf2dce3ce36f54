"""Signing in through the pages."""

from __future__ import annotations

from .site import QLVB, Site, query_of


def test_name_and_password_lead_to_the_application_with_a_code(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize()
    assert page.status_code == 200
    assert QLVB.client_name in page.text
    answer = browser.submit(page, username="canbo", password="HauGiang-2026!")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(QLVB.redirect_uris[0] + "?code=")
    query = query_of(answer.headers["Location"])
    assert (query["state"], query["iss"]) == ("st-1", site.settings.issuer)
    claims = site.id_token_claims(site.tokens(answer.headers["Location"])["id_token"])
    assert (claims["acr"], claims["amr"], claims["auth_time"], claims["nonce"]) == (
        "urn:haugiang:acr:1", ["pwd"], site.clock.now(), "n-1")
