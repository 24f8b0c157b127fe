"""Keeping: the contract as it stands and its weeks as sets, exactly as the diary handed them over."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

from decimal import Decimal

import attrs

from workdiary import policies
from workdiary.diary.journal import Standing, WeekState
from workdiary.model.contract import AlreadyProtected, Contract, ContractStatus, Facts, StatusChange, Terms
from workdiary.model.sheet import Sheet
from workdiary.model.times import Instant
from workdiary.testing._journal_bench import ID, NASTY_TEXTS, NOW, Bench, contract_of, edited, kept_week

__all__ = ["Keeping"]

_RICH = Contract(
    id=ID,
    freelancer="ana \U0001f980 \ud800 \x00",
    client="' OR 1=1 -- \u202e",
    currency="JPY",
    terms=[
        Terms(since="1999-12-31T23:59:59Z", rate="0.0100", weekly_limit=None),
        Terms(since="2026-11-02T00:00Z", rate="22.225", weekly_limit="0", manual_time_allowed=True),
        Terms(since="2026-11-02T00:00:01Z", rate="1000", weekly_limit="12.5"),
    ],
    status=[
        StatusChange(since="1999-12-31T23:59:59Z", status=ContractStatus.PAUSED),
        StatusChange(since="2026-11-20T12:00Z", status=ContractStatus.ACTIVE),
        StatusChange(since="2027-01-01T00:00Z", status=ContractStatus.CLOSED),
    ],
    facts=[
        Facts(since="2026-11-02T00:00Z", billing_verified=True),
        Facts(since="2026-11-03T00:00Z", good_standing=True),
    ],
    labels=[text for text in NASTY_TEXTS if text.strip()],
    usual_rate="33.330",
    already_protected=AlreadyProtected(slots=7, amount="99.990"),
)


class Keeping:
    """What entries come to is stored with them in one step, and comes back unchanged."""

    def test_the_standing_is_that_of_the_last_entry(self, bench: Bench) -> None:
        first = bench.open()
        assert bench.journal.standing(ID) == Standing(
            head=first.head, at=Instant(NOW), contract=contract_of(), policy="upwork"
        )
        bench.clock.now += 90
        batch = bench.record(edited(1), edited(2), standing=contract_of(rate="31"), policy="hourly")
        assert bench.journal.standing(ID) == Standing(
            head=batch[-1].head, at=Instant(NOW + 90), contract=contract_of(rate="31"), policy="hourly"
        )

    def test_a_contract_comes_back_exactly(self, bench: Bench) -> None:
        bench.record(edited(1), standing=_RICH)
        kept = bench.journal.standing(ID).contract
        assert kept == _RICH
        # Equal is not enough for figures: 22.2250 is equal to 22.225 and another text.
        assert repr(kept) == repr(_RICH)
        assert [str(terms.rate) for terms in kept.terms] == [str(terms.rate) for terms in _RICH.terms]
        assert hash(kept) == hash(_RICH)

    def test_a_policy_comes_back_exactly_by_name_or_in_full(self, bench: Bench) -> None:
        for n, name in enumerate(policies.names()):
            for policy in (name, policies.get(name), attrs.evolve(policies.get(name), name="own", title="\x00 ' é")):
                bench.record(edited(n), policy=policy)
                kept = bench.journal.standing(ID).policy
                assert kept == policy
                assert type(kept) is type(policy)

    def test_a_week_comes_back_exactly(self, bench: Bench) -> None:
        bench.open()
        whole = [f"memo {n % 97}" for n in range(1008)]
        weeks = [
            kept_week(1008, memos=["Fix", "Call", "Fix", "Test", "Fix"]),
            kept_week(2016, memos=whole),
            kept_week(3024, memos=[], state=WeekState.PARKED),
            kept_week(-1008, memos=["before 1970"], state=WeekState.CLOSED),
            kept_week(-3_600_000, memos=["a century before"]),
            kept_week(422_230_000, memos=["far away"] * 7),
            kept_week(5_000, memos=["short"] * 9, length=1002),
            kept_week(9_000, memos=["long"] * 1014, length=1014),
        ]
        bench.record(edited(1008), weeks=weeks)
        for week in weeks:
            assert bench.journal.week(ID, week.start) == week
            with bench.journal.writing(ID) as writing:
                assert writing.week(week.start) == week

    def test_every_character_of_a_weeks_texts_survives(self, bench: Bench) -> None:
        bench.open()
        week = kept_week(memos=NASTY_TEXTS + NASTY_TEXTS[::-1])
        bench.record(edited(1008), weeks=[week])
        kept = bench.journal.week(ID, 1008)
        assert kept is not None
        assert kept == week
        assert [memo for memo, _ in kept.sheet.memos] == [memo for memo, _ in week.sheet.memos]
        assert {memo for memo, _ in kept.sheet.memos} == set(NASTY_TEXTS)

    def test_unknown_activity_stays_unknown_and_zero_stays_zero(self, bench: Bench) -> None:
        bench.open()
        week = kept_week(memos=["x"] * 44)
        bench.record(edited(1008), weeks=[week])
        kept = bench.journal.week(ID, 1008)
        assert kept is not None
        assert {kept.sheet.meter_at(slot) for slot in range(1008, 1052)} == {None, *range(11)}
        for slot in range(1008, 1052):
            assert kept.sheet.meter_at(slot) == week.sheet.meter_at(slot)
            assert kept.sheet.label_at(slot) == week.sheet.label_at(slot)

    def test_a_week_that_is_kept_again_replaces_itself_and_no_other(self, bench: Bench) -> None:
        bench.opened(ID, "c-2")
        bench.record(edited(1008), weeks=[kept_week(1008), kept_week(2016)])
        bench.record(edited(1008), weeks=[kept_week(1008)], contract="c-2")
        closed = kept_week(1008, memos=["Other"], state=WeekState.CLOSED)
        bench.record(edited(1008), weeks=[closed])
        assert bench.journal.week(ID, 1008) == closed
        assert bench.journal.week(ID, 2016) == kept_week(2016)
        assert bench.journal.week("c-2", 1008) == kept_week(1008)
        assert list(bench.journal.weeks(state=WeekState.CLOSED, ends_by=5000)) == [(ID, 1008)]
        assert list(bench.journal.weeks(state=WeekState.OPEN, ends_by=5000)) == [(ID, 2016), ("c-2", 1008)]

    def test_an_entry_without_weeks_leaves_the_weeks(self, bench: Bench) -> None:
        bench.open()
        bench.record(edited(1008), weeks=[kept_week(1008)])
        bench.record(edited(1008))
        assert bench.journal.week(ID, 1008) == kept_week(1008)

    def test_a_week_becomes_empty_again(self, bench: Bench) -> None:
        bench.open()
        bench.record(edited(1008), weeks=[kept_week(1008)])
        empty = attrs.evolve(kept_week(1008), sheet=Sheet())
        bench.record(edited(1008), weeks=[empty])
        assert bench.journal.week(ID, 1008) == empty

    def test_many_weeks_are_kept_in_one_step(self, bench: Bench) -> None:
        bench.open()
        weeks = [kept_week(1008 * n, memos=["x"]) for n in range(520)]
        bench.record(edited(1), weeks=iter(weeks))
        assert list(bench.journal.weeks(state=WeekState.OPEN, ends_by=1008 * 520)) == [
            (ID, 1008 * n) for n in range(520)
        ]
        assert bench.journal.week(ID, 1008 * 519) == weeks[519]

    def test_figures_keep_their_digits(self, bench: Bench) -> None:
        bench.record(edited(1), standing=contract_of(rate="30.000"))
        assert bench.journal.standing(ID).contract.terms.values[0].rate.as_tuple() == Decimal("30.000").as_tuple()
