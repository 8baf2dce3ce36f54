"""The gallery of components: a page for developers, and no address of a production server."""

from __future__ import annotations

from idp.adapters.sql.database import Database

from .site import Site


def test_the_gallery_is_there_in_development_without_a_sign_in(site: Site) -> None:
    answer = site.browser().get("/gallery")
    assert answer.status_code == 200
    assert "Các thành phần của trang" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_in_production_there_is_no_gallery(database: Database) -> None:
    site = Site(database, env="production", issuer="https://login.example")
    assert site.browser().get("/gallery").status_code == 404
    assert not [rule for rule in site.app.url_map.iter_rules() if rule.rule.startswith("/gallery")]
