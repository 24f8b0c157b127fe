"""Bundles: the evidence of a week, or of a dispute, as one folder that a stranger can check offline.

::

    evidence/
    ├── README.txt       what is in here, and what it proves
    ├── SHA256SUMS       the SHA-256 of every other file: sha256sum -c SHA256SUMS
    ├── bundle.json      contract, week, dispute, heads, snapshots
    ├── entries.jsonl    the chain, an entry a line, each with its digest
    ├── policy.json      the policy that the week was billed by
    ├── snapshots/       image files by their SHA-256
    ├── statement.json   the bill, word for word
    └── verify.py        checks all of it, with the standard library alone

Nothing in it depends on a clock or on where it was made: the same diary makes the same bytes.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from workdiary.diary import _verifier
from workdiary.diary.canonical import canonical
from workdiary.diary.changes import DisputeResolved, LateEvidence, PaymentFailed, TimeDisputed, TimeTracked, WeekClosed
from workdiary.diary.closed import ClosedWeek
from workdiary.diary.draft import Calendars
from workdiary.diary.entry import START, Head
from workdiary.diary.journal import Journal
from workdiary.diary.page import WeekPage
from workdiary.errors import NOTHING, ChainError, DocumentError, InvalidValue, JournalError
from workdiary.model.times import Moment, Week, moment
from workdiary.plain import destructure

__all__ = ["Bundle", "write_bundle"]

FORMAT: Final = "workdiary-bundle"
VERSION: Final = 1

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@attrs.frozen(kw_only=True)
class Bundle:
    """A bundle that was written: where, what it is about, and how far its chain goes.

    `closed` is the week's bill, `None` while the week is not closed. `missing` are the digests of
    snapshots whose files could not be had. `digest` is the SHA-256 of its `SHA256SUMS`, and so of all of it.
    """

    folder: Path
    contract: str
    week: Week
    dispute: str | None
    since: Head
    head: Head
    closed: ClosedWeek | None = attrs.field(repr=False)
    missing: tuple[str, ...]
    digest: str


def write_bundle(
    journal: Journal,
    contract: str,
    folder: str | Path,
    *,
    week: Week | Moment | None = None,
    dispute: str | None = None,
    snapshots: Callable[[str], bytes] | None = None,
    since: Head = START,
) -> Bundle:
    """Write the evidence of a `week`, or of the week of a `dispute`, into the new `folder`, and return what it is.

    `dispute` is the id of the entry of a dispute or of a failed payment, or of its outcome. `snapshots` gives
    the image with a SHA-256, such as `SnapshotFiles.get`; without it, digests are listed alone. The chain begins
    after `since`, a head that the reader knows: unless it is given, with the diary's first entry.

    The folder is written whole or not at all, for its owner alone, and is checked by its own verifier before it
    gets its name. Raises `InvalidValue` when there is something at `folder` already or the week reaches back
    before `since`, `ChainError` for a diary that does not verify, `DocumentError` when it cannot be written.
    """
    calendars = Calendars(journal.standing(contract).policy)
    found, objection = _subject(journal, contract, calendars, week, dispute)
    for entry in journal.read(contract, touching=(found.start, found.stop)):
        if entry.number <= since.version:
            allowed = f"comes after entry {entry.number}, which touches the {found}"
            raise InvalidValue("since", str(since), allowed, "begin with an earlier head, or with the whole diary")
        break
    with _new_folder(Path(os.path.abspath(folder))) as beside:  # noqa: PTH100 - resolve would follow a link
        page, head = _write_entries(journal, contract, since, found, beside / "entries.jsonl")
        closed = None
        if page.closed is not None and isinstance(page.closed.change, WeekClosed):
            closed = ClosedWeek.of(page.closed)
            _write(beside / "statement.json", page.closed.change.statement.encode("ascii"))
            _write(beside / "policy.json", canonical(closed.document["policy"]))
        listed = [*_copied(sorted(set(_digests(page))), snapshots, beside / "snapshots")]
        about = {
            "format": FORMAT,
            "version": VERSION,
            "contract": contract,
            "week": destructure(found.slots),
            "dispute": objection,
            "from": str(since),
            "head": str(head),
            "closed": None if page.closed is None else page.closed.number,
            "snapshots": listed,
        }
        _write(beside / "bundle.json", canonical(about) + b"\n")
        _write(beside / "verify.py", Path(_verifier.__file__).read_bytes())
        _write(beside / "README.txt", _readme(contract, found, objection, since, head, closed).encode())
        digest = _write_sums(beside)
        _check(beside, contract)
    return Bundle(
        folder=Path(folder),
        contract=contract,
        week=found,
        dispute=objection,
        since=since,
        head=head,
        closed=closed,
        missing=tuple(sorted({digest for _, digest, state in listed if state == "missing"})),
        digest=digest,
    )


def _subject(
    journal: Journal, contract: str, calendars: Calendars, week: Week | Moment | None, dispute: str | None
) -> tuple[Week, str | None]:
    """Return the week that the bundle is about, and the id of the objection, if it is about one."""
    if (week is None) == (dispute is None):
        given = NOTHING if week is None else f"{week} and {dispute}"
        raise InvalidValue("week", given, "or a dispute is what a bundle is about", "give one of the two")
    if isinstance(week, Week):
        return week, None
    if week is not None:
        return calendars.week_of(moment(week, "week")), None
    entry = journal.find(contract, [str(dispute)]).get(str(dispute))
    change = None if entry is None else entry.change
    if isinstance(change, DisputeResolved):
        return next(calendars.weeks_of(change.week)), change.of
    if isinstance(change, TimeDisputed | PaymentFailed):
        return next(calendars.weeks_of(change.week)), dispute
    raise InvalidValue("dispute", dispute, "is no dispute and no failed payment on record", "look it up in the log")


def _write_entries(journal: Journal, contract: str, since: Head, week: Week, path: Path) -> tuple[WeekPage, Head]:
    """Write the chain after the head `since`, and return the page of `week` with the head that it ends at."""
    page, head = WeekPage(week=week), since
    with _private_file(path) as file:
        for entry in journal.read(contract, since=since.version):
            entry.check(head)
            head = entry.head
            file.write(b'{"digest":"%s","entry":%s}\n' % (entry.digest.hex().encode(), entry.body))
            if (
                entry.start is not None
                and entry.stop is not None
                and entry.start < week.stop
                and week.start < entry.stop
            ):
                page.fold(entry, entry.change)
    if head == since:
        raise InvalidValue("since", str(since), "is the end of the diary", "begin with an earlier head")
    return page, head


def _digests(page: WeekPage) -> Iterator[tuple[str, str]]:
    """Yield the digest of every snapshot of the page's segments, and of those that came too late to be billed."""
    for segment in page.segments:
        yield from (("recorded", shot.digest) for shot in segment.snapshots if shot.digest)
    for entry in page.late:
        change = entry.change
        if isinstance(change, TimeTracked | LateEvidence):
            aside = change.aside if isinstance(change, TimeTracked) else change.slots
            for segment in change.segments:
                if segment.slot in aside and segment.slot in page.week:
                    yield from (("late", shot.digest) for shot in segment.snapshots if shot.digest)


