"""Run by wheel.sh in an environment with the wheel and nothing else: what must work without extras."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib import resources
from tempfile import TemporaryDirectory

from workdiary import Actor, Contract, Diary, Role, Segment, Slots, Terms, hours, policies, week_statement
from workdiary.store.sql import SqlJournal

EXTRAS = ("typer", "rich", "hypothesis", "click", "sqlalchemy", "psycopg")


def main(command: str) -> None:
    """Check the engine, a diary in SQLite, the data files, `evaluate` and the message about the missing extra."""
    assert not [name for name in EXTRAS if importlib.util.find_spec(name)], "the environment is not bare"
    assert resources.files("workdiary").joinpath("py.typed").is_file()
    contract = Contract(
        id="c-1",
        freelancer="ana",
        client="acme",
        currency="USD",
        terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours("0.5"))],
    )
    segments = [Segment.tracked(f"2026-11-18T09:{minute}0Z", memo="Fix the login form") for minute in range(4)]
    for name in policies.names():
        statement = week_statement(contract, segments, week="2026-11-18T00:00Z", policy=policies.get(name))
        assert str(statement.amount) == "15.00 USD", statement.amount
        assert len(statement.over_limit) == 1
        assert statement.over_limit == Slots([segments[3].slot])
        assert "LIMIT-1" in statement.explain("2026-11-18T09:30Z")

    with TemporaryDirectory() as folder, SqlJournal.open(f"{folder}/diary.db") as journal:
        Diary.open(journal, contract, "upwork", by=Actor(id="platform", role=Role.PLATFORM), id="open")
        assert journal.contracts() == ("c-1",), journal.contracts()

    case = {"kind": "credit", "policy": "upwork", "stretches": [], "snapshots": []}
    answer = subprocess.run(
        [sys.executable, "-m", "workdiary", "evaluate"],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == {"credited": []}, answer.stdout

    refused = subprocess.run([command, "policies"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2, refused
    assert "workdiary[cli]" in refused.stderr, refused.stderr
    assert refused.stderr.count("\n") == 1, refused.stderr


main(sys.argv[1])
