"""What Hypothesis loads on its own start: every public type of workdiary and how to draw it.

After this, ``st.from_type(Segment)`` and the fields of a user's own classes need no further word.
Strategies are looked up when one is first drawn, because Hypothesis may load this while
`workdiary.testing.strategies` is itself still being imported.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, get_args

from workdiary.diary.changes import CHANGES
from workdiary.diary.entry import Entry, Head
from workdiary.diary.journal import KeptWeek, Quarantined, Standing
from workdiary.model.activity import Activity, Minute
from workdiary.model.contract import Actor, AlreadyProtected, Contract, Facts, StatusChange, Terms
from workdiary.model.edit import Edit
from workdiary.model.money import Hours, Money
from workdiary.model.policy import CreditRule, LimitRule, Policy, ProtectionRule, WeekRule
from workdiary.model.segment import Segment, Snapshot
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.timeline import Timeline
from workdiary.model.times import Instant, WallOffset, Week, Zone
from workdiary.model.verdict import Reason, Verdict
from workdiary.statement import WeekStatement

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["register"]

_STRATEGY_OF: Final[dict[Any, str]] = {
    Activity: "activities",
    Contract: "contracts",
    CreditRule: "credit_rules",
    Facts: "facts",
    Instant: "instants",
    LimitRule: "limit_rules",
    Minute: "minutes",
    Money: "money",
    Policy: "policies",
    ProtectionRule: "protection_rules",
    Reason: "reasons",
    Segment: "segments",
    Sheet: "sheets",
    Slot: "slot_numbers",
    Slots: "slot_sets",
    Snapshot: "snapshots",
    Terms: "terms",
    Verdict: "verdicts",
    WallOffset: "wall_offsets",
    Week: "weeks",
    WeekRule: "week_rules",
    WeekStatement: "statements",
    Zone: "zones",
}
"""The function of `workdiary.testing.strategies` that draws each type."""

_OF_A_DIARY: Final[dict[Any, str]] = {
    Actor: "actors",
    Entry: "entries",
    Head: "heads",
    KeptWeek: "kept_weeks",
    Quarantined: "quarantined",
    Standing: "standings",
}
"""The function of `workdiary.testing.diary_strategies` that draws each type."""


def register() -> None:
    """Tell Hypothesis how to draw every public value; the entry point calls it, and twice does no harm."""
    from hypothesis import strategies as st

    for kind, name in _STRATEGY_OF.items():
        st.register_type_strategy(kind, _by_name(name))
    for kind, name in _OF_A_DIARY.items():
        st.register_type_strategy(kind, _by_name(name, "diary_strategies"))
    for kind in CHANGES.values():
        st.register_type_strategy(kind, _change)
    for kind in get_args(Edit):
        st.register_type_strategy(kind, _edit)
    st.register_type_strategy(AlreadyProtected, _already_protected)
    st.register_type_strategy(Hours, _hours)
    st.register_type_strategy(StatusChange, _status_change)
    st.register_type_strategy(Timeline, _timeline)


def _by_name(name: str, module: str = "strategies") -> Callable[[Any], SearchStrategy[Any]]:
    def strategy(_: Any) -> SearchStrategy[Any]:
        made: SearchStrategy[Any] = getattr(import_module(f"workdiary.testing.{module}"), name)()
        return made

    return strategy


def _change(kind: Any) -> SearchStrategy[Any]:
    from workdiary.testing.diary_strategies import changes

    return changes(kind)


def _edit(kind: Any) -> SearchStrategy[Any]:
    return _by_name("edits")(kind).filter(lambda edit: isinstance(edit, kind))


def _already_protected(kind: Any) -> SearchStrategy[AlreadyProtected]:
    return _by_name("contracts")(kind).map(lambda contract: contract.already_protected)


def _hours(kind: Any) -> SearchStrategy[Hours]:
    return _by_name("hour_limits")(kind).filter(lambda limit: limit is not None)


def _status_change(kind: Any) -> SearchStrategy[StatusChange]:
    return _by_name("status_timelines")(kind).map(lambda timeline: timeline.values[-1])


def _timeline(kind: Any) -> SearchStrategy[Timeline[Any]]:
    from hypothesis import strategies as st

    from workdiary.testing.strategies import timelines

    return timelines(st.from_type((get_args(kind) or (Terms,))[0]))