def _copied(
    listed: Iterable[tuple[str, str]], snapshots: Callable[[str], bytes] | None, folder: Path
) -> Iterator[list[str]]:
    """Yield each snapshot with what became of it: it is ``here``, was ``missing``, or is only ``listed``."""
    for kind, digest in listed:
        # A digest is a text that a tracker sent; only a SHA-256 can be looked up, and is safe as a name.
        if snapshots is None or not _SHA256.fullmatch(digest):
            yield [kind, digest, "listed"]
            continue
        try:
            data = snapshots(digest)
        except (JournalError, LookupError, OSError):
            data = b""
        if sha256(data).hexdigest() != digest:
            yield [kind, digest, "missing"]
            continue
        if not (folder / digest).exists():
            if not folder.exists():
                folder.mkdir(mode=0o700)
                folder.chmod(0o700)
            _write(folder / digest, data)
        yield [kind, digest, "here"]


def _write_sums(folder: Path) -> str:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    sums = "".join(f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names).encode()
    _write(folder / "SHA256SUMS", sums)
    return sha256(sums).hexdigest()


def _check(folder: Path, contract: str) -> None:
    bundle = _verifier.Bundle(folder, [])
    bundle.check()
    if bundle.faults:
        remedy = "see what `verify` says of the diary; restore a copy that verifies"
        raise ChainError(contract, bundle.faults[0], "is what the bundle's verifier finds", remedy)


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `target` when the block ends well and vanishes when it does not."""
    if os.path.lexists(target):
        raise InvalidValue("folder", str(target), "is there already", "name a new folder")
    beside = target.with_name(f".workdiary-{os.urandom(8).hex()}.tmp")
    try:
        beside.mkdir(mode=0o700)
        beside.chmod(0o700)  # whatever the umask has taken
        try:
            yield beside
            for folder in (*(path for path in beside.rglob("*") if path.is_dir()), beside):
                _sync(folder)
            if os.path.lexists(target):
                raise InvalidValue("folder", str(target), "is there by now", "name a new folder")
            # Should somebody come in between: a folder with anything in it is never replaced by this.
            beside.rename(target)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        _sync(target.parent)
    except OSError as error:
        if isinstance(error, JournalError):
            raise
        why = error.strerror or str(error)
        raise DocumentError(str(target), NOTHING, f"cannot be written ({why})", "check the path") from None


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(file, "wb") as stream:
        path.chmod(0o600)
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def _write(path: Path, data: bytes) -> None:
    with _private_file(path) as file:
        file.write(data)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_BILL: Final = """\
