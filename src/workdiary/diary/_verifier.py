r"""Check a bundle of a work diary: one file, no network, nothing but the standard library of Python 3.8 or later.

    python verify.py [FOLDER] [--head 17:6bd210aa…]...

FOLDER is the bundle, by default the folder of this file. It prints what it has checked and exits with 0, or
prints each fault and exits with 1. `--head` gives a head that you know from elsewhere, such as an earlier bill:
the chain must pass through it. Without one, a diary that was rewritten from its start looks sound.

The files. SHA256SUMS has the SHA-256 of every other file. bundle.json says what is in here: the contract, the
week, the dispute if it is about one, the head before the first entry (`from`), the head after the last one, the
number of the entry that closed the week, and the snapshots. entries.jsonl has one entry a line:

    {"digest":"64 hexadecimal digits","entry":{…}}

The canonical bytes of a value are its JSON without white space, keys in order, everything beyond ASCII as
\uXXXX, no floats. They stand in the line exactly as they were hashed. The digest of an entry is

    SHA-256( "workdiary/entry/1" LF  the digest before it, 32 bytes  canonical bytes of the entry )

and that before the first entry of a diary is 32 zero bytes. A statement and a policy have the digest

    SHA-256( "workdiary/document/1" LF  canonical bytes )

A head is the number of an entry, a colon and its digest. Time is counted in slots of ten minutes: slot
number = Unix second // 600. A run [from, to] of two instants are the slots from `from` until before `to`.

What is checked: the files; the chain, entry by entry; which slots were tracked, added by hand and deleted,
replayed from the entries; for every closed week, that its statement is of this diary, contract and policy, bills
only what was recorded, and that hours, lines and amounts follow from it; for every dispute, that its outcome
and amounts do; for every session of the tracker that has ended, that its secret is the one that its start has the
digest of. What is not: whether each entry should have been accepted, and which slots are over the weekly
limit or protected. That takes the platform's rules; workdiary computes them anew from the same entries.
"""
# ruff: noqa: T201 - a program of its own, which prints

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right, insort
from calendar import timegm
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

EDITS = ("time_added", "time_deleted", "memo_edited", "label_edited")
ENTRY_KEYS = ["at", "by", "change", "contract", "id", "number", "slots"]
BUNDLE_KEYS = ["closed", "contract", "dispute", "format", "from", "head", "snapshots", "version", "week"]
HEAD = re.compile(r"(0|[1-9][0-9]{0,17}):[0-9a-f]{64}")
UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError, OSError)

# How many digits follow the point in a currency; two in all others.
DIGITS = dict.fromkeys(re.findall("...", "BIFBYRCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF"), 0)
DIGITS.update(dict.fromkeys(re.findall("...", "BHDIQDJODKWDLYDOMRTND"), 3), CLF=4, UYW=4)


def refuse(text: str) -> None:
    raise ValueError(f"{text} is not a whole number")


