"""How many wrong guesses there may be: per officer and source, per source, per officer; atomic, shared by all nodes.

Sources: NIST SP 800-63B-4 §3.2.2 (throttling), OWASP ASVS 5.0 6.3.1, security checklist 27. Departs from SP 800-63B-4 in
one point, said in docs/divergences.md: the limit is a rate for as long as an attack lasts, never a lock that stays, because
a lock that stays is one that any stranger can put on any officer.

Every counter is a leaky bucket kept as one number, the moment at which it is empty again (generic cell rate algorithm).
A guess is counted before the directory is asked, so that parallel guesses count; a good sign-in takes back its own guess and
the wrong ones that the same officer made from the same source. A wrong guess needs no further call. A process that dies in
between leaves one guess counted, which drains away like any other.

After the first wrong guesses of a pair a pause follows each further one, twice as long every time; until it is over the next
guess is not looked at. The pause is a counter too, moved by the same statement, and a guess moves the pair's only to where it was
reckoned with: of guesses at the same moment one is tried, and the others meet its pause. No thread ever sleeps for it.

A source from which an officer signed in well before is known for that officer: there, only the pair's own counter can
refuse. So a stranger elsewhere cannot shut an officer out of the usual place, and a noisy neighbour behind the same
address cannot shut out the office. A device on which an officer has signed in before goes further: its guesses are counted
for that officer and that device in place of the address, so that not even a stranger behind the same address makes its officer
wait. Nothing here depends on whether an officer of that name exists.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from ..clock import Clock
from ..errors import RefusedError


class ThrottledError(RefusedError):
    """Too many wrong guesses; ``retry_after_seconds`` says when the next one is let through.

    Attributes:
        limit: Whose counter is full: ``pair``, ``source`` or ``account``, or ``pause``; for the audit trail, not for the page.
    """

    code = "throttled"
    status = 429

    def __init__(self, limit: str, retry_after_seconds: int) -> None:
        super().__init__("Too many sign-in attempts. Please wait before trying again.",
                         retry_after_seconds=max(1, retry_after_seconds))
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Rule:
    """So many wrong guesses at once, given back evenly over so many seconds.

    Attributes:
        failures: Wrong guesses that an empty counter lets through in a row.
        seconds: Until a full counter is empty; one guess is given back each ``seconds / failures``.
    """

    failures: int
    seconds: int = 1800

    @property
    def cost(self) -> int:
        """Seconds that one guess moves the counter."""
        return max(1, self.seconds // self.failures)

    @property
    def capacity(self) -> int:
        """Seconds that the counter may stand ahead of now."""
        return self.cost * self.failures


@dataclass(frozen=True, slots=True)
class Pause:
    """How long nothing is looked at after a wrong guess of a pair.

    Attributes:
        first: Seconds after the first guess that a pause follows; doubled after each further one. 0 = never a pause.
        most: The longest, in seconds; at most the price of one guess of the pair (``Rule.cost``), which outlasts it.
        free: Wrong guesses in a row that no pause follows: slips of the finger.
    """

    first: int
    most: int = 60
    free: int = 2

    def after(self, wrong: int) -> int:
        """Give the seconds that follow so many wrong guesses in a row."""
        return min(self.most, self.first << (wrong - self.free - 1)) if wrong > self.free else 0


NO_PAUSE = Pause(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules of one kind of guess; docs/operations/throttling.md says what they mean in an office.

    Attributes:
        known_seconds: How long a source stays known after a good sign-in.
        pause: What follows a wrong guess of a pair; what is no guess at a secret has none.
    """

    pair: Rule = Rule(6)
    account: Rule = Rule(20)
    source: Rule = Rule(200)
    known_seconds: int = 90 * 86400
    pause: Pause = NO_PAUSE

    def with_pause(self, pause: Pause) -> Limits:
        """Give the same rules with a pause."""
        return replace(self, pause=pause)


PASSWORD_LIMITS = Limits()
"""Passwords: 6 wrong ones in a row per officer and source, then one each 5 minutes; 20 per officer; 200 per source."""
FACTOR_LIMITS = Limits(pair=Rule(6), account=Rule(10), source=Rule(100))
"""One-time codes, counted apart: whoever sees them count has already shown the right password."""


class Move(NamedTuple):
    """One counter and what is to happen to it.

    Attributes:
        key: SHA-256 of kind and value.
        seconds: By how much the counter moves; negative takes guesses back.
        limit: Moment that the counter may not pass; nothing happens to a counter that would.
    """

    key: bytes
    seconds: int
    limit: int


class KnownDevice(Protocol):
    """The device that a browser shows (``sessions.devices.Device``)."""

    def mark(self, account: str) -> str:
        """Give what tells it apart if this account has signed in on it before; empty otherwise."""
        ...


class NoDevice:
    """A caller that shows no device: programs, and browsers that nobody has signed in on."""

    def mark(self, account: str) -> str:
        """Give nothing."""
        return ""


NO_DEVICE = NoDevice()


