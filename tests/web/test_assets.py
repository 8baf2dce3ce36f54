"""Static files: content-named addresses, compression, conditional requests, nothing outside the folder."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from werkzeug.test import Client

from idp.web.assets import Assets


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture
def client(assets: Assets) -> Client:
    return Client(assets)


def test_rfc8246_a_content_named_address_is_immutable_and_compressed(assets: Assets, client: Client) -> None:
    url = assets.url("bootstrap.min.css")
    plain = client.get(url)
    zipped = client.get(url, headers={"Accept-Encoding": "br, gzip"})
    assert plain.status_code == zipped.status_code == 200
    assert "immutable" in zipped.headers["Cache-Control"]
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < 40_000
    assert "Set-Cookie" not in zipped.headers


def test_rfc9110_gzip_refused_by_the_browser_is_not_sent(assets: Assets, client: Client) -> None:
    answer = client.get(assets.url("tokens.css"), headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in answer.headers


def test_rfc9110_if_none_match_gives_304_per_encoding(assets: Assets, client: Client) -> None:
    url = assets.url("tokens.css")
    tag = client.get(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(url, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}).status_code == 200


def test_an_address_of_an_earlier_release_gets_the_present_file_uncached(client: Client) -> None:
    answer = client.get("/static/0000000000000000/tokens.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/x/../tokens.css", "/static/x//etc/passwd", "/static/x/..%2f..%2fsettings.py",
                                  "/static/", "/static/tokens.css", "/static/x/assets.py", "/static/%00/%ff"])
def test_only_known_names_are_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_other_methods_are_refused(assets: Assets, client: Client) -> None:
    assert client.post(assets.url("tokens.css")).status_code == 405
    assert client.head(assets.url("tokens.css")).data == b""


def test_security_41_a_picture_of_the_province_cannot_run_script(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', encoding="utf-8")
    assets = Assets({"logo.svg": logo})
    answer = Client(assets).get(assets.url("logo.svg"))
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type.startswith("image/svg+xml")


def test_an_unknown_name_in_a_template_is_an_error(assets: Assets) -> None:
    with pytest.raises(LookupError):
        assets.url("missing.css")
