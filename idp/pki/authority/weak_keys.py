"""RSA keys that look strong and are not.

Sources: NIST SP 800-56B §6.2 (exponent 65537), CVE-2017-15361 (ROCA: primes of the form k·M + 65537^a mod M leave a mark in the
modulus), Fermat's factorisation (close primes; 110 rounds, as Boulder does), small factors as NIST SP 800-89 §5.3.3.
"""

from __future__ import annotations

import math
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

EXPONENT: Final = 65537
ROUNDS: Final = 110
_ROCA_PRIMES: Final = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
                       107, 109,
                       113, 127, 131, 137, 139, 149, 151, 157, 163, 167)
_SMALL: Final = math.prod(n for n in range(3, 752, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
_MARKS: Final = {prime: frozenset(pow(EXPONENT, n, prime) for n in range(prime)) for prime in _ROCA_PRIMES}


def weakness(numbers: rsa.RSAPublicNumbers) -> str:
    """Say in a few words why a key is weak; "" when nothing is known against it."""
    n = numbers.n
    if numbers.e != EXPONENT:
        return "its exponent is not 65537"
    if n % 2 == 0 or math.gcd(n, _SMALL) > 1:
        return "it has small factors"
    if is_roca(n):
        return "made by a chip with a known flaw, CVE-2017-15361"
    if has_close_primes(n):
        return "its primes are close to each other"
    return ""


def is_roca(n: int) -> bool:
    """Tell whether a modulus has the mark of CVE-2017-15361."""
    return all(n % prime in marks for prime, marks in _MARKS.items())


def has_close_primes(n: int, rounds: int = ROUNDS) -> bool:
    """Tell whether Fermat's method factors a modulus in so many rounds."""
    a = math.isqrt(n)
    if a * a < n:
        a += 1
    for _ in range(rounds):
        rest = a * a - n
        root = math.isqrt(rest)
        if root * root == rest:
            return True
        a += 1
    return False
