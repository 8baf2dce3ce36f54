"""JSON members of a registration, read one by one: each has a type and limits, and what is left in the end is unknown.

Spec: RFC 7591 §2 (types of the members), §3.2.2 (``invalid_client_metadata``). null is as good as absent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...errors import RefusedError
from ..client import SCOPES
from ..redirect_uri import InvalidRedirectUriError, check_redirect_uri, check_web_uri
from ..shown_text import misleads
from ..tokens.resource_indicator import LONGEST, is_resource

_LOCALIZED: Final = re.compile(r"(?:client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
LOCALIZED_PATTERN: Final = f"^{_LOCALIZED.pattern}$"
"""The same for JSON Schema."""
_MOST_LOCALIZED: Final = 20
_FRAGMENT: Final = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*")
_LONGEST_REQUEST_URI: Final = 512
"""RFC 9101 §5.2."""


class InvalidClientMetadataError(RefusedError):
    """A registration that cannot be accepted (RFC 7591 §3.2.2)."""

    code = "invalid_client_metadata"


def is_localized(name: str) -> bool:
    """Tell whether a member's name is that of something shown to officers, with a language tag (BCP 47)."""
    return _LOCALIZED.fullmatch(name) is not None


class Members:
    """Members of one table.

    Args:
        members: As received.
        development: Loopback http addresses are accepted.
        prefix: Goes before the name in every sentence.
        not_offered: Known members of later specifications, with the values that ask for nothing.
    """

    def __init__(self, members: Mapping[str, Any], *, development: bool, prefix: str = "",
                 not_offered: Mapping[str, tuple[object, ...]] | None = None) -> None:
        self._left = {str(name): value for name, value in members.items() if value is not None}
        self._development = development
        self._prefix = prefix
        self._not_offered = not_offered or {}

    def refuse(self, name: str, what: str) -> InvalidClientMetadataError:
        """Make the error that names a member."""
        return InvalidClientMetadataError(f"{self._prefix}{name}: {what}")

    def take(self, name: str) -> Any:
        """Give a member that the caller checks itself; None where it is absent."""
        return self._left.pop(name, None)

    def text(self, name: str, longest: int) -> str:
        """Read a text of one line that shows all it holds; NFC, without spaces round it; "" where absent."""
        value = self._left.pop(name, "")
        if not isinstance(value, str) or len(value) > longest or misleads(value):
            raise self.refuse(name, f"a text of one line, at most {longest} characters, all of them visible.")
        return unicodedata.normalize("NFC", value).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self.refuse(name, "true or false.")
        return value

    def seconds(self, name: str) -> int | None:
        """Read a number of seconds; None where absent."""
        value = self._left.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9):
            raise self.refuse(name, "a number of seconds, 0 or more.")
        return value

    def choice(self, name: str, offered: tuple[str, ...]) -> str:
        """Read one of several words; the first where absent."""
        value = self._left.pop(name, offered[0])
        if not isinstance(value, str) or value not in offered:
            raise self.refuse(name, f"{', '.join(offered)} are offered.")
        return value

    def only(self, name: str, offered: object, sentence: str) -> None:
        """Refuse everything but one value, with a sentence."""
        if self._left.pop(name, offered) != offered:
            raise self.refuse(name, f"{sentence}.")

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts, each once."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50 or not all(
                isinstance(item, str) and 0 < len(item) <= 255 and item.isprintable() for item in value):
            raise self.refuse(name, "a list of at most 50 texts.")
        return tuple(dict.fromkeys(unicodedata.normalize("NFC", item) for item in value))

    def words(self, name: str, offered: tuple[str, ...], *, default: tuple[str, ...],
              spelt: Callable[[str], str] = str) -> tuple[str, ...]:
        """Read a list of words, each of which must be offered, in the spelling that ``spelt`` gives them."""
        if name not in self._left:
            return default
        value = tuple(dict.fromkeys(map(spelt, self.texts(name))))
        if not set(value).issubset(offered):
            raise self.refuse(name, f"{', '.join(offered) or 'none'} {'are' if len(offered) > 1 else 'is all that is'} offered.")
        return value

    def scope(self, *, default: frozenset[str]) -> frozenset[str]:
        """Read space-separated scopes."""
        if "scope" not in self._left:
            return default
        words = frozenset(self.text("scope", 1000).split(" ")) - {""}
        if not words.issubset(SCOPES):
            raise self.refuse("scope", f"{' '.join(SCOPES)} are offered, separated by spaces.")
        return words

    def web_uri(self, name: str) -> str:
        """Read the address of a page; "" where absent."""
        value = self._left.pop(name, "")
        try:
            return "" if value == "" else check_web_uri(value, development=self._development, member=name)
        except InvalidRedirectUriError as err:  # nobody is redirected there (RFC 7591 §3.2.2)
            raise InvalidClientMetadataError(err.message) from None

    def request_uris(self, name: str) -> tuple[str, ...]:
        """Read addresses where request objects stand, each with or without a fragment (OpenID Connect Registration §2)."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50 or not all(
                isinstance(uri, str) and len(uri) <= _LONGEST_REQUEST_URI and _FRAGMENT.fullmatch(uri.partition("#")[2])
                for uri in value):
            raise self.refuse(name, f"a list of at most 50 addresses, each of at most {_LONGEST_REQUEST_URI} characters.")
        for uri in value:
            try:
                check_web_uri(uri.partition("#")[0], development=self._development, member=name)
            except InvalidRedirectUriError as err:
                raise InvalidClientMetadataError(err.message) from None
        return tuple(dict.fromkeys(value))

    def redirect_uris(self, name: str, *, native: bool) -> tuple[str, ...]:
        """Read addresses that a browser is sent back to."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50:
            raise self.refuse(name, "a list of at most 50 addresses.")
        uris = [check_redirect_uri(uri, native=native, development=self._development, member=name) for uri in value]
        return tuple(dict.fromkeys(uris))

    def resource_names(self, name: str) -> tuple[str, ...]:
        """Read a list of resources (RFC 8707 §2), each once."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or len(value) > 50 or not all(map(is_resource, value)):
            raise self.refuse(name, f"a list of at most 50 absolute URIs without fragment, of at most {LONGEST} characters.")
        return tuple(dict.fromkeys(value))

    def resources(self, name: str) -> tuple[tuple[str, str], ...]:
        """Read a table of resources with the scopes that may be had there."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict):
            raise self.refuse(name, "a table of resources, each with its scopes in one text.")
        table = Members({"": list(value)}, development=self._development, prefix=f"{self._prefix}{name}")
        names = table.resource_names("")
        if not all(isinstance(policy, str) and len(policy) <= 1000 and set(policy.split()).issubset(SCOPES)
                   for policy in value.values()):
            raise self.refuse(name, f"each with scopes, separated by spaces, of {' '.join(SCOPES)}.")
        return tuple(sorted((resource, " ".join(value[resource].split())) for resource in names))

    def localized(self) -> tuple[tuple[str, str], ...]:
        """Read what officers are shown in other languages, such as ``client_name#en`` (RFC 7591 §2.2)."""
        found: dict[str, str] = {}
        for tagged in [name for name in self._left if is_localized(name)]:
            value = self.text(tagged, 200) if tagged.startswith("client_name#") else self.web_uri(tagged)
            if value:
                found[tagged] = value
        if len(found) > _MOST_LOCALIZED or len({name.lower() for name in found}) < len(found):
            raise InvalidClientMetadataError(f"Members in other languages: at most {_MOST_LOCALIZED}, each language once.")
        return tuple(sorted(found.items()))

    def nothing_left(self) -> None:
        """Refuse what was not read: unknown, or known and not offered yet."""
        for name, value in self._left.items():
            if name in self._not_offered:
                if not any(value is nothing or (type(value) is type(nothing) and value == nothing)
                           for nothing in self._not_offered[name]):
                    raise self.refuse(name, "this is not offered yet.")
            else:
                shown = re.sub(r"[^A-Za-z0-9_#.-]", "?", name)[:60]
                raise self.refuse(shown, "unknown; see docs/clients.md for the members there are.")
