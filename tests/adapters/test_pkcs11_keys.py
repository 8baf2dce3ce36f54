"""Signing keys in SoftHSM: nothing private comes out, and what happens to a token does not happen to the provider."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from idp.adapters.pkcs11_keys import Pkcs11Keys, _leave_the_last_try, _search
from idp.errors import ConfigurationError, UnavailableError
from idp.jose.keyset import ALGORITHMS, KeyRing
from idp.jose.rotation import ROTATION_SECONDS
from idp.jose.signing_key import describe
from tests.contracts.key_store import CALLER
from tests.contracts.key_token import KeyTokenContract, signs
from tests.fakes.clock import FakeClock
from tests.fakes.key_store import FakeKeyStore
from tests.fakes.sealer import FakeSealer
from tests.softhsm import MODULE, PIN, SoftHSM

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings(
    # python-pkcs11 closes a search when its object goes; in a session that died meanwhile, that fails and changes nothing.
    "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHSM]:
    before = os.environ.get("SOFTHSM2_CONF")
    yield SoftHSM(tmp_path_factory.mktemp("softhsm"))
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def label(softhsm: SoftHSM) -> str:
    label = softhsm.token()
    softhsm.module()
    return label


@pytest.fixture
def token(label: str, clock: FakeClock) -> Pkcs11Keys:
    return Pkcs11Keys(MODULE, label, lambda: PIN, clock)


class TestPkcs11Keys(KeyTokenContract):
    @pytest.fixture(name="token")
    def _token(self, token: Pkcs11Keys) -> Pkcs11Keys:
        return token

    def break_it(self, token: Pkcs11Keys) -> None:
        token._label = "there is no such token"
        token._drop()


def private_keys(softhsm: SoftHSM, label: str) -> list[dict[Attribute, object]]:
    """What another program, with the PIN, reads of the private keys of a token."""
    with softhsm.module().get_token(token_label=label).open(user_pin=PIN) as session:
        names = (Attribute.SENSITIVE, Attribute.EXTRACTABLE, Attribute.NEVER_EXTRACTABLE, Attribute.PRIVATE, Attribute.SIGN)
        return [{name: key[name] for name in names} for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})]


def test_keys_are_made_in_the_token_and_cannot_be_read_with_the_pin_either(
        softhsm: SoftHSM, label: str, token: Pkcs11Keys) -> None:
    uris = [token.make(alg)[0] for alg in ALGORITHMS]
    found = private_keys(softhsm, label)
    assert found == [dict.fromkeys(found[0], True) | {Attribute.EXTRACTABLE: False}] * len(ALGORITHMS)
    with softhsm.module().get_token(token_label=label).open(user_pin=PIN) as session:
        for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}):
            for secret in (Attribute.VALUE, Attribute.PRIVATE_EXPONENT, Attribute.PRIME_1):
                with pytest.raises(pkcs11.PKCS11Error):
                    key[secret]
    assert all(uri.startswith(f"pkcs11:token={label.replace(' ', '%20')};id=%") for uri in uris)


def test_a_token_that_was_restarted_signs_again_without_a_restart_of_ours(softhsm: SoftHSM, token: Pkcs11Keys) -> None:
    uri, public = token.make("ES256")
    jwk = describe(public, "ES256")
    for _ in range(3):
        softhsm.module()
        assert signs(token, uri, jwk)


def test_a_token_that_went_away_is_told_at_once_and_signs_again_when_it_is_back(
        softhsm: SoftHSM, token: Pkcs11Keys, clock: FakeClock) -> None:
    uri, public = token.make("RS256")
    jwk = describe(public, "RS256")
    softhsm.take_away()
    try:
        for _ in range(3):
            with pytest.raises(UnavailableError) as caught:
                signs(token, uri, jwk)
            assert caught.value.dependency == "key_token"
        assert "a moment ago" in caught.value.debug
        with pytest.raises(UnavailableError):
            token.check()
    finally:
        softhsm.bring_back()
    clock.advance(1)
    assert signs(token, uri, jwk)
    assert "SoftHSM" in token.check()


def test_a_session_that_lost_its_login_does_not_make_a_key_seem_gone(
        softhsm: SoftHSM, label: str, token: Pkcs11Keys, clock: FakeClock) -> None:
    uri, public = token.make("EdDSA")
    for act in (lambda late: signs(late, uri, describe(public, "EdDSA")), lambda late: late.destroy(uri)):
        # All sessions of a process share one login, and a logout ends it for all: ours lives on and sees no private part.
        somebody = softhsm.module().get_token(token_label=label).open(user_pin=PIN)
        late = Pkcs11Keys(MODULE, label, lambda: PIN, clock)
        assert late.check()
        somebody.close()
        assert late._ask(lambda session: _search(session, uri)) is None
        act(late)
    assert private_keys(softhsm, label) == []


def test_a_pin_that_was_refused_is_not_tried_again_until_the_file_changes(
        softhsm: SoftHSM, label: str, clock: FakeClock) -> None:
    pins = ["000000"]
    token = Pkcs11Keys(MODULE, label, lambda: pins[0], clock)

    def one_try_is_counted() -> bool:
        return pkcs11.TokenFlag.USER_PIN_COUNT_LOW in pkcs11.lib(str(MODULE)).get_token(token_label=label).flags

    with pytest.raises(ConfigurationError, match="refuses the PIN") as caught:
        token.check()
    assert "IDP_PKCS11_PIN_FILE" in caught.value.remedy
    assert "000000" not in str(caught.value) + caught.value.debug
    assert one_try_is_counted()
    with pkcs11.lib(str(MODULE)).get_token(token_label=label).open(user_pin=PIN):
        assert not one_try_is_counted()
    for _ in range(5):
        clock.advance(1)
        with pytest.raises(ConfigurationError, match="refuses the PIN"):
            token.check()
    assert not one_try_is_counted()
    pins[0] = PIN
    assert token.check()


@pytest.mark.parametrize("flag", [pkcs11.TokenFlag.USER_PIN_FINAL_TRY, pkcs11.TokenFlag.USER_PIN_LOCKED])
def test_the_last_try_of_a_pin_is_left_to_a_person(flag: pkcs11.TokenFlag) -> None:
    with pytest.raises(ConfigurationError, match="locks itself at the next wrong PIN") as caught:
        _leave_the_last_try(pkcs11.TokenFlag.LOGIN_REQUIRED | pkcs11.TokenFlag.USER_PIN_COUNT_LOW | flag)
    assert "by hand" in caught.value.remedy
    _leave_the_last_try(pkcs11.TokenFlag.LOGIN_REQUIRED | pkcs11.TokenFlag.USER_PIN_COUNT_LOW)


def test_a_module_that_cannot_be_loaded_names_its_setting(clock: FakeClock, tmp_path: Path) -> None:
    token = Pkcs11Keys(tmp_path / "nothing.so", "x", lambda: PIN, clock)
    with pytest.raises(ConfigurationError, match="cannot be loaded") as caught:
        token.check()
    assert "IDP_PKCS11_MODULE" in caught.value.remedy


def test_two_tokens_of_one_label_are_refused(softhsm: SoftHSM, clock: FakeClock) -> None:
    for _ in range(2):
        softhsm.token("twin")
    softhsm.module()
    with pytest.raises(ConfigurationError, match="Several PKCS #11 tokens have the label twin"):
        Pkcs11Keys(MODULE, "twin", lambda: PIN, clock).check()


def test_eddsa_stays_in_the_database_where_the_token_does_not_know_it(softhsm: SoftHSM, label: str, clock: FakeClock) -> None:
    softhsm.configure("CKM_RSA_PKCS_KEY_PAIR_GEN,CKM_SHA256_RSA_PKCS,CKM_SHA256_RSA_PKCS_PSS,CKM_EC_KEY_PAIR_GEN,CKM_ECDSA")
    softhsm.module()
    try:
        token = Pkcs11Keys(MODULE, label, lambda: PIN, clock)
        ring = KeyRing(FakeKeyStore(), FakeSealer(), clock, token=token, new_in_token=True)
        ring.ensure(CALLER)
        places = {key.alg: key.place for key in ring.stored() if key.state == "active"}
        assert places == {"ES256": "pkcs11", "RS256": "pkcs11", "PS256": "pkcs11", "EdDSA": "database"}
        for alg in ALGORITHMS:
            ring.prove(alg)
    finally:
        softhsm.configure()
        softhsm.module()


def test_a_key_made_by_one_process_signs_in_another(label: str, token: Pkcs11Keys) -> None:
    program = f"""
