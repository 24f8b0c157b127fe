"""The statements of the SQL store, word for word, for either dialect, with the order of their values.

They differ in three things only, which stand in the texts as names: how a value is given (``$text``, ``$number``,
``$bytes``), how a column is compared with several (``$in_texts``, ``$in_numbers``), and how entries are found by id.
The other names, ``$entry`` and so on, are columns and conditions that several statements share.
"""

from __future__ import annotations

from functools import cache
from string import Template
from typing import Final, NamedTuple

from workdiary.store._schema import COLUMNS, ENTRY_COLUMNS, LONG, PAGE, WEEK_COLUMNS

__all__ = ["Statements", "statements"]


class Statements(NamedTuple):
    """The SQL of one dialect; each takes its values by position, as its comment says."""

    contracts: str  # none
    standing: str  # contract
    last: str  # contract
    latest: str  # none
    locked: str  # contract, contract, contract: the latest moment, the last entry, and as `standing`
    page: str  # contract, since, until
    next: str  # contract, since: the next number
    touching: str  # contract, start - LONG, stop, start, contract, stop, start: the numbers
    numbered: str  # contract, numbers
    find: str  # ids, contract
    week: str  # contract, start
    weeks: str  # state, stop, contract, start: those after that one
    add_entry: str  # a row
    put_contract: str  # a row
    put_week: str  # a row
    quarantined: str  # none
    quarantined_numbers: str  # none
    quarantined_body: str  # digest
    locked_several: str  # contracts
    find_several: str  # ids, contracts
    touching_several: str  # contracts, start - LONG, stop, start, contracts, stop, start
    add_quarantine: str  # at, digest, body, error
    release: str  # number


_TEXTS: Final = {
    "contracts": "SELECT contract FROM contracts ORDER BY contract",
    "standing": "SELECT $standing FROM contracts WHERE contract = $text",
    "last": "SELECT number, digest FROM entries WHERE contract = $text ORDER BY number DESC LIMIT 1",
    "latest": "SELECT max(at) FROM contracts",
    # One row, also for a contract that does not exist yet.
    "locked": """SELECT (SELECT max(at) FROM contracts),
    (SELECT number FROM entries WHERE contract = $text ORDER BY number DESC LIMIT 1),
    (SELECT digest FROM entries WHERE contract = $text ORDER BY number DESC LIMIT 1),
    $standing
FROM (SELECT 1 AS one) AS one LEFT JOIN contracts ON contract = $text""",
    "page": """SELECT $entry FROM entries
WHERE contract = $text AND number > $number AND number <= $number ORDER BY number""",
    "next": "SELECT min(number) FROM entries WHERE contract = $text AND number > $number",
    "touching": """SELECT number FROM entries WHERE contract = $text AND $touching
UNION ALL SELECT number FROM entries WHERE contract = $text AND $touching_long""",
    "numbered": "SELECT $entry FROM entries WHERE contract = $text AND number $in_numbers ORDER BY number",
    "find": "SELECT $entry FROM entries WHERE id $in_texts AND contract = $text",
    "week": "SELECT $week FROM weeks WHERE contract = $text AND start = $number",
    "weeks": """SELECT contract, start FROM weeks
WHERE state = $text AND stop <= $number AND (contract, start) > ($text, $number)
ORDER BY contract, start LIMIT $page""",
    "add_entry": "INSERT INTO entries ($entry) VALUES $entry_row",
    "put_contract": """INSERT INTO contracts (contract, $standing) VALUES $contract_row
ON CONFLICT (contract) DO UPDATE SET $contract_again""",
    "put_week": """INSERT INTO weeks ($week) VALUES $week_row
ON CONFLICT (contract, start) DO UPDATE SET $week_again""",
    "quarantined": "SELECT number, at, body, error FROM quarantine ORDER BY number",
    "quarantined_numbers": "SELECT number FROM quarantine",
    "quarantined_body": "SELECT number, at, body, error FROM quarantine WHERE digest = $bytes",
    "locked_several": """SELECT contract, (SELECT max(at) FROM contracts),
    (SELECT number FROM entries WHERE entries.contract = contracts.contract ORDER BY number DESC LIMIT 1),
    (SELECT digest FROM entries WHERE entries.contract = contracts.contract ORDER BY number DESC LIMIT 1),
    $standing
FROM contracts WHERE contract $in_texts""",
    "find_several": "SELECT $entry FROM entries WHERE id $in_texts AND contract $in_texts",
    "touching_several": """SELECT contract, number FROM entries WHERE contract $in_texts AND $touching
UNION ALL SELECT contract, number FROM entries WHERE contract $in_texts AND $touching_long""",
    "add_quarantine": "INSERT INTO quarantine (at, digest, body, error) VALUES ($number, $bytes, $bytes, $text)",
    "release": "DELETE FROM quarantine WHERE number = $number",
}

# A CROSS JOIN is kept in its order: SQLite would rather scan the contract than look up each id.
_FIND_IN_SQLITE: Final = """SELECT $entry FROM (SELECT value AS wanted FROM json_each($text))
CROSS JOIN entries ON contract = $text AND id = wanted"""


def _row(table: str) -> str:
    return f"({', '.join(f'${kind}' for kind in COLUMNS[table].values())})"


def _again(table: str, *key: str) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[table] if name not in key)


_SHARED: Final = {
    "entry": ", ".join(ENTRY_COLUMNS),
    "entry_row": _row("entries"),
    "standing": ", ".join(name for name in COLUMNS["contracts"] if name != "contract"),
    "contract_row": _row("contracts"),
    "contract_again": _again("contracts", "contract"),
    "week": ", ".join(WEEK_COLUMNS),
    "week_row": _row("weeks"),
    "week_again": _again("weeks", "contract", "start"),
    # The conditions of the two partial indices, word for word: only then are those used.
    "touching": f"stop <= start + {LONG} AND start > $number AND start < $number AND stop > $number",
    "touching_long": f"stop > start + {LONG} AND start < $number AND stop > $number",
    "page": str(PAGE),
}

_DIALECTS: Final = {
    # Several values are one, a JSON list: a statement stays the same for any number of them.
    "sqlite": {
        "text": "?",
        "number": "?",
        "bytes": "?",
        "in_texts": "IN (SELECT value FROM json_each(?))",
        "in_numbers": "IN (SELECT value FROM json_each(?))",
    },
    # The casts spare the server a guess, and keep an index in use for a number that the driver sends as a wider one.
    "postgresql": {
        "text": "%s::text",
        "number": "%s::bigint",
        "bytes": "%s::bytea",
        "in_texts": "= ANY (%s::text[])",
        "in_numbers": "= ANY (%s::bigint[])",
    },
}


@cache
def statements(name: str) -> Statements:
    """Return the statements for the dialect `name`, ``sqlite`` or ``postgresql``."""
    texts = {**_TEXTS, "find": _FIND_IN_SQLITE} if name == "sqlite" else _TEXTS
    whole = {key: Template(text).safe_substitute(_SHARED) for key, text in texts.items()}
    return Statements(**{key: Template(text).substitute(_DIALECTS[name]) for key, text in whole.items()})
