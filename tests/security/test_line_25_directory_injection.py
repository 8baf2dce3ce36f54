"""Line 25: user input reaches LDAP only as an escaped string; the login name is normalised once and used everywhere."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.directory import LdapDirectory
from idp.authn.password import normalise_login_name
from tests.directory_server import Proxy, open_directory


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=40) | st.text(alphabet="*()\\\0&|!=~<>@ \n\x7fcanbo", max_size=20))
def test_line_25_no_text_as_a_name_is_anything_but_a_name(ldap_directory: LdapDirectory, name: str) -> None:
    officer = ldap_directory.find_by_login(name)
    assert officer is None or officer.uid.casefold() == unicodedata.normalize("NFC", name).casefold().strip()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry_uuid=st.text(max_size=40) | st.text(alphabet="*()\\\0&|!=-0af", max_size=40))
def test_line_25_no_text_as_an_identifier_finds_anybody_else(ldap_directory: LdapDirectory, entry_uuid: str) -> None:
    assert ldap_directory.find(entry_uuid) is None


@pytest.mark.parametrize("typed", [
    "*", "canbo*", "canbo)(objectClass=*", "canbo)(|(uid=*", "\\2a", "canbo\\00", "canbo,ou=H30.1", "uid=canbo", "đ*",
    "canbo)(mail=*)@x"])
def test_line_25_a_filter_in_a_name_is_a_name(ldap_directory: LdapDirectory, typed: str) -> None:
    assert ldap_directory.find_by_login(normalise_login_name(typed, mail_domain="haugiang.gov.vn")) is None


def test_line_25_vietnamese_letters_are_sent_as_they_are(directory_server: SampleDirectory) -> None:
    with Proxy(directory_server.port) as proxy, contextlib.closing(
            open_directory(directory_server, uris=(proxy.uri,))) as directory:
        assert directory.find_by_login("đặng.hằng") is None
        assert "đặng.hằng".encode() in proxy.seen


@pytest.mark.parametrize("value", [None, 1, b"canbo", ["canbo"], {"uid": "canbo"}])
def test_line_25_anything_but_text_is_refused_before_ldap(ldap_directory: LdapDirectory, value: object) -> None:
    with pytest.raises(TypeError):
        ldap_directory.find_by_login(value)  # type: ignore[arg-type]
    with pytest.raises((TypeError, AttributeError)):
        ldap_directory.find(value)  # type: ignore[arg-type]
