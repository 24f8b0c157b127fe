"""`Calls`: what other threads want done in the thread of the loop, one after another, and what came of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, TypeVar

from workdiary.errors import NOTHING, StoreBusy

__all__ = ["Calls"]

_T = TypeVar("_T")

_PATIENCE: Final = 10
"""How many seconds an answer is waited for."""


class Calls:
    """The calls that wait; `mutex` is held while one is done, in whichever thread that is."""

    def __init__(self, mutex: threading.RLock) -> None:
        self._mutex = mutex
        self._condition = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._loop: int | None = None

    def begin(self) -> None:
        """Take this thread for that of the loop; until then, and after `end`, calls are done where they are made."""
        with self._condition:
            self._loop = threading.get_ident()

    def end(self) -> None:
        """Do what still waits; there is no loop any more."""
        with self._condition:
            self._loop = None
        self.answer()

    def wake(self) -> None:
        """Let the loop go on at once."""
        with self._condition:
            self._condition.notify_all()

    def rest(self, seconds: float, *, unless: Callable[[], bool]) -> None:
        """Wait in the loop for so long, or until there is a call, or it is woken; not at all when `unless` is so."""
        with self._condition:
            if not self._waiting and not unless():
                self._condition.wait(seconds)

    def call(self, action: Callable[[], _T]) -> _T:
        """Do `action` in the thread of the loop, and return or raise what comes of it.

        Raises `StoreBusy` when there is no answer in time; what had not begun by then is not done later.
        """
        waiting: Future[_T] = Future()
        with self._condition:  # a loop that ends between the look and the append would never answer it
            is_here = self._loop is None or self._loop == threading.get_ident()
            if not is_here:
                self._waiting.append(partial(self._do, action, waiting))
                self._condition.notify_all()
        if is_here:
            with self._mutex:
                return action()
        try:
            return waiting.result(_PATIENCE)
        except TimeoutError:
            if waiting.cancel():
                remedy = "nothing was done: see whether the disk answers, then repeat it"
                raise StoreBusy("tracker", NOTHING, "does not answer", remedy) from None
            raise StoreBusy("tracker", NOTHING, "is slow, and may do it yet", "ask for its status") from None

    def answer(self) -> None:
        """Do what waits, and hand over what comes of it."""
        while self._waiting:
            self._waiting.popleft()()

    def _do(self, action: Callable[[], _T], waiting: Future[_T]) -> None:
        if not waiting.set_running_or_notify_cancel():
            return  # whoever asked was told that it was not done
        try:
            with self._mutex:
                found = action()
        except BaseException as error:  # it is raised where it was asked for
            waiting.set_exception(error)
        else:
            waiting.set_result(found)
