"""Token signing keys in a PKCS #11 token (HSM, smart card, SoftHSM): made there, used there, never given out.

Spec: RFC 7512 §2.3 (URI of a key). Satisfies ``jose.signing_key.KeyToken``; the optional package python-pkcs11 does the calls.

That package initialises a module without locks, which promises the module that no two threads are ever in it. So there is
one session and one lock round every call; processes sign beside each other. Every signature is verified in software before it
leaves, for less than a tenth of a millisecond: a token that was restored with other keys, or whose arithmetic was disturbed,
signs nothing for us.

When a session dies (token restarted, card pulled, daemon of an HSM away), everything is opened anew once; if that does not
help, the caller is told that the token is unavailable, and for the rest of that second nobody asks it again. A PIN that the
token refused is not tried a second time by this process, and none is tried where it would be the last: tokens lock themselves.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import quote

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from pkcs11 import MGF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error, TokenFlag

from ..clock import Clock
from ..errors import ConfigurationError, UnavailableError
from ..jose.signing_key import RSA_BITS, KeyObject, PublicKey

DEPENDENCY: Final = "key_token"
LONGEST_WAIT_SECONDS: Final = 5.0
"""How long a thread waits for others that use the token."""

_MECHANISMS: Final = {
    "ES256": (Mechanism.EC_KEY_PAIR_GEN, Mechanism.ECDSA, None),
    "RS256": (Mechanism.RSA_PKCS_KEY_PAIR_GEN, Mechanism.SHA256_RSA_PKCS, None),
    "PS256": (Mechanism.RSA_PKCS_KEY_PAIR_GEN, Mechanism.SHA256_RSA_PKCS_PSS, (Mechanism.SHA256, MGF.SHA256, 32)),
    "ES384": (Mechanism.EC_KEY_PAIR_GEN, Mechanism.ECDSA, None),
    "EdDSA": (Mechanism.EC_EDWARDS_KEY_PAIR_GEN, Mechanism.EDDSA, None),
}
_CURVES: Final = {"ES256": bytes.fromhex("06082a8648ce3d030107"), "ES384": bytes.fromhex("06052b81040022")}
_DIGESTS: Final = {"ES256": sha256, "ES384": sha384}
"""A token signs digests on curves."""
_ED25519: Final = (bytes.fromhex("06032b6570"), bytes.fromhex("130c656477617264733235353139"))
"""The curve by its identifier (RFC 8410) and by its name; PKCS #11 3.0 §2.3.5 knows both, and tokens often one of them."""

_ID: Final = re.compile(r";id=((?:%[0-9A-F]{2})+)")
_REFUSED_PIN: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired)
_Answer = TypeVar("_Answer")


