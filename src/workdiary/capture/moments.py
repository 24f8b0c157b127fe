"""When a snapshot is taken: one second of each slot, drawn so that nobody can choose it and anybody can check it.

A session has a secret of 32 random bytes. Its digest, the commitment, is on record when the session starts, and the
secret itself when it ends. The second of a slot follows from the secret, the contract and the slot, and from nothing
else::

    block n  =  HMAC-SHA256( secret, "workdiary/moment/1" LF  canonical bytes of [contract, slot, n] )

A block is eight numbers of 32 bits. The first that is below 4 294 966 800, the largest multiple of 600 among them,
gives the second as its remainder; so each of the 600 is equally likely. The blocks are taken in order, from n = 0.

The commitment is ``SHA-256( "workdiary/capture/1" LF  secret )``, see `workdiary.diary.canonical.commitment_of`.
What a whole diary says about its snapshots is told by `workdiary.capture.checking`.

A snapshot that failed is tried again 15 and 30 seconds later, and each attempt may take 20; it is recorded at the
second at which it was taken. So a snapshot that is up to `WITHIN` seconds late is what the tracker does, and one that
is early, or later than that, is not.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import count
from typing import Final

import attrs

from workdiary.diary.canonical import canonical, commitment_of
from workdiary.errors import InvalidValue
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant, slot_start

__all__ = [
    "ATTEMPTS",
    "RETRY",
    "SECRET_BYTES",
    "WITHIN",
    "Doubt",
    "DoubtKind",
    "DrawnBy",
    "check_moments",
    "check_secret",
    "commitment",
    "derived",
    "doubt_of",
    "moment_of",
    "second_of",
]

SECRET_BYTES: Final = 32
"""The length of a secret."""

ATTEMPTS: Final = 3
"""How often a snapshot is tried within its slot."""

RETRY: Final = 15
"""The seconds between two attempts."""

WITHIN: Final = 60
"""How many seconds after its moment a snapshot may have been taken: 50 for two more attempts and a slow screen, and
10 for a clock that was not set in a step but corrected little by little."""

_MOMENT: Final = b"workdiary/moment/1\n"
_DERIVED: Final = b"workdiary/derived/1\n"

_FAIR: Final = 2**32 - 2**32 % SECONDS_PER_SLOT


def check_secret(secret: object) -> bytes:
    """Return `secret`, or raise `InvalidValue` when it is not 32 bytes; the error does not show it."""
    if type(secret) is not bytes or len(secret) != SECRET_BYTES:
        raise InvalidValue("secret", type(secret).__name__, f"is not {SECRET_BYTES} bytes", "give os.urandom(32)")
    return secret


def commitment(secret: bytes) -> str:
    """Return the digest of `secret` that is recorded when a session starts, as 64 hexadecimal digits.

    >>> commitment(bytes(32))[:16]
    'ffcd5ed4cecd2a7b'
    """
    return commitment_of(check_secret(secret))


def second_of(secret: bytes, contract: str, slot: Slot) -> int:
    """Return the second of `slot`, 0 to 599, at which its snapshot is taken; each is equally likely."""
    check_secret(secret)
    for n in count():
        block = hmac.digest(secret, _MOMENT + canonical([contract, int(slot), n]), "sha256")
        for begin in range(0, len(block), 4):
            number = int.from_bytes(block[begin : begin + 4], "big")
            # The numbers above would make the first remainders more likely than the last ones.
            if number < _FAIR:
                return number % SECONDS_PER_SLOT
    raise AssertionError  # pragma: no cover - the blocks never end


def moment_of(secret: bytes, contract: str, slot: Slot) -> Instant:
    """Return the instant in `slot` at which its snapshot is taken."""
    return Instant(slot_start(slot) + second_of(secret, contract, slot))


def derived(secret: bytes, contract: str, n: int) -> bytes:
    """Return the secret of the `n`-th session that comes of another: time given to another contract afterwards.

    It says nothing about the secret that it comes of, so that recording it gives nothing away.
    """
    return hmac.digest(check_secret(secret), _DERIVED + canonical([contract, n]), "sha256")


@attrs.frozen(kw_only=True)
class DrawnBy:
    """A session as the diary has it: `secret` is `None` until it has ended, and so is `until`.

    `since` and `until` are claimed by the tracker's own clock.
    """

    session: str
    commitment: str
    secret: bytes | None = attrs.field(default=None, repr=False)
    since: Instant
    until: Instant | None = None


class DoubtKind(Enum):
    """What is wrong with a snapshot's moment, or with a session's secret.

    `OPEN`: not disclosed yet. `UNCERTAIN`: the moment was drawn, yet not by the session that it should be; a screen
    that was locked when the slot began and a clock that was set do that, too, so nobody is accused.
    """

    NO_SESSION = "no_session"
    NOT_THE_MOMENT = "not_the_moment"
    UNCERTAIN = "uncertain"
    OPEN = "open"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - the name of a finding


@attrs.frozen(kw_only=True)
class Doubt:
    """A finding of `check_moments`: about the snapshot at `at`, about the session, or both."""

    kind: DoubtKind
    session: str | None = None
    at: Instant | None = None
    drawn: Instant | None = None


def check_moments(
    contract: str, sessions: Iterable[DrawnBy], snapshots: Iterable[Instant], *, within: int = WITHIN
) -> tuple[Doubt, ...]:
    """Return what speaks against the moments of `snapshots` having been drawn: nothing, if nobody chose them.

    A slot's moment is that of the first session in it; a later one inherits it. A snapshot may be up to `within`
    seconds late. Sessions without a secret yet leave their snapshots open, which is a finding, too.
    """
    known = sorted(sessions, key=lambda one: (one.since, one.session))
    doubts = [
        Doubt(kind=DoubtKind.WRONG_SECRET, session=one.session)
        for one in known
        if one.secret is not None and not hmac.compare_digest(commitment(one.secret), one.commitment)
    ]
    found = (doubt_of(contract, known, at, within=within) for at in sorted(snapshots))
    return (*doubts, *(doubt for doubt in found if doubt is not None))


def doubt_of(
    contract: str, sessions: Sequence[DrawnBy], at: Instant, *, of: str | None = None, within: int = WITHIN
) -> Doubt | None:
    """Return what speaks against the moment of one snapshot, `None` when nothing does.

    `sessions` are in the order of their beginnings; `of` is the session that has sent it, where that is known.
    """
    begin = slot_start(at.slot)
    there = [
        one for one in sessions if one.since < begin + SECONDS_PER_SLOT and (one.until is None or one.until >= begin)
    ]
    sender = next((one for one in sessions if one.session == of), None)
    if not there and sender is None:
        return Doubt(kind=DoubtKind.NO_SESSION, at=at)
    first = there[0] if there else None
    if first is not None and _drew(first, contract, at, within):
        return None
    others = there[1:] if sender is None else [*there[1:], sender]
    drew = next((one for one in others if _drew(one, contract, at, within)), None)
    if drew is not None:
        return Doubt(kind=DoubtKind.UNCERTAIN, session=drew.session, at=at)
    closed = next((one for one in (*there, *others) if one.secret is None), None)
    if closed is not None:
        return Doubt(kind=DoubtKind.OPEN, session=closed.session, at=at)
    if first is None or first.secret is None:
        # Outside of every session, and not even what the one that sent it would have drawn.
        return Doubt(kind=DoubtKind.NO_SESSION, session=of, at=at)
    drawn = moment_of(first.secret, contract, at.slot)
    return Doubt(kind=DoubtKind.NOT_THE_MOMENT, session=first.session, at=at, drawn=drawn)


def _drew(session: DrawnBy, contract: str, at: Instant, within: int) -> bool:
    return session.secret is not None and 0 <= at - moment_of(session.secret, contract, at.slot) <= within
