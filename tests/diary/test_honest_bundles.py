"""Whatever honest people do in a diary, the bundles of its weeks are sound: the verifier cries no false alarm."""

from __future__ import annotations

import random
from hashlib import sha256
from pathlib import Path

import pytest

from tests.diary.evidence import (
    ACME,
    ANA,
    PLATFORM,
    Clock,
    contract,
    tracked,
)
from workdiary.diary.bundle import write_bundle
from workdiary.diary.changes import (
    FactsChanged,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeDisputed,
    WeekClosed,
)
from workdiary.diary.closing import close_due, resolve
from workdiary.diary.diary import Diary
from workdiary.model.contract import ContractStatus, Facts, StatusChange, Terms
from workdiary.model.edit import add_time, delete_time, edit_memo
from workdiary.model.money import hours
from workdiary.model.slots import Slots
from workdiary.model.times import Instant, slot_start
from workdiary.store.memory import MemoryJournal


def lived(seed: int) -> tuple[MemoryJournal, str]:
    """Return a diary in which everybody has done something, in an order of its own, for some weeks."""
    rng = random.Random(seed)  # noqa: S311 - the same every time, on purpose
    clock = Clock("2026-11-16T00:00:00Z")
    journal = MemoryJournal(clock=clock)
    policy = rng.choice(["upwork", "work_for_impact", "odesk"])
    terms = Terms(since="2026-11-02T00:00Z", rate="22.22", weekly_limit=hours(4), manual_time_allowed=True)
    diary = Diary.open(journal, contract(terms=[terms], usual_rate="20"), policy, by=PLATFORM, id="open")
    for n in range(60):
        clock.now += rng.choice([60, 3600, 20_000, 90_000])
        now = int(clock.now)
        first = now // 600 - rng.randrange(1, 300)
        run = slot_start(first), slot_start(first + rng.randrange(1, 8))
        since = Instant(now + rng.choice([0, 0, 3600, 400_000]))
        answer = None
        step = rng.randrange(12)
        if step < 4:
            digests = {slot: sha256(b"%d" % slot).hexdigest() for slot in range(first, first + 4) if rng.random() < 0.5}
            answer = diary.record(tracked(first, first + 4, digests=digests), by=ANA, id=f"{n}")
        elif step == 4:
            answer = diary.record(add_time(*run, memo="Call"), by=ANA, id=f"{n}")
        elif step == 5:
            answer = diary.record(delete_time(*run), by=ANA, id=f"{n}")
        elif step == 6:
            answer = diary.record(edit_memo(*run, memo="\u00e9"), by=ANA, id=f"{n}")
        elif step == 7:
            rate, limit = rng.choice(["22.22", "22.220", "60", "33.333"]), rng.choice([None, hours(2), hours("7.77")])
            changed = Terms(since=since, rate=rate, weekly_limit=limit, manual_time_allowed=True)
            answer = diary.record(TermsChanged(terms=changed), by=ACME, id=f"{n}")
        elif step == 8:
            some = [ContractStatus.ACTIVE, ContractStatus.ACTIVE, ContractStatus.PAUSED]
            status = ContractStatus.CLOSED if rng.random() < 0.05 else rng.choice(some)
            answer = diary.record(StatusChanged(status=StatusChange(since=since, status=status)), by=ACME, id=f"{n}")
        elif step == 9:
            facts = Facts(since=since, billing_verified=rng.random() < 0.7, good_standing=True, identity_verified=True)
            answer = diary.record(FactsChanged(facts=facts), by=PLATFORM, id=f"{n}")
        for closing in close_due(journal, by=PLATFORM, at=Instant(now)):
            assert closing.difference == ""
        week = diary.weeks_of(Slots([now // 600 - 1008 - rng.randrange(800)]))[0]
        if diary.closed(week) is not None and rng.random() < 0.4:
            dispute = TimeDisputed(week=week.slots, disputed=Slots(s for s in week.slots if rng.random() < 0.5))
            failed = rng.random() < 0.3
            request = PaymentFailed(week=week.slots) if failed else dispute
            objection = diary.record(request, by=PLATFORM if failed else ACME, id=f"{n} objection")
            if objection.recorded and rng.random() < 0.8:
                resolve(diary, f"{n} objection", by=PLATFORM, id=f"{n} outcome")
        assert answer is None or answer.error is None
    return journal, policy


@pytest.mark.parametrize("seed", range(12))
def test_an_honest_diary_is_always_sound(seed: int, tmp_path: Path) -> None:
    journal, _ = lived(seed)
    entries = [*journal.read("c-1")]
    seen = 0
    for entry in entries:
        if isinstance(entry.change, WeekClosed):
            week = entry.change.week
            assert week.start is not None
            made = write_bundle(journal, "c-1", tmp_path / f"{entry.number}", week=slot_start(week.start))
            assert made.closed is not None
            seen += 1
            # And so is its end, after the last head before the week.
            touching = [e.number for e in journal.read("c-1", touching=(week.start, week.start + 1008))]
            if touching[0] > 1:
                since = entries[touching[0] - 2].head
                write_bundle(
                    journal, "c-1", tmp_path / f"{entry.number} since", week=slot_start(week.start), since=since
                )
    assert seen > 0