class Pkcs11Keys:
    """The private keys of one token.

    Args:
        module: The PKCS #11 module, a shared library.
        label: Label of the token.
        pin: Reads the user PIN from its file; asked when a session is opened.
        clock: Source of the time.
    """

    def __init__(self, module: Path, label: str, pin: Callable[[], str], clock: Clock) -> None:
        self._module, self._label, self._pin, self._clock = module, label, pin, clock
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        self._handles: dict[str, Any] = {}
        self._mechanisms: frozenset[object] = frozenset()
        self._broken = False
        self._refused_pin: str | None = None
        self._failed_at = -1

    def makes(self, alg: str) -> bool:
        """Tell whether the token can make keys of an algorithm and sign with them."""
        if not self._mechanisms:
            self._mechanisms = self._ask(lambda session: frozenset(session.token.slot.get_mechanisms()))
        return self._mechanisms.issuperset(_MECHANISMS[alg][:2])

    def make(self, alg: str, number: bytes = b"", label: str = "") -> tuple[str, PublicKey]:
        """Make a key that cannot leave the token; gives its URI and its public part.

        Args:
            alg: What it signs with; ES384 is for authorities.
            number: Its identifier; a random one where none is given.
            label: What the token's own tools show.

        Raises:
            ConfigurationError: the token would give the private part out.
        """
        number = number or secrets.token_bytes(16)
        public = self._ask(lambda session: _generate(session, alg, number, label or f"idp signing {alg}"))
        return self.uri(number), public

    def uri(self, number: bytes) -> str:
        """Give the URI of the key with an identifier."""
        return f"pkcs11:token={quote(self._label, safe='')};id={''.join(f'%{byte:02X}' for byte in number)};type=private"

    def open(self, uri: str, jwk: Mapping[str, Any]) -> KeyObject:
        """Give an object that signs with a key of the token; nothing is asked of the token yet."""
        public, alg = JWKRegistry.import_key(dict(jwk)), str(jwk["alg"])
        if isinstance(public, ECKey):
            return _EcKey(public.raw_value, dict(jwk), _InToken(self, uri, alg, public.public_key))
        if isinstance(public, RSAKey):
            return _RsaKey(public.raw_value, dict(jwk), _InToken(self, uri, alg, public.public_key))
        assert isinstance(public, OKPKey)
        return _OkpKey(public.raw_value, dict(jwk), _Ed25519InToken(self, uri, alg, public.public_key))

    def holds(self, uri: str) -> bool:
        """Tell whether the token has the private part."""
        # A session that lost its login sees no private part at all; that must not pass for a part that is gone.
        return self._ask(lambda session: _search(session, uri) is not None, anew=True)

    def destroy(self, uri: str) -> None:
        """Destroy a private part; one that is gone already is no fault."""
        def act(session: pkcs11.Session) -> None:
            found = _search(session, uri)
            if found is not None:
                found.destroy()

        self._ask(act, anew=True)  # as in ``holds``

    def check(self) -> str:
        """Ask the token for an answer; gives label, model and serial number."""
        def act(session: pkcs11.Session) -> str:
            list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: b"\0"}))
            token = session.token
            return f"{token.label}, {token.manufacturer_id} {token.model} {token.serial.decode(errors='replace')}"

        return self._ask(act)

    def sign(self, uri: str, alg: str, message: bytes) -> bytes:
        """Sign a message as ``cryptography`` does: ECDSA signatures in DER.

        Raises:
            UnavailableError: the token does not answer, or does not have the key.
        """
        def act(session: pkcs11.Session) -> bytes:
            key = self._handles.get(uri)
            if key is None:
                key = _search(session, uri)
                if key is None:
                    raise pkcs11.NoSuchKey
                self._handles[uri] = key
            _make, mechanism, parameter = _MECHANISMS[alg]
            data = _DIGESTS[alg](message).digest() if alg in _DIGESTS else message
            signature: bytes = key.sign(data, mechanism=mechanism, mechanism_param=parameter)
            return signature

        signature = self._ask(act)
        if alg not in _DIGESTS:
            return signature
        half = len(signature) // 2
        return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))

    def _ask(self, act: Callable[[pkcs11.Session], _Answer], *, anew: bool = False) -> _Answer:
        """Do something with the one session; a session that died is opened anew once."""
        if not self._lock.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise _unavailable("others are waiting for it")
        try:
            now = self._clock.now()
            if now == self._failed_at:
                raise _unavailable("it did not answer a moment ago")
            if anew:
                self._drop()
            for last in (False, True):
                try:
                    if self._session is None:
                        self._session = self._open()
                    return act(self._session)
                except PKCS11Error as err:
                    self._drop()
                    self._broken = True
                    if last:
                        if not isinstance(err, pkcs11.NoSuchKey):
                            self._failed_at = now
                        raise _unavailable(f"{type(err).__name__} {err}".strip()) from err
            raise AssertionError("unreachable")
        finally:
            self._lock.release()

    def _drop(self) -> None:
        session, self._session = self._session, None
        self._handles.clear()
        if session is not None:
            with suppress(PKCS11Error):
                session.close()

    def _open(self) -> pkcs11.Session:
        pin = self._pin()
        if pin == self._refused_pin:
            _refuse_pin("the token refused this PIN before")
        try:
            module = pkcs11.lib(str(self._module))
            if self._broken:
                with suppress(PKCS11Error):
                    module.finalize()
                module = pkcs11.lib(str(self._module))
        except PKCS11Error as err:
            if type(err) is PKCS11Error:  # what the package says when it cannot load the library
                raise ConfigurationError(f"The PKCS #11 module {self._module} cannot be loaded.",
                                         remedy="Correct IDP_PKCS11_MODULE.", debug=str(err)) from err
            raise
        try:
            token = module.get_token(token_label=self._label)
            _leave_the_last_try(token.flags)
            try:
                session = token.open(rw=True, user_pin=pin)
            except pkcs11.UserAlreadyLoggedIn:
                session = token.open(rw=True)
        except _REFUSED_PIN as err:
            self._refused_pin = pin
            _refuse_pin(type(err).__name__, err)
        except pkcs11.MultipleTokensReturned as err:
            raise ConfigurationError(f"Several PKCS #11 tokens have the label {self._label}.",
                                     remedy="Give each token its own label.") from err
        self._broken = False
        return session


def _leave_the_last_try(flags: TokenFlag) -> None:
    """Do not log in where one wrong PIN more would lock the token: each start of each process would try the same wrong one."""
    if flags & (TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED):
        raise ConfigurationError("The PKCS #11 token locks itself at the next wrong PIN, or has done so.", remedy="Log in by hand"
                                 " with the tool of the token, which resets its count; correct the file IDP_PKCS11_PIN_FILE.")


