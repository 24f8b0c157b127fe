"""Whether the snapshots of a diary were taken at the moments that were drawn: what either side can check.

The diary has a commitment from the start of each session, and its secret from the end. Nobody is accused who did
nothing: what a locked screen or a clock that was set can explain is told apart from what only a choice can. And a
commitment that came into the diary after the snapshot, because the diary could not be reached, has fixed nothing.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

import attrs

from workdiary.capture.moments import DoubtKind, DrawnBy, commitment, doubt_of
from workdiary.diary.changes import CaptureEnded, CaptureStarted, LateEvidence, TimeTracked
from workdiary.diary.diary import Diary
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import Instant, slot_start

__all__ = ["Checked", "Finding", "Judgement", "Shot", "lines_of", "moments_of"]

_SENT: Final = "track "
"""How the ids of the tracker's uploads begin; then come the session and the start of the segment."""

_UNTIMED: Final = "It is on record without the time at which it was taken."


class Judgement(Enum):
    """What is found about the moment of a snapshot."""

    AGREES = "agrees"
    AFTERWARDS = "afterwards"
    OPEN = "open"
    UNCERTAIN = "uncertain"
    WRONG = "wrong"


_WORDS: Final = {
    Judgement.AGREES: "as drawn",
    Judgement.AFTERWARDS: "as drawn, but committed to only afterwards",
    Judgement.OPEN: "not disclosed yet",
    Judgement.UNCERTAIN: "cannot be judged",
    Judgement.WRONG: "not as drawn",
}


@attrs.frozen(kw_only=True)
class Shot:
    """A snapshot of the diary, taken at `at`: what is found, and why in a sentence.

    `session` is the one that it is judged by, `None` when it lies outside every session.
    """

    at: Instant
    judgement: Judgement
    why: str
    session: str | None


@attrs.frozen(kw_only=True)
class Finding:
    """A session of the diary, and the snapshots that are judged by it, in time order."""

    session: DrawnBy
    shots: tuple[Shot, ...]
    is_false: bool = False

    def count(self, judgement: Judgement) -> int:
        """Return how many of its snapshots are judged so."""
        return sum(shot.judgement is judgement for shot in self.shots)


@attrs.frozen(kw_only=True)
class Checked:
    """What `moments_of` has found: each session, and the snapshots that are in none."""

    findings: tuple[Finding, ...]
    outside: tuple[Shot, ...]

    @property
    def is_sound(self) -> bool:
        """Whether no snapshot is wrong, and no secret another one than was committed to."""
        return not any(shot.judgement is Judgement.WRONG for shot in self.shots) and not any(
            finding.is_false for finding in self.findings
        )

    @property
    def shots(self) -> tuple[Shot, ...]:
        """All snapshots."""
        return (*(shot for finding in self.findings for shot in finding.shots), *self.outside)

    def dump(self) -> dict[str, Any]:
        """Return it as plain data; no secret is in it."""
        counts = Counter(shot.judgement for shot in self.shots)
        return {
            "ok": self.is_sound,
            **{one.value: counts[one] for one in Judgement},
            "sessions": [
                {
                    "session": finding.session.session,
                    "began": str(finding.session.since),
                    "ended": None if finding.session.until is None else str(finding.session.until),
                    "secret": "none"
                    if finding.session.secret is None
                    else "false"
                    if finding.is_false
                    else "disclosed",
                    **{one.value: finding.count(one) for one in Judgement},
                    "snapshots": [_plain(shot) for shot in finding.shots],
                }
                for finding in self.findings
            ],
            "outside": [_plain(shot) for shot in self.outside],
        }


def moments_of(diary: Diary) -> Checked:
    """Check the moments of all snapshots that `diary` has on record, and of those that came late.

    Raises as the journal does when it cannot be read.
    """
    sessions, recorded, sent, untimed = _read(diary)
    known = sorted(sessions.values(), key=lambda one: (one.since, one.session))
    shots: dict[str, list[Shot]] = {one.session: [] for one in known}
    outside: list[Shot] = []
    for at, of in sorted(sent.items()):
        shot = _judged(diary.contract.id, known, at, of if of in sessions else None)
        if shot.judgement is Judgement.AGREES and shot.session is not None and at < recorded[shot.session]:
            why = f"Its session committed to the moment at {recorded[shot.session]}, by the clock of the diary."
            shot = attrs.evolve(shot, judgement=Judgement.AFTERWARDS, why=why)
        (outside if shot.session is None else shots[shot.session]).append(shot)
    outside.extend(Shot(at=at, judgement=Judgement.UNCERTAIN, why=_UNTIMED, session=None) for at in sorted(untimed))
    findings = tuple(Finding(session=one, shots=tuple(shots[one.session]), is_false=_is_false(one)) for one in known)
    return Checked(findings=findings, outside=tuple(outside))


