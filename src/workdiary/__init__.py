"""The rules engine for work diaries: what is billed, what is protected, who may edit, what a week costs.

>>> from workdiary import Contract, Segment, Terms, hours, policies, week_statement
>>> upwork = policies.get("upwork")
>>> contract = Contract(
...     id="c-1", freelancer="ana", client="acme", currency="USD",
...     terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40))],
... )
>>> segments = [Segment.tracked("2026-11-18T09:10Z", memo="Fix the login form")]
>>> print(week_statement(contract, segments, week="2026-11-18T00:00Z", policy=upwork).amount)
5.00 USD
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from workdiary import policies
    from workdiary.diary.changes import (
        CaptureConsented,
        CaptureEnded,
        CaptureStarted,
        FactsChanged,
        PaymentFailed,
        StatusChanged,
        TermsChanged,
        TimeDisputed,
        TimeTracked,
    )
    from workdiary.diary.closing import close_due, close_week, resolve
    from workdiary.diary.diary import Diary
    from workdiary.diary.draft import Answer, AnswerKind
    from workdiary.diary.entry import Entry, Head
    from workdiary.diary.ingest import ingest
    from workdiary.diary.verify import verify
    from workdiary.errors import WorkdiaryError
    from workdiary.model.activity import Activity, Minute
    from workdiary.model.contract import (
        Actor,
        AlreadyProtected,
        Contract,
        ContractStatus,
        Fact,
        Facts,
        Role,
        StatusChange,
        Terms,
    )
    from workdiary.model.edit import Edit, add_time, apply, delete_time, edit_label, edit_memo
    from workdiary.model.money import Hours, Money, Rounding, hours
    from workdiary.model.policy import Action, Policy
    from workdiary.model.segment import Segment, Snapshot, Source
    from workdiary.model.sheet import Sheet
    from workdiary.model.slots import Slot, Slots
    from workdiary.model.timeline import Timeline
    from workdiary.model.times import Instant, WallOffset, Week, Zone, instant, slot_at, slot_start, zone
    from workdiary.model.verdict import Reason, ReasonCode, Verdict
    from workdiary.rules.credit import credit
    from workdiary.rules.dispute import after_dispute, claim, settle
    from workdiary.rules.editing import judge
    from workdiary.rules.limit import classify
    from workdiary.rules.upload import judge_upload, merge
    from workdiary.statement import WeekStatement, week_statement

__all__ = [
    "Action",
    "Activity",
    "Actor",
    "AlreadyProtected",
    "Answer",
    "AnswerKind",
    "CaptureConsented",
    "CaptureEnded",
    "CaptureStarted",
    "Contract",
    "ContractStatus",
    "Diary",
    "Edit",
    "Entry",
    "Fact",
    "Facts",
    "FactsChanged",
    "Head",
    "Hours",
    "Instant",
    "Minute",
    "Money",
    "PaymentFailed",
    "Policy",
    "Reason",
    "ReasonCode",
    "Role",
    "Rounding",
    "Segment",
    "Sheet",
    "Slot",
    "Slots",
    "Snapshot",
    "Source",
    "StatusChange",
    "StatusChanged",
    "Terms",
    "TermsChanged",
    "TimeDisputed",
    "TimeTracked",
    "Timeline",
    "Verdict",
    "WallOffset",
    "Week",
    "WeekStatement",
    "WorkdiaryError",
    "Zone",
    "add_time",
    "after_dispute",
    "apply",
    "claim",
    "classify",
    "close_due",
    "close_week",
    "credit",
    "delete_time",
    "edit_label",
    "edit_memo",
    "hours",
    "ingest",
    "instant",
    "judge",
    "judge_upload",
    "merge",
    "policies",
    "resolve",
    "settle",
    "slot_at",
    "slot_start",
    "verify",
    "week_statement",
    "zone",
]

# Where each public name lives. A name is loaded when it is first asked for: a backend that only wants
# `Slots` does not pay for the rules, and `import workdiary` itself costs next to nothing.
_HOME: Final = {
    "workdiary.diary.changes": (
        "CaptureConsented CaptureEnded CaptureStarted FactsChanged PaymentFailed StatusChanged TermsChanged "
        "TimeDisputed TimeTracked"
    ),
    "workdiary.diary.closing": "close_due close_week resolve",
    "workdiary.diary.diary": "Diary",
    "workdiary.diary.draft": "Answer AnswerKind",
    "workdiary.diary.entry": "Entry Head",
    "workdiary.diary.ingest": "ingest",
    "workdiary.diary.verify": "verify",
    "workdiary.errors": "WorkdiaryError",
    "workdiary.model.activity": "Activity Minute",
    "workdiary.model.contract": "Actor AlreadyProtected Contract ContractStatus Fact Facts Role StatusChange Terms",
    "workdiary.model.edit": "Edit add_time apply delete_time edit_label edit_memo",
    "workdiary.model.money": "Hours Money Rounding hours",
    "workdiary.model.policy": "Action Policy",
    "workdiary.model.segment": "Segment Snapshot Source",
    "workdiary.model.sheet": "Sheet",
    "workdiary.model.slots": "Slot Slots",
    "workdiary.model.timeline": "Timeline",
    "workdiary.model.times": "Instant WallOffset Week Zone instant slot_at slot_start zone",
    "workdiary.model.verdict": "Reason ReasonCode Verdict",
    "workdiary.rules.credit": "credit",
    "workdiary.rules.dispute": "after_dispute claim settle",
    "workdiary.rules.editing": "judge",
    "workdiary.rules.limit": "classify",
    "workdiary.rules.upload": "judge_upload merge",
    "workdiary.statement": "WeekStatement week_statement",
}
_MODULE_OF: Final = {name: module for module, names in _HOME.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name == "policies":
        return import_module("workdiary.policies")
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'workdiary' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