statement.json   the bill, word for word as it was recorded: {}
policy.json      the policy that it was computed by
"""


def _readme(
    contract: str, week: Week, objection: str | None, since: Head, head: Head, closed: ClosedWeek | None
) -> str:
    subject = f"The work diary of contract {contract}, {week}" + (f", objection {objection}" if objection else "")
    begins = "from its first entry on" if since == START else f"after the head {since}"
    bill = "" if closed is None else _BILL.format(closed.amount)
    return f"""{subject}

What is in here
---------------
entries.jsonl    every entry of the diary {begins}, each with its digest
{bill}bundle.json      what this folder is about, its heads, and the digests of the snapshots
snapshots/       the images that were at hand, named by their SHA-256, if there are any
SHA256SUMS       the SHA-256 of every other file: sha256sum -c SHA256SUMS
verify.py        a program that checks all of it; its beginning says how everything is computed

How to check it
---------------
    python verify.py

It needs Python 3.8 or later and nothing else, neither workdiary nor a network. It prints what it has checked
and ends with SOUND, or with every fault. It is short, to be read first; do not trust a verifier that came with
what it verifies if you have one from elsewhere, or write your own.

The last entry's head is

    {head}

Whoever knows an earlier head of this diary, such as the "journal" of an earlier bill, gives it as well:

    python verify.py --head 17:6bd210aa...

What it proves
--------------
No entry was changed, removed, inserted or moved since its head became known to you. The bill is the one on
record; it bills no segment but those recorded and not deleted, and its hours, lines and amounts follow.

What it does not prove
----------------------
That the work was done, that the clock of whoever kept the diary was right, or that each entry should have been
accepted. A keeper who rewrites a diary from the start, and whose heads nobody else has, leaves no trace: keep
the heads. Which segments are over the limit or protected is for the rules of the platform to say; workdiary
computes it anew from the same entries. A snapshot that is listed but not here is known by its digest alone.
"""
