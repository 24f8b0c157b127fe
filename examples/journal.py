"""A backend that keeps a diary: uploads that arrive twice, an edit that costs, a bill that never changes.

Run it: python examples/journal.py. The diary is an SQLite file in a temporary folder; give PostgreSQL's
address in its place and nothing else changes.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from workdiary import Activity, Actor, Contract, Facts, Role, Segment, Terms, add_time, hours, instant
from workdiary.diary.changes import DisputeResolved, TimeDisputed, TimeTracked
from workdiary.diary.closing import close_due, resolve
from workdiary.diary.diary import Diary
from workdiary.diary.verify import verify
from workdiary.store.sql import SqlJournal

PLATFORM = Actor(id="platform", role=Role.PLATFORM)
ANA = Actor(id="ana", role=Role.FREELANCER)
ACME = Actor(id="acme", role=Role.CLIENT)

CONTRACT = Contract(
    id="c-1",
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(1), manual_time_allowed=True)],
    facts=[Facts(since="2026-11-02T00:00Z", billing_verified=True, good_standing=True, identity_verified=True)],
)

WEDNESDAY = instant("2026-11-18T18:00Z")
MONDAY_NOON = instant("2026-11-23T12:00Z")
BUSY = Activity.of_minutes([(30, 4, 2)] * 10)


def upload(start: str) -> TimeTracked:
    """Return what a tracker sends when a segment is over."""
    segment = Segment.tracked(start, memo="Fix", activity=BUSY, snapshots=[start])
    return TimeTracked(segments=[segment], made_at=segment.ends_at)


def main() -> None:
    now = [WEDNESDAY]  # a server leaves the clock out, and has its own
    with TemporaryDirectory() as folder, SqlJournal.open(f"{folder}/diary.db", clock=lambda: now[0]) as journal:
        diary = Diary.open(journal, CONTRACT, "upwork", by=PLATFORM, id="open c-1")

        # The tracker makes the id before its first try, so an answer that was lost does no harm.
        for id in ("u-1", "u-2", "u-3", "u-3"):
            print(id, diary.record(upload(f"2026-11-18T14:{id[-1]}0Z"), by=ANA, id=id).kind.value)

        # Judged against the diary as it stands, and refused with every reason.
        call = add_time("2026-11-18T09:00Z", "2026-11-18T09:40Z", memo="Call")
        print("by the client:", diary.judge(call, by=ACME, at=WEDNESDAY).codes[0].value)
        print("by ana:", diary.record(call, by=ANA, id="m-1").kind.value)
        print(diary.statement(WEDNESDAY))

        # Closed at its lock, once; what comes later is kept as evidence, and billed by nobody.
        now[0] = MONDAY_NOON
        for closing in close_due(journal, by=PLATFORM, at=MONDAY_NOON):
            print(f"closed the {closing.week}: {closing.closed.amount if closing.closed else closing.difference}")
        print("u-4", diary.record(upload("2026-11-18T14:40Z"), by=ANA, id="u-4").kind.value)

        # The client disputes all of it: protected time stays paid.
        week = diary.weeks_of(call.slots)[0].slots
        diary.record(TimeDisputed(week=week, disputed=week, reason="Not agreed"), by=ACME, id="d-1")
        resolve(diary, "d-1", by=PLATFORM, id="r-1")
        settled = list(diary.entries())[-1].change
        if isinstance(settled, DisputeResolved):
            paid, refunded, _, _ = settled.amounts
            print(f"settled: {paid} stay paid, {refunded} are refunded")
        status = diary.contract.status_at(MONDAY_NOON)
        print(f"the contract is {status.value if status else 'not begun'}")

        # Who keeps the head can tell, later, whether anybody rewrote the diary.
        found = verify(journal, "c-1", heads=[diary.standing.head])
        print(f"{found.head.version} entries, sound: {found.is_sound}")


if __name__ == "__main__":
    main()