def lines_of(checked: Checked) -> Iterator[str]:
    """Yield what was found as lines for people: a line for each session, and each snapshot that does not agree."""
    for finding in checked.findings:
        session = finding.session
        span = f"{session.since} to {'now' if session.until is None else session.until}"
        counts = ", ".join(f"{finding.count(one)} {_WORDS[one]}" for one in Judgement if finding.count(one))
        yield f"Session {session.session}, {span}: {counts or 'no snapshots'}."
        if session.secret is None:
            yield "  It has no secret on record yet: it goes on, or its end has not arrived."
        elif finding.is_false:
            yield "  Its secret is not the one that it has committed to."
        yield from _lines(finding.shots)
    if checked.outside:
        yield "In no session:"
        yield from _lines(checked.outside)
    yield (
        "No snapshot is at a moment that was not drawn."
        if checked.is_sound
        else "Not every snapshot is at the moment that was drawn."
    )


def _lines(shots: tuple[Shot, ...]) -> Iterator[str]:
    for shot in shots:
        if shot.judgement in (Judgement.AFTERWARDS, Judgement.UNCERTAIN, Judgement.WRONG):
            yield f"  {shot.at}  {_WORDS[shot.judgement]}. {shot.why}"


def _read(
    diary: Diary,
) -> tuple[dict[str, DrawnBy], dict[str, Instant], dict[Instant, str | None], set[Instant]]:
    """Return the sessions by id, when each was recorded, who has sent each snapshot, and the slots of untimed ones."""
    sessions: dict[str, DrawnBy] = {}
    recorded: dict[str, Instant] = {}
    untimed: set[Instant] = set()
    sent: dict[Instant, str | None] = {}
    for entry in diary.entries():
        change = entry.change
        if isinstance(change, CaptureStarted):
            sessions[entry.id] = DrawnBy(session=entry.id, commitment=change.commitment, since=change.began)
            recorded[entry.id] = entry.at
        elif isinstance(change, CaptureEnded) and change.of in sessions:
            secret = bytes.fromhex(change.secret)
            sessions[change.of] = attrs.evolve(sessions[change.of], secret=secret, until=change.ended)
        elif isinstance(change, TimeTracked | LateEvidence):
            of = entry.id.removeprefix(_SENT).rpartition(" ")[0] if entry.id.startswith(_SENT) else None
            for segment in change.segments:
                for snapshot in segment.snapshots:
                    if snapshot.at is None:
                        untimed.add(slot_start(segment.slot))
                    else:
                        sent.setdefault(snapshot.at, of)
    return sessions, recorded, sent, untimed


def _first(sessions: list[DrawnBy], at: Instant) -> str:
    begin = slot_start(at.slot)
    end = begin + SECONDS_PER_SLOT
    return next(one.session for one in sessions if one.since < end and (one.until is None or one.until >= begin))


def _plain(shot: Shot) -> dict[str, Any]:
    return {"at": str(shot.at), "judgement": shot.judgement.value, "why": shot.why}


def _is_false(session: DrawnBy) -> bool:
    return session.secret is not None and not hmac.compare_digest(commitment(session.secret), session.commitment)


def _judged(contract: str, sessions: list[DrawnBy], at: Instant, of: str | None) -> Shot:
    doubt = doubt_of(contract, sessions, at, of=of)
    if doubt is None:
        why = "It was taken at its drawn moment."
        return Shot(at=at, judgement=Judgement.AGREES, why=why, session=_first(sessions, at))
    if doubt.kind is DoubtKind.OPEN:
        why = "Its session has not disclosed its secret yet."
        return Shot(at=at, judgement=Judgement.OPEN, why=why, session=doubt.session)
    if doubt.kind is DoubtKind.UNCERTAIN:
        why = (
            "This session has drawn its moment, although an earlier one was on in the segment, or it lies outside of"
            " this session: a screen that was locked when the segment began, or a clock that was set, does that, too."
        )
        return Shot(at=at, judgement=Judgement.UNCERTAIN, why=why, session=doubt.session)
    if doubt.kind is DoubtKind.NOT_THE_MOMENT and doubt.drawn is not None:
        late = at - doubt.drawn
        apart = f"{abs(late)} s {'later' if late > 0 else 'earlier'}"
        why = f"The moment that was drawn is {doubt.drawn}: it was taken {apart}."
        return Shot(at=at, judgement=Judgement.WRONG, why=why, session=doubt.session)
    return Shot(
        at=at,
        judgement=Judgement.WRONG,
        why="No session was on at that time: nobody has drawn its moment.",
        session=None,
    )