def unique(pairs: Any) -> Any:
    """Return a JSON object, of which no key stands twice, so that no two programs read it differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key stands twice in {pairs}")
    return found


loads = json.JSONDecoder(object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse).decode
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def document_digest(text: str) -> str:
    return sha256(b"workdiary/document/1\n" + text.encode("ascii")).hexdigest()


@lru_cache(maxsize=65536)
def second(text: str) -> int:
    """Return the Unix second of an instant such as 2026-11-18T09:10:00Z."""
    if not re.fullmatch("[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z", text):
        raise ValueError(f"{text} is not an instant")
    return timegm(
        (int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), int(text[17:19]))
    )


def slots_of(runs: Any) -> list[int]:
    """Return the slots of runs, which must be in order."""
    slots: list[int] = []
    for start, stop in runs:
        first, end = second(start) // 600, second(stop) // 600
        if not (slots or [-(10**12)])[-1] < first < end <= first + 10**6 - len(slots):
            raise ValueError(f"the run from {start} to {stop} is not in order, or too long")
        slots.extend(range(first, end))
    return slots


def number_of(text: str) -> Fraction:
    if not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", text):
        raise ValueError(f"{text} is not a decimal number")
    return Fraction(text)


def hours(segments: int) -> str:
    hundredths = (segments * 200 + 6) // 12  # half up
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def money(minor: int, currency: str) -> str:
    digits = DIGITS.get(currency, 2)
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}" if digits else f"{whole} {currency}"


def bill(slots: Any, said: Any, protected: bool = False) -> tuple[list[Any], str]:
    """Return the lines for `slots`, one a rate in order of first use, each rounded once, and their sum."""
    contract, policy = said["contract"], said["policy"]
    terms = [(second(each["since"]), number_of(each["rate"])) for each in contract["terms"]]
    cap = contract["usual_rate"] if protected and policy["protection"]["rate_cap"] == "usual_rate" else None
    since = [start for start, _ in terms]
    in_force = [bisect_right(since, slot * 600) - 1 for slot in sorted(slots)]
    if -1 in in_force:
        raise ValueError("a slot comes before the contract's first terms")
    counts: dict[Fraction, int] = {}
    for n in dict.fromkeys(in_force):
        rate = terms[n][1] if cap is None else min(terms[n][1], number_of(cap))
        counts[rate] = counts.get(rate, 0) + in_force.count(n)
    lines, total = [], 0
    for rate, segments in counts.items():
        exact = rate * segments / 6 * 10 ** DIGITS.get(contract["currency"], 2)
        minor, rest = divmod(exact.numerator, exact.denominator)
        up = policy["billing"]["rounding"] == "half_up" or minor % 2 == 1  # otherwise half_even
        minor += 2 * rest > exact.denominator or (2 * rest == exact.denominator and up)
        lines.append((rate, segments, hours(segments), money(minor, contract["currency"])))
        total += minor
    return lines, money(total, contract["currency"])


class Bundle:
    """A bundle under check: what was found, and every fault."""

    def __init__(self, folder: Path, heads: list[str]) -> None:
        self.folder, self.heads = folder, heads
        self.found: list[str] = []
        self.faults: list[str] = []
        self.about: Any = {}  # bundle.json
        self.contract: Any = None  # as it was opened; None in a bundle that begins later
        self.dated: Any = {"terms": {}, "status": {}, "facts": {}}  # instant -> what was recorded to hold from then on
        self.disputed_at: set[str] = set()
        self.kinds: dict[int, str] = {}  # slot -> tracked or manual
        self.shots: dict[int, set[str]] = {}  # slot -> digests of its snapshots
        self.late: dict[int, set[str]] = {}  # the same, of uploads that were not accepted
        self.closed: dict[int, Any] = {}  # first slot of a week -> its closing
        self.starts: list[int] = []  # of closed weeks, in order
        self.objections: dict[str, Any] = {}
        self.sessions: dict[str, str] = {}  # the commitment of each that has begun, blank once it has ended

    def must(self, true: bool, fault: str) -> None:
        if not true:
            self.faults.append(fault)

    def check(self) -> None:
        for part in (self.check_files, self.check_chain, self.check_contents):
            try:
                part()
            except UNREADABLE as error:
                self.faults.append(f"{part.__name__[6:]}: {type(error).__name__}: {error}")
                if part == self.check_chain:
                    break  # what follows hangs on it

    def check_files(self) -> None:
        found = []
        for path in sorted(self.folder.rglob("*"), key=str):
            name = path.relative_to(self.folder).as_posix()
            self.must(not path.is_symlink(), f"{name} is a link")
            if path.is_file() and not path.is_symlink() and name != "SHA256SUMS":
                found.append(f"{sha256(path.read_bytes()).hexdigest()}  {name}")
        sums = (self.folder / "SHA256SUMS").read_bytes()
        lines = sums.decode("latin-1").split("\n")
        wrong = sorted({line[66:] for line in {*lines} ^ {*found, ""}})
        self.faults.extend(f"{name!r} is not what SHA256SUMS says" for name in wrong)
        self.must(bool(wrong) or sorted(lines) == ["", *sorted(found)], "SHA256SUMS was changed")
        self.found.append(f"files      {len(found)}, as in SHA256SUMS, whose own SHA-256 is {sha256(sums).hexdigest()}")

    def check_chain(self) -> None:
        text = (self.folder / "bundle.json").read_bytes().decode("ascii")
        self.about = about = loads(text)
        shape = [text, sorted(about), about["format"], about["version"], bool(HEAD.fullmatch(about["from"]))]
        self.must(
            shape == [canonical(about) + "\n", BUNDLE_KEYS, "workdiary-bundle", 1, True], "bundle.json was changed"
        )
        head, ids, latest = about["from"], set(), ""
        first = number = int(head.split(":")[0])
        known = {head}
        with (self.folder / "entries.jsonl").open("rb") as file:
            for line in file:
                number, before, body = number + 1, head, line[85:-2]
                digest = sha256(b"workdiary/entry/1\n" + bytes.fromhex(before.split(":")[1]) + body).hexdigest()
                if line != b'{"digest":"%s","entry":%s}\n' % (digest.encode(), body):
                    raise ValueError(f"entry {number} does not have the digest of its bytes and of what is before it")
                entry = loads(body.decode("ascii"))
                if list(entry) != ENTRY_KEYS:
                    raise ValueError(f"entry {number} does not have the keys of an entry")
                if [entry["number"], entry["contract"]] != [number, about["contract"]]:
                    raise ValueError(f"entry {number} says that it is entry {entry['number']} of {entry['contract']}")
                if entry["id"] in ids or entry["at"] < latest:
                    raise ValueError(f"entry {number} repeats an id, or came before the entry before it")
                ids.add(entry["id"])
                head, latest = f"{number}:{digest}", entry["at"]
                if head in self.heads:
                    known.add(head)
                try:
                    self.replay(entry, before)
                except UNREADABLE as error:
                    raise ValueError(f"entry {number}: {type(error).__name__}: {error}") from None
        self.must(head == about["head"] and number > first, f"the chain ends at {head}, not at {about['head']}")
        begins = self.contract is not None and about["from"] == "0:" + "0" * 64
        self.must(first > 0 or begins, "the chain does not begin with the opening of a contract")
        self.found.append(f"chain      {number - first} entries after {about['from']}")
        self.found.append(f"head       {head}")
        for head in self.heads:
            self.must(head in known, f"the chain does not pass through {head}: it is cut off, or another one")
            self.found.append(f"given head {head}")

    def replay(self, entry: Any, before: str) -> None:
        """Take in one entry: what it records or deletes, and what it says of the contract or of a week."""
        change = entry["change"]
        kind = change["kind"]
        runs = [(run["snapshots"], slots_of([(run["from"], run["to"])])) for run in change.get("segments", [])]
        named = change["slots"] if kind in EDITS else change.get("week", [])
        slots = [slot for _, covered in runs for slot in covered] or slots_of(named)
        if entry["slots"] != ([slots[0], slots[-1] + 1] if slots else None):
            raise ValueError("it does not touch the slots that it says")
        if kind in ("time_tracked", "late_evidence"):
            aside = set(slots if kind == "late_evidence" else slots_of(change["aside"]))
            shots = [shot for given, covered in runs for shot in given or [None] * len(covered)]
            for n, slot in enumerate(slots):
                several = shots[n] if isinstance(shots[n], list) else [shots[n]]
                digests = {shot["digest"] for shot in several if isinstance(shot, dict) and shot["digest"]}
                if slot not in aside:
                    self.must_be_open(slot)
                    self.kinds[slot] = "tracked"
                if digests:
                    (self.late if slot in aside else self.shots).setdefault(slot, set()).update(digests)
        elif kind in EDITS:
            for slot in slots:
                self.must_be_open(slot)
                if kind != "time_added" and slot not in self.kinds and self.contract is not None:
                    raise ValueError(f"it edits slot {slot}, which is free")  # unless the bundle begins later
                if kind in ("time_added", "time_deleted"):
                    self.kinds.pop(slot, None)
                    self.shots.pop(slot, None)
                if kind == "time_added":
                    self.kinds[slot] = "manual"
        elif kind == "contract_opened":
            self.must(entry["number"] == 1, f"entry {entry['number']} opens a contract that is open")
            self.contract = change["contract"]
            self.dated = {name: {each["since"]: each for each in self.contract[name]} for name in self.dated}
        elif kind in ("terms_changed", "status_changed", "facts_changed"):
            name = kind.split("_")[0]
            value = change[name]
            values = {**self.dated[name], value["since"]: value}
            last = value["since"] if value.get("status") == "closed" else "9999"  # nothing comes after a closing
            self.dated[name] = {since: values[since] for since in values if since <= last}
        elif kind == "week_closed":
            self.close(entry, change, before, slots)
        elif kind in ("time_disputed", "payment_failed"):
            self.object(entry, change, slots[0])
        elif kind == "dispute_resolved":
            self.resolve(change, slots[0])
        elif kind == "capture_started":
            self.sessions[entry["id"]] = change["commitment"]
        elif kind == "capture_ended":
            digest = sha256(b"workdiary/capture/1\n" + bytes.fromhex(change["secret"])).hexdigest()
            # A session may have begun before the bundle does.
            known = self.sessions.get(change["of"], digest if self.contract is None else "")
            self.must(known == digest, f"entry {entry['number']} does not end a session with the secret of its start")
            self.sessions[change["of"]] = ""
        elif kind not in ("week_parked", "capture_consented"):
            raise ValueError(f"{kind} is not a change")

    def must_be_open(self, slot: int) -> None:
        place = bisect_right(self.starts, slot)
        if place and slot < self.closed[self.starts[place - 1]]["stop"]:
            raise ValueError(f"it changes slot {slot} of a week that is closed")

    def close(self, entry: Any, change: Any, before: str, week: list[int]) -> None:
        """Compare a statement with what the entries before it recorded, and compute its figures anew."""
        text, where = change["statement"], f"the statement of entry {entry['number']}"
        said = loads(text)
        digests = [document_digest(text), document_digest(canonical(said["policy"]))]
        self.must([change["digest"], change["policy"]] == digests, f"{where} or its policy has another digest")
        shape = [canonical(said), said["format"], said["version"], said["week"], said["journal"]]
        here = [text, "workdiary-statement", 1, change["week"], before]
        self.must(shape == here and week[0] not in self.closed, f"{where} is not of this week and these entries")
        self.must(second(said["calendar"]["locks_at"]) <= second(entry["at"]), f"{where} came before the lock")
        self.check_contract(said["contract"], where)
        names = ("tracked", "manual", "over_limit", "protected")
        tracked, manual, over, protected = (set(slots_of(said[name])) for name in names)
        billable = tracked | manual
        kinds = {slot: self.kinds[slot] for slot in week if slot in self.kinds}
        recorded = [{slot for slot in kinds if kinds[slot] == kind} for kind in ("tracked", "manual")]
        same = [tracked | (over & recorded[0]), manual | (over & recorded[1])] == recorded and not over & billable
        in_part = self.contract is None and change["week"] != self.about["week"]  # it may have begun before the bundle
        self.must(in_part or (same and over <= set(kinds)), f"{where} is not of the {len(kinds)} segments on record")
        bare = [slot for each in said["unprotected"] for slot in slots_of(each["slots"])]
        self.must(protected <= billable and set(bare) == (billable | over) - protected, f"{where} protects others")
        counted = {"tracked": tracked, "manual": manual, "over_limit": over, "billable": billable}
        self.must(said["hours"] == {x: hours(len(counted[x])) for x in counted}, f"{where} has other hours")
        for prefix, slots in (("", billable), ("protected_", protected)):
            lines = [(number_of(x["rate"]), x["segments"], x["hours"], x["amount"]) for x in said[prefix + "lines"]]
            amount = said[prefix + "amount"]
            right = bill(slots, said, bool(prefix))
            self.must((lines, amount) == right, f"{where} has {prefix}lines of {amount}, and they come to {right[1]}")
        counted.update(protected=protected, disputed=set(), refunded=set())
        more = {"stop": week[-1] + 1, "said": said, "text": text, "number": entry["number"], "failed": False}
        self.closed[week[0]] = {**counted, **more}
        insort(self.starts, week[0])

    def check_contract(self, said: Any, where: str) -> None:
        """Compare the contract of a statement with what was recorded of it; a dispute may pause it."""
        if self.contract is None:
            return
        opened = {**said, **{name: self.contract[name] for name in self.dated}}
        self.must(opened == self.contract, f"{where} is of another contract")
        for name, recorded in self.dated.items():
            self.must(set(recorded) <= {each["since"] for each in said[name]}, f"{where} leaves out {name}")
            for n, each in enumerate(said[name]):
                since = each["since"]
                before = [*said[name][:n], recorded.get(since, {})]
                paused = [dict(x, since=since, weekly_limit_hours="0") for x in before if name == "terms"]
                paused += [{"since": since, "status": "paused"}] if name == "status" else []
                fair = recorded.get(since) == each or (since in self.disputed_at and each in paused)
                self.must(fair, f"{where} has {name} since {since} that nobody recorded")

    def object(self, entry: Any, change: Any, start: int) -> None:
        """Take in a dispute, or a claim after a failed payment, and what follows from it."""
        closed, at, where = self.closed.get(start), second(entry["at"]), f"the objection {entry['id']}"
        mine: Any = {"start": start, "resolved": False, "parts": None}
        self.objections[entry["id"]] = mine
        is_dispute = change["kind"] == "time_disputed"
        if is_dispute:
            self.disputed_at.add(entry["at"])
        if closed is None:
            self.must(self.contract is None, f"{where} is to a week that is not closed")
            return
        times = closed["said"]["calendar"]
        self.must(second(times["invoiced_at"]) <= at, f"{where} came before the invoice")
        if is_dispute:
            self.must(at < second(times["review_ends_at"]), f"{where} came after the review")
            # What is protected stays paid; nothing is disputed twice, and nothing refunded that was never paid.
            disputed = closed["billable"].intersection(slots_of(change["disputed"])) - closed["disputed"]
            refunded = set() if closed["failed"] else disputed - closed["protected"]
            closed["disputed"] |= disputed
            closed["refunded"] |= refunded
            paid = set() if closed["failed"] else closed["billable"] - closed["refunded"]
            mine["parts"] = [paid, refunded, set(), set()]
        else:
            closed["failed"] = True
            owed = closed["billable"] - closed["refunded"]
            mine["parts"] = [set(), set(), owed & closed["protected"], owed - closed["protected"]]

    def resolve(self, change: Any, start: int) -> None:
        """Compare the outcome of an objection with the statement, and compute its amounts anew."""
        closed: Any = self.closed.get(start)
        of = change["of"]
        if self.contract is None and (closed is None or of not in self.objections):
            return
        mine, where = self.objections[of], f"the outcome of {of}"
        self.must(mine["start"] == start and not mine["resolved"], f"{where} is of another week, or not the first")
        mine["resolved"] = True
        parts = [set(slots_of(change[x])) for x in ("paid", "refunded", "covered", "unpaid")]
        amounts = [bill(part, closed["said"], n == 2)[1] for n, part in enumerate(parts)]
        right = [mine["parts"], amounts]
        self.must([parts, change["amounts"]] == right, f"{where} is not what the bill and the protection come to")

    def check_contents(self) -> None:
        """Compare the other files with what the chain says of the week that the bundle is about."""
        about, week = self.about, slots_of(self.about["week"])
        closed: Any = self.closed.get(week[0]) or {}
        said = closed.get("said")
        self.must(about["closed"] == closed.get("number"), "bundle.json names another closing")
        for name, text in (("statement.json", closed.get("text")), ("policy.json", said and canonical(said["policy"]))):
            path = self.folder / name
            there = path.read_bytes().decode("latin-1") if path.exists() else None
            self.must(there == text, f"{name} is not what the closing entry says")
        mine = {id: each for id, each in self.objections.items() if each["start"] == week[0]}
        self.must(about["dispute"] is None or about["dispute"] in mine, "the dispute is not one of this week")
        of_week = {("recorded", digest) for slot in week for digest in self.shots.get(slot, ())}
        of_week |= {("late", digest) for slot in week for digest in self.late.get(slot, ())}
        listed = [(kind, digest) for kind, digest, _ in about["snapshots"]]
        self.must(listed == sorted(of_week), "bundle.json does not list the snapshots of the week")
        here = 0
        for _, digest, state in about["snapshots"]:
            image = self.folder / "snapshots" / digest if re.fullmatch("[0-9a-f]{64}", digest) else None
            data = image.read_bytes() if image is not None and image.is_file() else None
            right = (data is None) if state != "here" else (data is not None and sha256(data).hexdigest() == digest)
            self.must(right, f"snapshot {digest} is not {state}, or was changed")
            here += data is not None
        if said:
            sizes = [len(closed[name]) for name in ("tracked", "manual", "over_limit")]
            self.found.append("segments   {} tracked, {} manual, {} over the limit".format(*sizes))
            self.found.append(f"statement  {said['amount']}, of which {said['protected_amount']} protected")
            self.found.extend(
                f"           {x['segments']} segments at {x['rate']}: {x['amount']}" for x in said["lines"]
            )
        else:
            self.found.append("statement  none: the week is not closed")
        if self.contract is None:
            self.found.append("contract   as the statement says: it was opened before this bundle begins")
        resolved = sum(each["resolved"] for each in mine.values())
        self.found.append(f"objections {len(mine)}, of which {resolved} resolved")
        self.found.append(f"snapshots  {len(listed)} with a digest, of which {here} are here")


def safe(text: str) -> str:
    """Return what any terminal can show; the texts of others may hold what would drive it."""
    return "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in text)


def main(words: list[str]) -> int:
    heads = [words[n] for n in range(1, len(words)) if words[n - 1] == "--head"]
    rest = [words[n] for n in range(len(words)) if words[n] != "--head" and (n == 0 or words[n - 1] != "--head")]
    if "-h" in words or "--help" in words:
        print(__doc__)
        return 0
    if len(rest) > 1 or words[-1:] == ["--head"] or not all(map(HEAD.fullmatch, heads)):
        print("usage: python verify.py [FOLDER] [--head NUMBER:DIGEST]...")
        return 2
    bundle = Bundle(Path(rest[0]) if rest else Path(__file__).resolve().parent, heads)
    bundle.check()
    for line in bundle.found + [f"FAULT      {fault}" for fault in bundle.faults]:
        print(safe(line))
    print("NOT SOUND" if bundle.faults else "SOUND")
    return 1 if bundle.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
