"""Sector documents: fetched once, and every redirect URI must stand there."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from idp.errors import RefusedError, UnavailableError
from idp.oauth.client import Client
from idp.oauth.clients.members import InvalidClientMetadataError
from idp.oauth.clients.sectors import AT_ONCE, Sectors

from ...contracts.key_store import at_once
from ...fakes.documents import FakeDocuments

URI = "https://sector.example/uris.json"
CLIENT = Client(client_id="a", client_name="a", redirect_uris=("https://a.example/cb", "https://b.example/cb"),
                sector_identifier_uri=URI)


def check(document: bytes, client: Client = CLIENT) -> None:
    Sectors(FakeDocuments({URI: document}).document).check(client)


def refusal(document: bytes) -> str:
    with pytest.raises(InvalidClientMetadataError) as caught:
        check(document)
    assert caught.value.message.isascii()
    return caught.value.message


def test_registration_s5_every_redirect_uri_stands_in_the_document() -> None:
    check(b'["https://a.example/cb","https://b.example/cb"]')
    check('["https://c.example/đ", "https://b.example/cb", "https://a.example/cb", "https://a.example/cb"]'.encode())
    for document in (b"[]", b'["https://a.example/cb"]', b'["https://a.example/cb","https://b.example/cb/"]',
                     b'["https://a.example/cb","HTTPS://b.example/cb"]'):
        assert "every redirect URI" in refusal(document)


@pytest.mark.parametrize("document", [b"", b"{}", b"null", b'"x"', b'{"redirect_uris":[]}', b'["https://a.example/cb",1]',
                                      b'[["https://a.example/cb"]]', b"\xff", b"[" * 60_000, b"<html>",
                                      b"[" + b"9" * 50_000 + b"]"])
def test_what_is_no_list_of_texts_is_refused(document: bytes) -> None:
    assert "JSON list" in refusal(document)


def test_security_19_why_a_fetch_failed_is_not_told() -> None:
    def fetch(_url: str) -> bytes:
        raise failures.pop()

    failures: list[Exception] = [RefusedError("The host has an address that is not allowed.", code="address_refused"),
                                 UnavailableError("No connection.", dependency="receiver")]
    told = set()
    for _ in range(2):
        with pytest.raises(InvalidClientMetadataError) as caught:
            Sectors(fetch).check(CLIENT)
        told.add(caught.value.message)
    assert len(told) == 1


def test_nothing_is_fetched_for_an_application_without_a_sector() -> None:
    Sectors(FakeDocuments().document).check(replace(CLIENT, sector_identifier_uri=""))


def test_slow_servers_hold_two_threads_and_no_more() -> None:
    going, held = threading.Semaphore(0), threading.Event()

    def fetch(_url: str) -> bytes:
        going.release()
        held.wait(10)
        return b'["https://a.example/cb","https://b.example/cb"]'

    sectors = Sectors(fetch)
    waiting = [threading.Thread(target=sectors.check, args=(CLIENT,)) for _ in range(AT_ONCE)]
    for thread in waiting:
        thread.start()
        assert going.acquire(timeout=10)
    results = at_once(3, lambda: sectors.check(CLIENT))
    assert all(isinstance(result, UnavailableError) for result in results)
    held.set()
    for thread in waiting:
        thread.join()
    sectors.check(CLIENT)
