"""A lock in the order of arrival: nobody overtakes, and who gives up leaves the queue."""

from __future__ import annotations

import threading

import pytest

from workdiary.store._turns import Turns


def queue(turns: Turns, names: str, order: list[str]) -> list[threading.Thread]:
    """Start a thread a name, each when the one before it waits; each adds its name in its turn."""

    def work(name: str) -> None:
        assert turns.acquire(timeout=60)
        order.append(name)
        turns.release()

    threads = []
    for number, name in enumerate(names, len(turns._waiting) + 1):
        threads.append(threading.Thread(target=work, args=(name,)))
        threads[-1].start()
        while len(turns._waiting) < number:
            pass
    return threads


def test_f38_threads_get_it_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), list[str]()
    assert turns.acquire(timeout=0)
    threads = queue(turns, "abcdefgh", order)
    turns.release()
    for thread in threads:
        thread.join()
    assert order == list("abcdefgh")
    assert turns.acquire(timeout=0)


def test_who_gives_up_leaves_the_queue() -> None:
    turns, order = Turns(), list[str]()
    assert turns.acquire(timeout=0)
    threads = queue(turns, "a", order)
    assert not turns.acquire(timeout=0)
    assert not turns.acquire(timeout=0.001)
    threads += queue(turns, "b", order)
    turns.release()
    for thread in threads:
        thread.join()
    assert order == ["a", "b"]


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_an_interrupt_while_waiting_leaves_nobody_behind(monkeypatch: pytest.MonkeyPatch, is_handed_over: bool) -> None:
    turns = Turns()
    assert turns.acquire(timeout=0)

    class Lock:
        acquired = 0

        def acquire(self, timeout: float = -1) -> bool:
            self.acquired += 1
            if self.acquired > 1:
                if is_handed_over:
                    turns.release()
                raise KeyboardInterrupt
            return True

        def release(self) -> None:
            pass

    monkeypatch.setattr("workdiary.store._turns.threading.Lock", Lock)
    with pytest.raises(KeyboardInterrupt):
        turns.acquire(timeout=60)
    assert not turns._waiting
    if not is_handed_over:
        turns.release()
    assert turns.acquire(timeout=0)
