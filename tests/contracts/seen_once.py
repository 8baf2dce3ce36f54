"""The contract of ``idp.oauth.ports.SeenOnce``: once means once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from idp.oauth.ports import SeenOnce


class SeenOnceContract:
    """Subclasses give a fixture ``seen``."""

    def test_a_value_is_taken_once(self, seen: SeenOnce) -> None:
        assert seen.take("jti", "a", now=100, expires_at=200)
        assert not seen.take("jti", "a", now=150, expires_at=300)
        assert not seen.take("jti", "a", now=199, expires_at=300)

    def test_kinds_and_values_do_not_meet(self, seen: SeenOnce) -> None:
        assert seen.take("jti", "a", now=100, expires_at=200)
        assert seen.take("proof", "a", now=100, expires_at=200)
        assert seen.take("jti", "b", now=100, expires_at=200)
        assert seen.take("jti", "đ" * 300, now=100, expires_at=200)
        assert seen.take("jt", "i\0a", now=100, expires_at=200)

    def test_after_its_time_it_may_come_again(self, seen: SeenOnce) -> None:
        assert seen.take("jti", "a", now=100, expires_at=200)
        assert seen.take("jti", "a", now=200, expires_at=300)
        assert not seen.take("jti", "a", now=299, expires_at=400)

    def test_security_15_of_twenty_threads_one_wins(self, seen: SeenOnce) -> None:
        take: Callable[[int], bool] = lambda _: seen.take("jti", "raced", now=100, expires_at=200)  # noqa: E731
        with ThreadPoolExecutor(20) as pool:
            assert sum(pool.map(take, range(20))) == 1
