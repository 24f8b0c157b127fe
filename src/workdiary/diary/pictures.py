"""Pictures: the image files of a diary's snapshots, deleted with their segments (EDIT-4).

The same image has the same digest, so one file can stand behind several snapshots. It is deleted when
the last of them is gone::

    slot 09:00   image a, image b     deleted: b goes with it
    slot 09:10   image a              a stays, for this segment shows it too

Evidence that was kept aside is never deleted, and neither are its images. First the entry is recorded,
then the files go: a crash between the two leaves files that nothing names. Doing it again removes them,
and so does ``files.sweep(live(journal))``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from workdiary.diary.changes import LateEvidence, TimeAdded, TimeDeleted, TimeTracked
from workdiary.diary.draft import Calendars
from workdiary.diary.entry import Entry
from workdiary.diary.journal import Journal
from workdiary.diary.page import WeekPage, page_of
from workdiary.errors import InvalidValue
from workdiary.model.segment import Segment
from workdiary.model.slots import Slots
from workdiary.model.times import Week

__all__ = ["Pictures", "delete_pictures", "live", "orphans"]

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
"""What can name a file. A digest is a text that a tracker has sent, so it can be anything else as well."""

_NAMED: Final = re.compile(rb'"digest":"([0-9a-f]{64})"')
"""How an entry's canonical bytes name an image; not everything that matches is one."""

_ANYHOW: Final = re.compile(rb"[0-9a-f]{64}")
"""How bytes of any form may name one."""


class Pictures(Protocol):
    """Image files by the SHA-256 of their bytes, such as `workdiary.store.snapshots.SnapshotFiles`."""

    def delete(self, digest: str) -> bool:
        """Remove the image with `digest` for good, and return whether it was there."""
        ...


def delete_pictures(journal: Journal, files: Pictures, *entries: Entry) -> tuple[str, ...]:
    """Delete the images that nothing needs since `entries` were recorded, and return the digests of those deleted.

    They come in order. One that is gone already is fine, so this can be repeated, after a crash above all;
    then only what was still there is returned. An image is put before the upload that shows it is recorded:
    one that is put again just now, byte for byte the same, can be deleted here, so send such an upload again.
    Raises as `orphans` does, before anything is deleted, and `StoreError` when a file cannot be deleted.
    """
    return tuple(digest for digest in sorted(orphans(journal, *entries)) if files.delete(digest))


def orphans(journal: Journal, *entries: Entry) -> frozenset[str]:
    """Return the digests of the images of the segments that `entries` took away, and that nothing else names.

    `entries` are on record. A deletion takes segments away, and so does manual time that replaced tracked
    time; for every other entry there is nothing to return. An image is kept while any contract of the
    journal has a segment with it, or evidence aside, or something in quarantine. Only digests that can
    name a file, 64 hexadecimal digits in lower case, are returned.

    Every entry's bytes are searched, and the weeks read in which one of the images is found. Raises
    `InvalidValue` for an entry that is not on record here, and `ChainError` when one of those weeks has an
    entry whose bytes are not those that were sealed.
    """
    removed: set[str] = set()
    for n, entry in enumerate(entries):
        if journal.find(entry.contract, [entry.id]).get(entry.id) != entry:
            raise InvalidValue(f"entries[{n}]", entry.id, "is not on record in this journal", "record it first")
        removed |= _removed(journal, entry)
    if removed:
        removed -= _in_quarantine(journal)
    if not removed:
        return frozenset()
    for contract in journal.contracts():
        calendars = _calendars(journal, contract)
        for week in _weeks_naming(journal, contract, calendars, removed):
            removed -= _named(_page(journal, contract, week))
    return frozenset(removed)


def live(journal: Journal) -> set[str]:
    """Return the digests of every image that the diaries of `journal` name: what a sweep of the files must keep.

    They are those of the segments as they stand, of evidence kept aside, and whatever looks like a digest
    in quarantine. One week at a time is read, so that the memory needed is that of the digests. An upload
    that is sent later than what the sweep spares after its images were put must put them again. Raises
    `ChainError` for an entry whose bytes are not those that were sealed: what it named is not known.
    """
    found = _in_quarantine(journal)
    for contract in journal.contracts():
        calendars = _calendars(journal, contract)
        # From the chain, not from the weeks kept beside it: one that is missing there would lose its images.
        for week in _weeks(calendars, (_reach(entry) for entry in journal.read(contract))):
            found |= _named(_page(journal, contract, week))
    return found


def _removed(journal: Journal, entry: Entry) -> set[str]:
    """Return the digests that the segments had which `entry` took away."""
    entry.check_seal()
    change = entry.change
    if not isinstance(change, TimeDeleted | TimeAdded):
        return set()
    found: set[str] = set()
    for week in _calendars(journal, entry.contract).weeks_of(change.slots):
        page = _page(journal, entry.contract, week, before=entry.number)
        gone = [cell.segment for slot, cell in page.cells.items() if slot in change.slots]
        found.update(_digests(gone))
    return found


def _weeks_naming(journal: Journal, contract: str, calendars: Calendars, digests: set[str]) -> list[Week]:
    """Return the weeks of the entries whose bytes hold one of `digests`."""
    wanted = {digest.encode() for digest in digests}
    found = (entry for entry in journal.read(contract) if not wanted.isdisjoint(_NAMED.findall(entry.body)))
    return _weeks(calendars, (_reach(entry) for entry in found))


def _weeks(calendars: Calendars, reaches: Iterable[Slots]) -> list[Week]:
    """Return each week that one of `reaches` reaches into, once."""
    found: dict[int, Week] = {}
    for reach in reaches:
        for week in calendars.weeks_of(reach):
            found[week.start] = week
    return [*found.values()]


def _reach(entry: Entry) -> Slots:
    """Return the run of slots that `entry` lies in, told without reading its bytes."""
    return Slots() if entry.start is None or entry.stop is None else Slots.range(entry.start, entry.stop)


def _page(journal: Journal, contract: str, week: Week, before: int | None = None) -> WeekPage:
    touching = journal.read(contract, touching=(week.start, week.stop))
    return page_of(week, (entry for entry in touching if before is None or entry.number < before))


def _named(page: WeekPage) -> set[str]:
    """Return the digests that a week's segments, and the evidence kept aside for it, name."""
    return {*_digests(page.segments), *_digests(_aside(page))}


def _aside(page: WeekPage) -> Iterator[Segment]:
    for entry in page.late:
        change = entry.change
        if isinstance(change, TimeTracked | LateEvidence):
            aside = change.aside if isinstance(change, TimeTracked) else change.slots
            yield from (segment for segment in change.segments if segment.slot in aside and segment.slot in page.week)


def _digests(segments: Iterable[Segment]) -> Iterator[str]:
    for segment in segments:
        for shot in segment.snapshots:
            if shot.digest is not None and _DIGEST.fullmatch(shot.digest):
                yield shot.digest


def _in_quarantine(journal: Journal) -> set[str]:
    # It can be whole, for a contract that is not open yet: whoever retries it wants its images.
    return {digest.decode() for kept in journal.quarantined() for digest in _ANYHOW.findall(kept.body)}


def _calendars(journal: Journal, contract: str) -> Calendars:
    return Calendars(journal.standing(contract).policy)
