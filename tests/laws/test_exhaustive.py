"""All weeks of up to eight slots against the oracle: every state, every limit, every single step.

Laws, each over all 3**8 weeks (a slot is free, tracked or manual) and the limits 0 to 8 and none:

1. The status is the oracle's, in both orders.
2. Adding a segment never lowers what is billed, and changes the status of at most one other.
3. Deleting a segment never adds red and turns nothing red; a later one changes no earlier one.
4. Raising the limit never turns anything red; lowering it never takes red away.
5. A limit that changes inside the week is the oracle's, under every increase, decrease and order.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product

import pytest

from tests.laws import oracle
from workdiary import Slot, Slots, Terms, Timeline, hours, instant, policies, slot_start
from workdiary.model.outcome import Status
from workdiary.model.policy import Change, LimitOrder, LimitRule
from workdiary.rules.limit import Allowance, allowances, classify

_MONDAY = instant("2026-11-16T00:00Z")
_START = _MONDAY.slot
_WIDTH = 8
_LIMITS: tuple[int | None, ...] = (*range(_WIDTH + 1), None)
_WEEKS: tuple[tuple[str, ...], ...] = tuple(product(("", "tracked", "manual"), repeat=_WIDTH))

Colours = tuple[str, ...]
"""The status of each of the eight slots; "" when free."""


def _classified(states: tuple[str, ...], limit: int | None, order: LimitOrder) -> Colours:
    sets = {
        source: Slots.from_bits(_START, sum(1 << n for n, state in enumerate(states) if state == source))
        for source in ("tracked", "manual")
    }
    allowed = [Allowance(_START, Slot(_START + 1008), limit)]
    return _painted(classify(sets["tracked"], sets["manual"], allowed, order), len(states))


def _painted(status: Status, width: int) -> Colours:
    found = [""] * width
    for name in ("tracked", "manual", "over_limit"):
        for slot in getattr(status, name):
            assert not found[slot - _START], "three disjoint sets"
            found[slot - _START] = name
    return tuple(found)


@cache
def _all(order: LimitOrder) -> dict[tuple[tuple[str, ...], int | None], Colours]:
    return {(states, limit): _classified(states, limit, order) for states in _WEEKS for limit in _LIMITS}


def _red(colours: Colours) -> int:
    return colours.count("over_limit")


def _additions(states: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for n, state in enumerate(states):
        if not state:
            for source in ("tracked", "manual"):
                yield n, (*states[:n], source, *states[n + 1 :])


@pytest.mark.parametrize("order", LimitOrder)
def test_every_small_week_has_the_oracles_colours(order: LimitOrder) -> None:
    for (states, limit), colours in _all(order).items():
        segments = [(n, state) for n, state in enumerate(states) if state]
        expected = oracle.colours(segments, limit, order.value)
        assert colours == tuple(expected.get(n, "") for n in range(_WIDTH)), (states, limit)


@pytest.mark.parametrize("order", LimitOrder)
def test_every_addition_and_deletion_changes_at_most_one_other_segment(order: LimitOrder) -> None:
    known = _all(order)
    for (states, limit), before in known.items():
        for n, larger in _additions(states):
            after = known[larger, limit]
            others = [m for m in range(_WIDTH) if m != n and before[m] != after[m]]
            step = (states, n, larger[n], limit)
            assert len(others) <= 1, step
            # Adding never lowers what is billed; read backwards: deleting never adds red ...
            assert _billed(after) >= _billed(before), step
            assert _red(before) <= _red(after), step
            # ... and never turns a green or yellow segment red.
            assert all(after[m] == "over_limit" or before[m] == after[m] for m in others), step
            # A segment after all others changes no earlier one, and under this order none before it.
            if order is LimitOrder.CHRONOLOGICAL:
                assert before[:n] == after[:n], step


def _billed(colours: Colours) -> int:
    return sum(colour in ("tracked", "manual") for colour in colours)


@pytest.mark.parametrize("order", LimitOrder)
def test_every_step_of_the_limit_is_monotone(order: LimitOrder) -> None:
    known = _all(order)
    for states in _WEEKS:
        for lower, higher in pairwise(_LIMITS):
            one, other = known[states, lower], known[states, higher]
            assert _red(other) <= _red(one), (states, lower)
            assert all(a == b or a == "over_limit" for a, b in zip(one, other, strict=True)), (states, lower)


_RULES = [
    LimitRule(order=order, increase=increase, decrease=decrease)
    for order in LimitOrder
    for increase in (Change.WHOLE_WEEK, Change.FROM_THEN_ON)
    for decrease in (Change.NEXT_WEEK, Change.FROM_THEN_ON)
]


@pytest.mark.parametrize(
    "rule", _RULES, ids=lambda rule: "-".join(part.value for part in (rule.order, rule.increase, rule.decrease))
)
def test_every_small_change_of_the_limit_inside_the_week_is_the_oracles(rule: LimitRule) -> None:
    width = 4
    limits: tuple[int | None, ...] = (0, 1, 2, 3, None)
    week = policies.get("upwork").week_of(_MONDAY)
    # Terms change at the second and the fourth slot; the first ones hold from before the week.
    dates = (_MONDAY - 600, _MONDAY + 600, _MONDAY + 1800)
    for chosen in product(limits, repeat=3):
        changes = list(zip(dates, chosen, strict=True))
        terms = Timeline.of(
            Terms(
                since=slot_start(since // 600), rate="6", weekly_limit=None if limit is None else hours(_sixths(limit))
            )
            for since, limit in changes
        )
        allowed = allowances(terms, week, rule)
        for states in product(("", "tracked", "manual"), repeat=width):
            sets = [
                Slots(_START + n for n, state in enumerate(states) if state == source)
                for source in ("tracked", "manual")
            ]
            segments = [(_START + n, state) for n, state in enumerate(states) if state]
            expected = oracle.dated_colours(
                segments,
                changes,
                (week.starts_at, week.ends_at),
                rule.order.value,
                rule.increase.value,
                rule.decrease.value,
            )
            painted = _painted(classify(sets[0], sets[1], allowed, rule.order), width)
            assert painted == tuple(expected.get(_START + n, "") for n in range(width)), (states, chosen)


def _sixths(slots: int) -> str:
    """Hours, as a contract would write them, that hold exactly `slots` segments."""
    return ("0", "0.17", "0.34", "0.5")[slots]


def test_the_chronological_order_lets_manual_time_take_green_and_tracked_first_does_not() -> None:
    """Law 13: both policies by name; the counterexample is the smallest week that has one."""
    before, after = ("", "tracked"), ("manual", "tracked")
    assert _classified(before, 1, LimitOrder.CHRONOLOGICAL).count("tracked") == 1
    assert _classified(after, 1, LimitOrder.CHRONOLOGICAL).count("tracked") == 0
    known = _all(LimitOrder.TRACKED_FIRST)
    for (states, limit), colours in known.items():
        for n, larger in _additions(states):
            if larger[n] == "manual":
                assert known[larger, limit].count("tracked") == colours.count("tracked"), (states, n, limit)
