"""`JournalConformance`: every promise of the port `workdiary.diary.journal.Journal` as a test, for any backend.

Subclass it in your tests, give the one fixture, and run pytest::

    import pytest
    from workdiary.testing.journal import JournalConformance, Opener

    class TestMyJournal(JournalConformance):
        @pytest.fixture
        def open_journal(self, tmp_path) -> Opener:
            return lambda clock: MyJournal(tmp_path / "diaries.db", clock=clock)

The fixture returns a function that opens a journal with a clock. Each test gets a fixture, so a place,
of its own, and opens it once; the tests of durability close the journal and call the function again,
which must then open the same one. A journal that lives no longer than the process says ``lasts = False``.

Among the tests is a state machine that compares the journal with `workdiary.store.memory.MemoryJournal`;
`workdiary.testing.journal_machine` has it by itself. Needs the extra ``testing``, and pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from workdiary.testing._hypothesis import HealthCheck, settings, stateful
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import Bench, Clock
from workdiary.testing._journal_chain import Appending
from workdiary.testing._journal_keeping import Keeping
from workdiary.testing._journal_lasting import Lasting
from workdiary.testing._journal_quarantine import Quarantining
from workdiary.testing._journal_racing import Racing
from workdiary.testing._journal_reading import Closing, Reading
from workdiary.testing._journal_undoing import Deciding, Undoing
from workdiary.testing.journal_machine import Opener, journal_machine

__all__ = ["Clock", "JournalConformance", "Opener"]


class JournalConformance(Appending, Undoing, Deciding, Reading, Keeping, Lasting, Racing, Quarantining, Closing):
    """The conformance suite of journals: subclass it, and give the fixture `open_journal`."""

    lasts: ClassVar[bool] = True
    """Whether what the journal holds outlives `close`; where not, there are no tests of that."""

    histories: ClassVar[int] = 20
    """How many histories the state machine makes up."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.lasts:
            for name in [name for name in vars(Lasting) if name.startswith("test_")]:
                setattr(cls, name, None)

    @pytest.fixture
    def open_journal(self) -> Opener:
        """Return the function that opens the journal under test with a clock: give this in your subclass."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture open_journal; see workdiary.testing.journal")

    @pytest.fixture
    def bench(self, open_journal: Opener) -> Iterator[Bench]:
        """The journal under test, opened, with its clock; closed after the test."""
        with Bench(open_journal) as bench:
            yield bench

    def test_it_does_what_the_journal_in_memory_does(self, open_journal: Opener) -> None:
        """Run the state machine."""
        machine = journal_machine(open_journal, lasts=self.lasts)
        # Nothing here is about time: a journal on a busy disk is slow at any moment.
        patient = settings(
            max_examples=self.histories,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        )
        stateful.run_state_machine_as_test(machine, settings=patient)