def _refuse_pin(why: str, err: Exception | None = None) -> NoReturn:
    raise ConfigurationError("The PKCS #11 token refuses the PIN.", debug=why, remedy="Correct the file IDP_PKCS11_PIN_FILE;"
                             " a refused PIN is not tried again, so that the token does not lock itself.") from err


def _unavailable(why: str) -> UnavailableError:
    return UnavailableError("The token that keeps the signing keys does not answer.", dependency=DEPENDENCY,
                            retry_after_seconds=2, debug=why)


def _search(session: pkcs11.Session, uri: str) -> Any | None:
    found = _ID.search(uri)
    if found is None:
        return None
    number = bytes.fromhex(found[1].replace("%", ""))
    return next(iter(list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: number}))), None)


def _generate(session: pkcs11.Session, alg: str, number: bytes, label: str) -> PublicKey:
    """Make a key pair: the private half stays in the token for good, the public one only as long as it takes to read it."""
    given: dict[str, Any] = {
        "id": number, "label": label, "store": True, "mechanism": _MECHANISMS[alg][0],
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY, "public_template": {Attribute.TOKEN: False},
        "private_template": {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}}
    if alg in ("RS256", "PS256"):
        public, private = session.generate_keypair(KeyType.RSA, RSA_BITS, **given)
    elif alg in _CURVES:
        public, private = _on_curve(session, KeyType.EC, _CURVES[alg], given)
    else:
        try:
            public, private = _on_curve(session, KeyType.EC_EDWARDS, _ED25519[0], given)
        except PKCS11Error:
            public, private = _on_curve(session, KeyType.EC_EDWARDS, _ED25519[1], given)
    try:
        kept = private[Attribute.SENSITIVE] and not private[Attribute.EXTRACTABLE]
        read = _public_part(public, alg)
    except PKCS11Error:
        private.destroy()
        raise
    if not kept:
        private.destroy()
        raise ConfigurationError("The PKCS #11 token would give private keys out.",
                                 remedy="Use a token that keeps what is made as sensitive and not extractable.")
    return read


def _on_curve(session: pkcs11.Session, kind: KeyType, curve: bytes, given: dict[str, Any]) -> tuple[Any, Any]:
    return session.create_domain_parameters(kind, {Attribute.EC_PARAMS: curve}, local=True).generate_keypair(**given)


def _public_part(public: Any, alg: str) -> PublicKey:
    if alg in ("RS256", "PS256"):
        modulus, exponent = (int.from_bytes(public[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT))
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    point: bytes = public[Attribute.EC_POINT]
    size = {"ES256": 65, "ES384": 97}.get(alg, 32)
    point = point[-size:]  # an OCTET STRING in DER; some tokens give its content alone
    if alg in _CURVES:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1(), point)
    return ed25519.Ed25519PublicKey.from_public_bytes(point)


class _InToken:
    """Stands for a private key where joserfc asks for one; joserfc's arguments say what the signature must verify with."""

    def __init__(self, keys: Pkcs11Keys, uri: str, alg: str, public: Any) -> None:
        self._keys, self._uri, self._alg, self._public = keys, uri, alg, public

    def sign(self, message: bytes, *scheme: Any) -> bytes:
        signature = self._keys.sign(self._uri, self._alg, message)
        try:
            self._public.verify(signature, message, *scheme)
        except InvalidSignature as err:
            raise _unavailable(f"a signature of {self._uri} does not fit its public key") from err
        return signature


class _Ed25519InToken(_InToken, ed25519.Ed25519PrivateKey):  # type: ignore[misc]  # takes what joserfc gives
    """The same for joserfc's check that an EdDSA key is an Ed25519PrivateKey."""

    def public_key(self) -> ed25519.Ed25519PublicKey:
        public: ed25519.Ed25519PublicKey = self._public
        return public

    def private_bytes(self, *_args: Any, **_more: Any) -> NoReturn:
        raise TypeError("a private key in a token cannot be read")

    def private_bytes_raw(self) -> NoReturn:
        raise TypeError("a private key in a token cannot be read")

    def __copy__(self) -> _Ed25519InToken:
        return self

    def __deepcopy__(self, _memo: Any) -> _Ed25519InToken:
        return self


class _Signs:
    """A JWK of ours whose object is public: nothing can be exported from it, and only ``sign`` reaches the token."""

    def __init__(self, public: Any, jwk: dict[str, Any], private: _InToken) -> None:
        super().__init__(public, jwk)  # type: ignore[call-arg]
        self._private = private

    def get_op_key(self, operation: Any) -> Any:
        return self._private if operation == "sign" else super().get_op_key(operation)  # type: ignore[misc]


class _EcKey(_Signs, ECKey):
    pass


class _RsaKey(_Signs, RSAKey):
    pass


class _OkpKey(_Signs, OKPKey):
    pass