class GuessCounter(Protocol):
    """Counters kept where all nodes see them. Every verb may raise UnavailableError(dependency="database")."""

    def read(self, keys: Sequence[bytes]) -> Mapping[bytes, int]:
        """Tell the moments under up to five keys; those without a row are left out."""
        ...

    def move(self, moves: tuple[Move, ...], *, now: int, absurd: int) -> Mapping[bytes, int]:
        """Move three or four different counters, each atomically and only if it then stands at its limit or before.

        A counter that lies before ``now``, or after ``absurd`` (the clock was wrong once), counts as standing at ``now``.

        Returns:
            The counters that were moved and where they stand now.
        """
        ...

    def keep(self, key: bytes, until: int, *, older_than: int) -> None:
        """Set the moment under a key, unless it stands at ``older_than`` or later already."""
        ...

    def clear(self, key: bytes) -> bool:
        """Empty a counter; tell whether there was one."""
        ...


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was let through. It counts until ``good`` or ``release`` is told about it.

    Attributes:
        moves: What was counted, in the order source, account, pair; zero seconds where nothing was.
        known_key: Where a good sign-in is remembered.
        earlier: Wrong guesses on this account from this source that were still counted when this one came.
        instead: What a stranger would have been answered; set where only the known source let the guess through. A wrong
            guess is then answered with it, so that nobody learns at which address an officer is known.
    """

    moves: tuple[Move, Move, Move]
    known_key: bytes
    earlier: int
    instead: ThrottledError | None = None
    pause: tuple[Move, ...] = ()
    """The pause that follows, if one does."""


class _Bucket(NamedTuple):
    """One of the three counters of a guess, as it stood when it was read."""

    name: str
    key: bytes
    rule: Rule
    cost: int
    ahead: int
    """Seconds that the counter stood ahead of now."""

    def full(self, capacity: int) -> ThrottledError | None:
        wait = self.ahead + self.cost - capacity
        return ThrottledError(self.name, wait) if self.cost and wait > 0 else None

    @property
    def with_this(self) -> int:
        """Wrong guesses that are counted, the one that is to be counted included."""
        return -(-self.ahead // self.cost) + 1


class Lockout:
    """Limits of one kind of guess.

    Args:
        counter: Where the counters stand.
        limits: The rules.
        kind: Keeps passwords and factors apart; part of every key.
    """

    def __init__(self, counter: GuessCounter, clock: Clock, limits: Limits = PASSWORD_LIMITS, *, kind: str = "password") -> None:
        self._counter = counter
        self._clock = clock
        self._limits = limits
        self._kind = kind
        self._absurd = 3 * max(limits.pair.capacity, limits.account.capacity, limits.source.capacity)

    def take(self, account: str, source: str, *, alias: bool = False, device: str = "") -> Guess:
        """Count a guess before it is tried.

        Args:
            account: Whose password or code is guessed: a normalised name, whether or not an officer has it.
            source: Caller's address; an IPv6 address counts with its /64.
            alias: The same guess has been counted under another name of the officer; the source is not counted again.
            device: Tells a device apart on which this account has signed in before; empty on any other.

        Raises:
            ThrottledError: nothing is to be tried, and nothing was counted.
        """
        for _ in range(self._limits.pair.failures + 1):
            guess = self._take(account, source, alias=alias, device=device)
            if guess is not None:
                return guess
        raise ThrottledError("pause", 1)

    def _take(self, account: str, source: str, *, alias: bool, device: str) -> Guess | None:
        """Count a guess; None, and nothing counted, when another one at the same moment has moved the pair's counter or pause."""
        now = self._clock.now()
        known, buckets, pause = self._look(account, source, now, alias=alias, device=device)
        by_source, by_account, by_pair = buckets
        stranger = by_source.full(by_source.rule.capacity) or by_account.full(by_account.rule.capacity)
        if stranger and not known:
            raise stranger
        # A device shows that it is known by a secret of its own; a known address is anybody's who is behind it.
        wary = stranger is not None and not device
        pair_capacity = min(2, by_pair.rule.failures) * by_pair.rule.cost if wary else by_pair.rule.capacity
        refusal = by_pair.full(pair_capacity)
        if refusal:
            raise refusal
        paused = self._limits.pause.after(by_pair.with_this)
        if paused and pause.ahead:
            raise ThrottledError(pause.name, pause.ahead)

        # The look above spares the database most refused guesses; what follows is what decides, under the rows' locks.
        shared = 2 if known else 1
        reckoned = by_pair.rule.cost * max(by_pair.with_this, self._limits.pause.free)
        if not self._limits.pause.first or reckoned > pair_capacity:
            reckoned = pair_capacity
        moves = (Move(by_source.key, by_source.cost, now + shared * by_source.rule.capacity),
                 Move(by_account.key, by_account.cost, now + shared * by_account.rule.capacity),
                 Move(by_pair.key, by_pair.cost, now + reckoned))
        pauses = (Move(pause.key, paused, now + paused),) if paused else ()
        moved = self._counter.move((*moves, *pauses), now=now, absurd=now + self._absurd)
        missed = [bucket for bucket in buckets if bucket.cost and bucket.key not in moved]
        overtaken = bool(pauses and pause.key not in moved) or (by_pair in missed and reckoned < pair_capacity)
        counted = _only(moves, moved)
        if overtaken or (missed and (by_pair in missed or not known)):
            self._take_back(counted, earlier=0, pause=() if pause.key not in moved else pauses)
            if overtaken:
                return None
            raise ThrottledError(missed[-1].name, missed[-1].rule.cost)
        earlier = max(0, -((now - moved[by_pair.key]) // by_pair.rule.cost) - 1)
        return Guess(counted, self._key("known", account, source), earlier, stranger if wary else None, pauses)

    def good(self, guess: Guess) -> None:
        """Take back a guess that was right and the wrong ones before it, and remember the source for this officer."""
        self._take_back(guess.moves, earlier=guess.earlier, pause=guess.pause)
        until = self._clock.now() + self._limits.known_seconds
        self._counter.keep(guess.known_key, until, older_than=until - 86400)

    def release(self, guess: Guess) -> None:
        """Take back a guess that could not be tried, for example because the directory was down."""
        self._take_back(guess.moves, earlier=0, pause=guess.pause)

    def clear(self, account: str, source: str = "", *, devices: Sequence[str] = ()) -> int:
        """Let an officer, an address or both guess afresh (an operator's act).

        Args:
            account: Normalised name; empty for the address alone.
            source: Address; empty for the officer alone, whose counter over all addresses is then emptied.
            devices: Marks of devices on which the account has signed in; their own counters and pauses are the officer's too.

        Returns:
            How many counters were emptied.
        """
        keys = [self._key("account", account, "")] if account else []
        if source:
            keys.append(self._key("source", "", source))
        if account and source:
            keys += [self._key("pair", account, source), self._key("pause", account, source)]
        if account:
            keys += [self._key(what, f"{account}\0{device}", "") for device in devices for what in ("device", "device pause")]
        return sum(self._counter.clear(key) for key in keys)

    def _look(self, account: str, source: str, now: int, *, alias: bool,
              device: str) -> tuple[bool, tuple[_Bucket, _Bucket, _Bucket], _Bucket]:
        pair = self._key("device", f"{account}\0{device}", "") if device else self._key("pair", account, source)
        pause = self._key("device pause", f"{account}\0{device}", "") if device else self._key("pause", account, source)
        keys = (self._key("source", "", source), self._key("account", account, ""), pair)
        known_key = self._key("known", account, source)
        stands = self._counter.read((*keys, known_key, pause))

        def bucket(name: str, key: bytes, rule: Rule, cost: int) -> _Bucket:
            ahead = stands.get(key, now) - now
            return _Bucket(name, key, rule, cost, ahead if 0 < ahead <= self._absurd else 0)

        limits = self._limits
        return bool(device) or stands.get(known_key, 0) > now, (
            bucket("source", keys[0], limits.source, 0 if alias else limits.source.cost),
            bucket("account", keys[1], limits.account, limits.account.cost),
            bucket("pair", keys[2], limits.pair, limits.pair.cost),
        ), bucket("pause", pause, limits.pair, 0)

    def _take_back(self, moves: tuple[Move, Move, Move], *, earlier: int, pause: tuple[Move, ...] = ()) -> None:
        """Take back a guess, its pause and the ones before it, as far as no sign-in at the same time has done so already."""
        now = self._clock.now()
        source, account, pair = moves
        rules = self._limits
        if pair.seconds or pause:
            back = -(pair.seconds + earlier * rules.pair.cost) if pair.seconds else 0
            pauses = (move._replace(seconds=-move.seconds) for move in pause)
            stands = self._move((_still(source), _still(account), pair._replace(seconds=back), *pauses), now).get(pair.key, now)
            if pair.seconds:
                earlier -= max(0, now - stands) // rules.pair.cost
        if source.seconds or account.seconds:
            self._move((_back(source, rules.source, earlier), _back(account, rules.account, earlier), _still(pair)), now)

    def _move(self, moves: tuple[Move, ...], now: int) -> Mapping[bytes, int]:
        unlimited = tuple(move._replace(limit=now + self._absurd) for move in moves)
        return self._counter.move(unlimited, now=now, absurd=now + self._absurd)

    def _key(self, what: str, account: str, source: str) -> bytes:
        text = "\0".join((self._kind, what, account, network_of(source) if source else ""))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _still(move: Move) -> Move:
    return move._replace(seconds=0)


def _back(move: Move, rule: Rule, earlier: int) -> Move:
    return move._replace(seconds=-max(0, move.seconds + earlier * rule.cost) if move.seconds else 0)


def _only(moves: tuple[Move, Move, Move], moved: Mapping[bytes, int]) -> tuple[Move, Move, Move]:
    kept = tuple(move if move.key in moved else move._replace(seconds=0) for move in moves)
    return kept[0], kept[1], kept[2]


def network_of(source: str) -> str:
    """Give what one caller can hold of addresses: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)
