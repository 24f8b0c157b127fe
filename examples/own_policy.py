"""A platform's own rules: a TOML file instead of code, judged by the same engine.

Run it: python examples/own_policy.py
"""

from __future__ import annotations

from pathlib import Path

from workdiary import Activity, Contract, Segment, Terms, hours, policies, week_statement

HARBOUR = policies.load(Path(__file__).with_name("own_policy.toml"))

CONTRACT = Contract(
    id="h-7",
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[Terms(since="2025-06-01T04:00Z", rate="45.00", weekly_limit=hours(1))],
)


def diary(day: str) -> list[Segment]:
    """Return forty manual minutes and then forty tracked ones, of 8, 6, 4 and 2 active minutes."""
    manual = [Segment.manual(f"{day}T14:{minute}0Z", memo="Call") for minute in range(4)]
    tracked = [
        Segment.tracked(f"{day}T15:{n}0Z", memo="Draw the quay", activity=Activity.of_meter(meter))
        for n, meter in enumerate((8, 6, 4, 2))
    ]
    return [*manual, *tracked]


def main() -> None:
    print("Rules changed on:", ", ".join(HARBOUR.dates))
    for day in ("2025-11-19", "2026-11-18"):
        # A week is judged by the rules in force when it starts, for ever.
        policy = HARBOUR.at(HARBOUR.at().week_of(f"{day}T00:00Z").starts_at)
        statement = week_statement(CONTRACT, diary(day), week=f"{day}T00:00Z", policy=policy)
        print()
        print(f"{statement.week}, from {statement.calendar.starts_at} to {statement.calendar.locks_at}")
        print(f"  tracked {statement.hours.tracked} h, manual {statement.hours.manual} h", end="")
        print(f", over the limit {statement.hours.over_limit} h: {statement.amount}")
        print(f"  protected: {statement.protected_amount}, fee: {statement.fee()}")
        for failure in statement.protection.failures:
            print(f"  {failure.code.value} ({failure.rule}): {len(failure.slots)}")

    print()
    print("Where Harbour's limit differs from Upwork's:")
    for line in policies.diff(policies.get("upwork"), HARBOUR.at()):
        if line.startswith("limit."):
            print(f"  {line}")


if __name__ == "__main__":
    main()
