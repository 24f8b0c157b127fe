"""The snapshot moment: drawn from a secret, each second equally likely, and checked by either side."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest

from tests.capture.desk import FIRST, NINE, key, second
from workdiary.capture.moments import (
    DoubtKind,
    DrawnBy,
    check_moments,
    commitment,
    derived,
    moment_of,
    second_of,
)
from workdiary.errors import InvalidValue
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

SLOT = Slot(FIRST)


def drawn_by(n: int = 0, *, since: int = NINE, until: int | None = NINE + 6000, secret: bytes | None = None) -> DrawnBy:
    made = key(n) if secret is None else secret
    return DrawnBy(
        session=f"s{n}",
        commitment=commitment(made),
        secret=made,
        since=Instant(since),
        until=None if until is None else Instant(until),
    )


def test_the_second_is_that_of_the_specification() -> None:
    for n in range(200):
        assert second_of(key(n), "acme", Slot(FIRST + n)) == second(key(n), "acme", FIRST + n)


def test_a_moment_lies_in_its_slot_and_depends_on_all_three() -> None:
    moment = moment_of(key(0), "acme", SLOT)
    assert NINE <= moment < NINE + 600
    many = [second_of(key(n), "acme", SLOT) for n in range(50)]
    assert len(set(many)) > 40
    assert len({second_of(key(0), f"c{n}", SLOT) for n in range(50)}) > 40
    assert len({second_of(key(0), "acme", Slot(FIRST + n)) for n in range(50)}) > 40


def test_the_seconds_are_uniform() -> None:
    """Chi-square over 60,000 draws of fixed keys: 599 degrees of freedom, mean 599, deviation 34.6."""
    seen = [0] * 600
    for n in range(60):
        secret = key(n)
        for slot in range(FIRST, FIRST + 1000):
            seen[second_of(secret, "acme", Slot(slot))] += 1
    chi_square = sum((count - 100) ** 2 / 100 for count in seen)
    assert 599 - 4 * 34.6 < chi_square < 599 + 4 * 34.6


def test_neighbouring_slots_are_independent() -> None:
    """Pairs of thirds: nine classes of 40,000 / 9 each, 8 degrees of freedom; 26.1 is exceeded once in a thousand."""
    seen = dict.fromkeys(((a, b) for a in range(3) for b in range(3)), 0)
    for n in range(40):
        thirds = [second_of(key(n), "acme", Slot(slot)) // 200 for slot in range(FIRST, FIRST + 1001)]
        for pair in pairwise(thirds):
            seen[pair] += 1
    expected = 40_000 / 9
    assert sum((count - expected) ** 2 / expected for count in seen.values()) < 26.1


def test_the_commitment_is_a_digest_with_a_prefix_and_not_the_bare_one() -> None:
    assert commitment(key(0)) == sha256(b"workdiary/capture/1\n" + key(0)).hexdigest()
    assert commitment(key(0)) != sha256(key(0)).hexdigest()


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33), "0" * 32, None, bytearray(32)])
def test_a_secret_is_32_bytes_and_an_error_does_not_show_it(secret: object) -> None:
    with pytest.raises(InvalidValue) as caught:
        commitment(secret)  # type: ignore[arg-type]  # what is refused here
    assert "is not 32 bytes" in str(caught.value)
    assert "0000" not in str(caught.value)


def test_a_derived_secret_is_another_for_each_contract_and_number() -> None:
    made = {derived(key(0), contract, n) for contract in ("acme", "bolt") for n in range(10)}
    assert len(made) == 20
    assert key(0) not in made


def test_moments_that_were_drawn_raise_no_doubt() -> None:
    shots = [Instant(600 * slot + second(key(0), "acme", slot)) for slot in range(FIRST, FIRST + 10)]
    assert check_moments("acme", [drawn_by()], shots) == ()


@pytest.mark.parametrize(("late", "kinds"), [(0, []), (60, []), (61, ["not_the_moment"]), (-1, ["not_the_moment"])])
def test_a_snapshot_may_be_a_minute_late_and_never_early(late: int, kinds: list[str]) -> None:
    slot = next(slot for slot in range(FIRST, FIRST + 100) if 1 <= second(key(0), "acme", slot) < 500)
    at = Instant(600 * slot + second(key(0), "acme", slot) + late)
    doubts = check_moments("acme", [drawn_by(until=NINE + 60_000)], [at])
    assert [doubt.kind.value for doubt in doubts] == kinds


def test_another_contracts_moments_do_not_pass() -> None:
    shots = [Instant(600 * slot + second(key(0), "bolt", slot)) for slot in range(FIRST, FIRST + 10)]
    doubts = check_moments("acme", [drawn_by()], shots)
    assert len(doubts) >= 7
    assert {doubt.kind for doubt in doubts} == {DoubtKind.NOT_THE_MOMENT}


def test_a_later_session_in_the_slot_inherits_the_moment() -> None:
    first, later = drawn_by(0, until=NINE + 100), drawn_by(1, since=NINE + 200)
    inherited = Instant(NINE + second(key(0), "acme", FIRST))
    drawn_again = Instant(NINE + second(key(1), "acme", FIRST))
    assert check_moments("acme", [later, first], [inherited]) == ()
    assert [doubt.kind for doubt in check_moments("acme", [later, first], [drawn_again])] == [DoubtKind.UNCERTAIN]


def test_a_secret_that_is_not_the_one_committed_to_is_found() -> None:
    forged = DrawnBy(session="s0", commitment=commitment(key(0)), secret=key(1), since=Instant(NINE))
    assert [doubt.kind for doubt in check_moments("acme", [forged], [])] == [DoubtKind.WRONG_SECRET]


def test_a_session_that_goes_on_leaves_its_snapshots_open() -> None:
    open_session = DrawnBy(session="s0", commitment=commitment(key(0)), since=Instant(NINE))
    assert [doubt.kind for doubt in check_moments("acme", [open_session], [Instant(NINE + 5)])] == [DoubtKind.OPEN]


def test_a_snapshot_outside_every_session_is_found() -> None:
    at = Instant(NINE - 4000)
    assert [(doubt.kind, doubt.at) for doubt in check_moments("acme", [drawn_by()], [at])] == [
        (DoubtKind.NO_SESSION, at)
    ]


def test_the_secret_shows_in_no_repr() -> None:
    assert key(0).hex() not in repr(drawn_by())
    assert repr(key(0)) not in repr(drawn_by())
