"""One week under three policies: what each bills, protects and charges, and why they differ.

Run it: python examples/compare_policies.py
"""

from __future__ import annotations

from workdiary import Activity, Contract, Facts, Segment, Terms, hours, policies, slot_at, slot_start, week_statement

WEEK = "2026-11-16T00:00Z"

# Two hours a week; on Wednesday at noon the client raises the limit to four.
CONTRACT = Contract(
    id="c-1",
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[
        Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(2)),
        Terms(since="2026-11-18T12:00Z", rate="30.00", weekly_limit=hours(4)),
    ],
    facts=[Facts(since="2026-11-02T00:00Z", billing_verified=True, good_standing=True, identity_verified=True)],
)


def tracked(start: str, segments: int, meter: int) -> list[Segment]:
    """Return consecutive tracked segments, each with a memo, a snapshot and the same activity."""
    first = slot_at(start)
    return [
        Segment.tracked(
            slot,
            memo="Fix the login form",
            activity=Activity.of_meter(meter),
            snapshots=[slot_start(slot)],
        )
        for slot in range(first, first + segments)
    ]


# Three busy hours on Monday; one quiet hour on Wednesday, after the increase.
SEGMENTS = [*tracked("2026-11-16T09:00Z", 18, meter=8), *tracked("2026-11-18T14:00Z", 6, meter=3)]


def main() -> None:
    print(f"{'policy':<16} {'billable':>8} {'red':>6} {'amount':>11} {'protected':>11} {'fee':>10}   locks at")
    for name in policies.names():
        statement = week_statement(CONTRACT, SEGMENTS, week=WEEK, policy=policies.get(name))
        print(
            f"{name:<16} {statement.hours.billable:>8} {statement.hours.over_limit:>6} {statement.amount.text:>11} "
            f"{statement.protected_amount.text:>11} {statement.fee().text:>10}   {statement.calendar.locks_at}"
        )
    print()
    upwork, odesk = policies.get("upwork"), policies.get("odesk")
    print("Where oDesk's rules differ from Upwork's:")
    for line in policies.diff(upwork, odesk):
        if line.startswith(("limit.", "protection.min", "fees")):
            print(f"  {line}")


if __name__ == "__main__":
    main()
