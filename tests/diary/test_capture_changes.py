"""Sessions of the tracker in a diary: who agreed, what a start commits to, and that an end discloses it, once."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.diary.keeping import ACME, ANA, NOW, PLATFORM, Kept, opened, rewritten, sealed, status_changed, upload
from tests.support import WEEK, refusal
from workdiary import Actor, CaptureConsented, CaptureEnded, CaptureStarted, Role
from workdiary.cli.logbook import change_words
from workdiary.diary import _verifier
from workdiary.diary.bundle import write_bundle
from workdiary.diary.canonical import CAPTURE_PREFIX, commitment_of
from workdiary.diary.changes import Change
from workdiary.diary.closing import close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.entry import Entry
from workdiary.diary.ingest import Item, ingest
from workdiary.diary.verify import verify
from workdiary.errors import ChainError, InvalidValue
from workdiary.model.times import zone

CREATED, EXISTS, CONFLICT, REFUSED = AnswerKind.CREATED, AnswerKind.EXISTS, AnswerKind.CONFLICT, AnswerKind.REFUSED

# The secret 00 01 … 1f, and its commitment by sha256sum(1):
#   { printf 'workdiary/capture/1\n'; printf '%s' $SECRET | xxd -r -p; } | sha256sum
SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"  # noqa: S105 - a test's
COMMITMENT = "82e3c9f06faf24f675b84689adcb6cd216423be6677ac95c172673df98d1cc82"
OTHER = "ff" * 32

CONSENT = CaptureConsented(notice="2026-11")
BEGAN, ENDED = "2026-11-18T17:00:00Z", "2026-11-18T18:00:00Z"
START = CaptureStarted(commitment=COMMITMENT, began=BEGAN)
END = CaptureEnded(of="s-1", secret=SECRET, ended=ENDED)


def begun(**values: Any) -> Kept:
    """Return a diary in which the session s-1 has begun."""
    kept = opened(**values)
    assert kept.diary.record(START, by=ANA, id="s-1").kind is CREATED
    return kept


def codes(kept: Kept, request: Request, by: Actor = ANA, id: str = "r") -> list[str]:
    """Judge `request` and record it; return the codes of the reasons, which must be the same both times."""
    judged = kept.diary.judge(request, by=by, at=kept.clock.instant)
    answer = kept.diary.record(request, by=by, id=id)
    assert [reason.code for reason in answer.reasons] == [*judged.codes]
    assert answer.kind is (REFUSED if judged.reasons else CREATED)
    return [code.value for code in judged.codes]


# The commitment.


def test_a_commitment_is_a_digest_with_a_prefix_of_its_own() -> None:
    assert commitment_of(bytes.fromhex(SECRET)) == COMMITMENT
    assert CAPTURE_PREFIX == b"workdiary/capture/1\n"
    assert sha256(b"workdiary/capture/1\n" + bytes(range(32))).hexdigest() == COMMITMENT


@pytest.mark.parametrize(
    ("secret", "shown"),
    [(b"", "0 bytes"), (bytes(31), "31 bytes"), (bytes(33), "33 bytes"), (SECRET, "str"), (None, "NoneType")],
)
def test_a_secret_is_32_bytes_and_no_error_shows_it(secret: Any, shown: str) -> None:
    assert refusal(InvalidValue, commitment_of, secret)[:3] == ("secret", shown, "is not a secret")


# The values.


@pytest.mark.parametrize("wrong", ["", " ", "\u2003", "x" * 201, "a\nb", "a\x00", "\ud800", 5, None])
def test_a_notice_and_a_session_are_1_to_200_printable_characters(wrong: Any) -> None:
    assert refusal(InvalidValue, CaptureConsented, notice=wrong)[:2] == ("notice", wrong)
    assert refusal(InvalidValue, CaptureEnded, of=wrong, secret=SECRET, ended=ENDED)[:2] == ("of", wrong)


@pytest.mark.parametrize("right", ["1", "2026-11 é", "x" * 200])
def test_the_longest_and_the_shortest_names_are_taken(right: str) -> None:
    assert CaptureConsented(notice=right).notice == right
    assert CaptureEnded(of=right, secret=SECRET, ended=ENDED).of == right


@pytest.mark.parametrize(
    "wrong", ["", SECRET[:-1], SECRET + "0", SECRET.upper(), SECRET + "\n", "g" * 64, "\u0661" * 64, bytes(32), None]
)
def test_a_commitment_and_a_secret_are_64_lower_case_digits(wrong: Any) -> None:
    assert refusal(InvalidValue, CaptureStarted, commitment=wrong, began=BEGAN)[:2] == ("commitment", wrong)
    assert refusal(InvalidValue, CaptureEnded, of="s-1", secret=wrong, ended=ENDED)[:2] == ("secret", wrong)


# Who may, and when.


@pytest.mark.parametrize("change", [CONSENT, START, END], ids=lambda change: type(change).__name__)
def test_capture_1_only_the_contracts_own_freelancer_records_sessions(change: Request) -> None:
    others = [ACME, PLATFORM, *(Actor(id="eve", role=role) for role in Role), Actor(id="ana", role=Role.CLIENT)]
    kept = begun()
    head = kept.head
    for by in others:
        assert codes(kept, change, by) == ["role_not_permitted"], by
    assert kept.head == head
    assert codes(kept, change) == []


def test_a_session_is_an_entry_that_touches_no_time() -> None:
    kept = opened()
    kept.diary.record(upload(0, 1), by=ANA, id="u")
    week, contract = kept.week(), kept.diary.contract
    for id, change in (("agree", CONSENT), ("s-1", START), ("e", END)):
        entry = kept.diary.record(change, by=ANA, id=id).entry
        assert entry is not None
        assert (entry.start, entry.stop, entry.change) == (None, None, change)
    assert (kept.week(), kept.diary.contract) == (week, contract)
    assert [entry.id for entry in kept.diary.entries()] == ["open", "u", "agree", "s-1", "e"]
    assert verify(kept.journal, "c-1").is_sound


def test_the_bytes_of_a_session_are_those_of_the_format() -> None:
    kept = opened()
    for id, change in (("agree", CONSENT), ("s-1", START), ("e", END)):
        kept.diary.record(change, by=ANA, id=id)
    changes = [(json.loads(entry.body)["change"], json.loads(entry.body)["slots"]) for entry in kept.diary.entries()]
    assert changes[1:] == [
        ({"kind": "capture_consented", "notice": "2026-11"}, None),
        ({"kind": "capture_started", "commitment": COMMITMENT, "began": BEGAN}, None),
        ({"kind": "capture_ended", "of": "s-1", "secret": SECRET, "ended": ENDED}, None),
    ]


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_capture_1_no_session_begins_on_a_contract_that_is_not_active(status: str) -> None:
    kept = opened()
    kept.diary.record(status_changed(NOW, status), by=ACME, id="status")
    answer = kept.diary.record(START, by=ANA, id="s-1")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [
        ("contract_not_active", (("status", status),))
    ]
    assert codes(kept, CONSENT) == []


def test_capture_1_no_session_begins_before_the_contract() -> None:
    kept = opened(now="2026-10-01T00:00:00Z")
    answer = kept.diary.record(attrs.evolve(START, began="2026-10-01T00:00:00Z"), by=ANA, id="s-1")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [
        ("contract_not_active", (("status", "none"),))
    ]


def test_every_reason_against_a_start_is_given() -> None:
    kept = opened()
    kept.diary.record(status_changed(NOW, "paused"), by=ACME, id="status")
    assert codes(kept, START, ACME) == ["role_not_permitted", "contract_not_active"]


def test_a_status_that_is_only_planned_stops_no_session() -> None:
    kept = opened()
    kept.diary.record(status_changed("2026-11-18T18:00:01Z", "closed"), by=ACME, id="status")
    assert codes(kept, START) == []


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_capture_1_a_session_that_began_before_can_be_ended_at_any_status(status: str) -> None:
    kept = begun()
    kept.diary.record(status_changed(NOW, status), by=ACME, id="status")
    kept.clock.set("2027-03-01T00:00:00Z")
    assert codes(kept, END) == []


# The end.


@pytest.mark.parametrize("of", ["s-2", "open", "u", "agree", "S-1", "r"])
def test_capture_2_an_end_names_a_start_of_this_diary(of: str) -> None:
    kept = begun()
    kept.diary.record(upload(0), by=ANA, id="u")
    kept.diary.record(CONSENT, by=ANA, id="agree")
    answer = kept.diary.record(attrs.evolve(END, of=of), by=ANA, id="r")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [("unknown_session", (("session", of),))]


def test_capture_2_an_end_is_not_ended_itself() -> None:
    kept = begun()
    assert codes(kept, END, id="e") == []
    assert codes(kept, attrs.evolve(END, of="e")) == ["unknown_session"]


def test_capture_2_another_secret_is_refused_and_the_right_one_is_taken_after_it() -> None:
    kept = begun()
    answer = kept.diary.record(attrs.evolve(END, secret=OTHER), by=ANA, id="r")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [("wrong_secret", (("session", "s-1"),))]
    # Neither the commitment itself, nor the digest without its prefix, nor one byte more or less.
    assert codes(kept, attrs.evolve(END, secret=COMMITMENT)) == ["wrong_secret"]
    assert codes(kept, attrs.evolve(END, secret="01" + SECRET[2:])) == ["wrong_secret"]
    assert codes(kept, END) == []


def test_capture_2_a_session_ends_once() -> None:
    kept = begun()
    assert codes(kept, END, id="e") == []
    kept.diary.record(upload(0), by=ANA, id="u")
    answer = Diary(kept.journal, "c-1").record(END, by=ANA, id="r")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [
        ("already_resolved", (("ended_by", "e"),))
    ]
    assert codes(kept, attrs.evolve(END, secret=OTHER), id="r") == ["already_resolved", "wrong_secret"]
    # A repetition is no second end.
    assert kept.diary.record(END, by=ANA, id="e").kind is EXISTS
    assert kept.diary.record(attrs.evolve(END, secret=OTHER), by=ANA, id="e").kind is CONFLICT


def test_two_sessions_do_not_mix() -> None:
    kept = begun()
    other = attrs.evolve(START, commitment=sha256(b"workdiary/capture/1\n" + bytes.fromhex(OTHER)).hexdigest())
    assert codes(kept, other, id="s-2") == []
    assert codes(kept, attrs.evolve(END, of="s-2")) == ["wrong_secret"]
    assert codes(kept, CaptureEnded(of="s-2", secret=OTHER, ended=ENDED), id="e-2") == []
    assert codes(kept, END, id="e-1") == []


def test_a_session_of_another_contract_is_unknown_here() -> None:
    kept = begun()
    contract = attrs.evolve(kept.diary.contract, id="c-2")
    diary = Diary.open(kept.journal, contract, "upwork", by=PLATFORM, id="open")
    assert [reason.code.value for reason in diary.record(END, by=ANA, id="e").reasons] == ["unknown_session"]


def test_a_session_that_begins_and_ends_in_one_batch_ends_once() -> None:
    kept = opened()
    requests: list[tuple[str, Request]] = [("s-1", START), ("e", END), ("again", END), ("e", END)]
    items = [Item(contract="c-1", id=id, by=ANA, request=request).dump() for id, request in requests]
    answers = [*ingest(kept.journal, items)]
    assert [answer.kind for answer in answers] == [CREATED, CREATED, REFUSED, EXISTS]
    assert [reason.code.value for reason in answers[2].reasons] == ["already_resolved"]
    assert kept.head.version == 3


def test_a_start_whose_bytes_were_changed_ends_nothing() -> None:
    kept = begun()
    _, start = kept.diary.entries()
    stored = kept.journal._diaries["c-1"]
    body = start.body.replace(COMMITMENT.encode(), b"ab" * 32)
    forged = Entry(**{field.name: getattr(start, field.name) for field in attrs.fields(Entry)} | {"body": body})
    stored.entries[1] = stored.by_id["s-1"] = forged
    with pytest.raises(ChainError, match="is not the digest of its content"):
        Diary(kept.journal, "c-1").record(END, by=ANA, id="e")


@given(secrets=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5), data=st.data())
def test_capture_2_sessions_end_in_any_order_each_with_its_own_secret(
    secrets: list[bytes], data: st.DataObject
) -> None:
    kept = opened()
    for n, secret in enumerate(secrets):
        commitment = sha256(b"workdiary/capture/1\n" + secret).hexdigest()
        kept.diary.record(CaptureStarted(commitment=commitment, began=BEGAN), by=ANA, id=f"s-{n}")
    for n in data.draw(st.permutations(range(len(secrets)))):
        end = CaptureEnded(of=f"s-{n}", secret=secrets[n].hex(), ended=ENDED)
        assert codes(kept, end, id=f"e-{n}") == []
        assert codes(kept, end, id=f"again {n}") == ["already_resolved"]
    assert verify(kept.journal, "c-1").is_sound


# When it was.


@pytest.mark.parametrize("wrong", ["", "2026-11-18", "2026-11-18T17:00:00", 5.5, None])
def test_the_times_of_a_session_are_instants(wrong: Any) -> None:
    with pytest.raises(InvalidValue):
        CaptureStarted(commitment=COMMITMENT, began=wrong)
    with pytest.raises(InvalidValue):
        CaptureEnded(of="s-1", secret=SECRET, ended=wrong)


def test_capture_1_a_session_begins_and_ends_five_minutes_ahead_at_the_most() -> None:
    kept = opened()
    assert codes(kept, attrs.evolve(START, began="2026-11-18T18:05:01Z"), id="x") == ["in_the_future"]
    assert codes(kept, attrs.evolve(START, began="2026-11-18T18:05:00Z"), id="s-1") == []
    assert codes(kept, attrs.evolve(END, ended="2026-11-18T18:05:01Z"), id="y") == ["in_the_future"]
    assert codes(kept, attrs.evolve(END, ended="2026-11-18T18:05:00Z"), id="e") == []


def test_capture_1_a_session_may_be_recorded_long_after_it_was() -> None:
    kept = opened()
    kept.clock.set("2027-03-01T00:00:00Z")
    assert codes(kept, START, id="s-1") == []
    assert codes(kept, END, id="e") == []


def test_capture_2_a_session_does_not_end_before_it_begins() -> None:
    kept = begun()
    answer = kept.diary.record(attrs.evolve(END, ended="2026-11-18T16:59:59Z"), by=ANA, id="x")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [
        ("ended_before_start", (("session", "s-1"), ("began", START.began), ("ended", START.began - 1)))
    ]
    assert codes(kept, attrs.evolve(END, ended=BEGAN), id="e") == []


# Checked by anyone.


def lied(kept: Kept, *forged: tuple[str, Change]) -> None:
    """Replace the changes of entries, by id, and seal the whole chain anew, as only the keeper can."""
    changes = dict(forged)
    said = [(entry.id, str(entry.at), entry.by, changes.get(entry.id, entry.change)) for entry in kept.diary.entries()]
    rewritten(kept.journal, sealed(said))


FORGED: list[tuple[str, Change]] = [
    ("e", CaptureEnded(of="s-1", secret=OTHER, ended=ENDED)),
    ("e", CaptureEnded(of="s-2", secret=SECRET, ended=ENDED)),
    ("s-1", CaptureStarted(commitment=OTHER, began=BEGAN)),
    ("s-1", CONSENT),
    ("agree", END),
    ("later", END),
]


@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: f"{forged[0]} {type(forged[1]).__name__}")
def test_capture_2_an_end_that_does_not_fit_its_start_is_found_by_both_verifiers(
    tmp_path: Path, forged: tuple[str, Change]
) -> None:
    kept = opened("upwork")
    for id, change in (("agree", CONSENT), ("s-1", START), ("u", upload(0, 1)), ("e", END), ("later", CONSENT)):
        assert kept.diary.record(change, by=ANA, id=id).kind is CREATED
    kept.clock.set("2026-11-23T12:00:00Z")
    close_week(kept.diary, WEEK, by=PLATFORM)
    made = write_bundle(kept.journal, "c-1", tmp_path / "honest", week=WEEK)
    assert found_in(made.folder) == []

    false = opened("upwork")
    for id, change in (("agree", CONSENT), ("s-1", START), ("u", upload(0, 1)), ("e", END), ("later", CONSENT)):
        false.diary.record(change, by=ANA, id=id)
    lied(false, forged)
    false.clock.set("2026-11-23T12:00:00Z")
    close_week(Diary(false.journal, "c-1"), WEEK, by=PLATFORM)
    faults = [fault.what for fault in verify(false.journal, "c-1").faults]
    assert len(faults) == 1
    assert "does not end a session with the secret of its start" in faults[0]
    with pytest.raises(ChainError, match="does not end a session with the secret of its start"):
        write_bundle(false.journal, "c-1", tmp_path / "forged", week=WEEK)


def test_a_bundle_that_begins_after_the_start_of_a_session_is_sound(tmp_path: Path) -> None:
    kept = begun(policy="upwork")
    since = kept.head
    kept.diary.record(upload(0), by=ANA, id="u")
    assert kept.diary.record(END, by=ANA, id="e").kind is CREATED
    kept.clock.set("2026-11-23T12:00:00Z")
    close_week(kept.diary, WEEK, by=PLATFORM)
    assert found_in(write_bundle(kept.journal, "c-1", tmp_path / "later", week=WEEK, since=since).folder) == []


def found_in(folder: Path) -> list[str]:
    bundle = _verifier.Bundle(folder, [])
    bundle.check()
    return bundle.faults


# In words.


def test_the_log_tells_sessions_in_words() -> None:
    kept = opened()
    for id, change in (("agree", CONSENT), ("s-1", START), ("e", END)):
        kept.diary.record(change, by=ANA, id=id)
    assert [change_words(entry, zone("UTC")) for entry in kept.diary.entries(since=1)] == [
        "agreed to be recorded, by the notice “2026-11”",
        f"session begun 2026-11-18 17:00:00, secret committed to by {COMMITMENT[:12]}",
        "session s-1 ended 2026-11-18 18:00:00, secret 000102030405 disclosed",
    ]