import sys
from pathlib import Path
from idp.adapters.pkcs11_keys import Pkcs11Keys, _leave_the_last_try, _search
from idp.clock import SystemClock
token = Pkcs11Keys(Path({str(MODULE)!r}), {label!r}, lambda: {PIN!r}, SystemClock())
print(token.sign(sys.argv[1], "RS256", b"from another process").hex())
"""
    uri, public = token.make("RS256")
    done = subprocess.run([sys.executable, "-c", program, uri], cwd=ROOT, check=True, capture_output=True, text=True)
    assert bytes.fromhex(done.stdout) == token.sign(uri, "RS256", b"from another process")
    assert public


def test_rotation_for_a_year_leaves_two_keys_of_each_algorithm_in_the_token(
        softhsm: SoftHSM, label: str, token: Pkcs11Keys, clock: FakeClock) -> None:
    ring = KeyRing(FakeKeyStore(), FakeSealer(), clock, token=token, new_in_token=True)
    ring.ensure(CALLER)
    for _ in range(4):
        clock.advance(ROTATION_SECONDS)
        for _alg in ALGORITHMS:
            assert ring.rotate_due(CALLER) is not None
            clock.advance(600)
            ring.prune(CALLER)
            ring.destroy_spent(CALLER)
    assert len(private_keys(softhsm, label)) == 2 * len(ALGORITHMS)
    for alg in ALGORITHMS:
        ring.prove(alg)
