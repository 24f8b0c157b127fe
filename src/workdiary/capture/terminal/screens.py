"""The screens over the main one: a choice, the memo, the snapshots, the notices, and help on every key.

In a choice a letter or a click only marks its answer and Enter takes it, so that somebody who comes back and types
on does not answer by accident. Escape is always the answer that costs nothing to take back or, for idle time,
the one that bills nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import ClassVar, Final

import attrs
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from workdiary.capture.engine import Running, Shot, Status
from workdiary.capture.meters import counted
from workdiary.capture.notice import paragraphs
from workdiary.capture.terminal.view import Notice, can_delete, one_line
from workdiary.capture.terminal.widgets import Choices, Lines, Picture, notice_text, shot_text
from workdiary.capture.timing import span
from workdiary.model.segment import MEMO_LENGTH
from workdiary.model.times import Zone

__all__ = ["Answer", "ChoiceScreen", "HelpScreen", "IdleScreen", "MemoScreen", "NoticesScreen", "ShotsScreen"]


@attrs.frozen
class Answer:
    """One answer of a choice: what is returned for it, the letter that marks it, and its words."""

    value: str
    letter: str
    words: str

    @property
    def line(self) -> Text:
        """The answer as it stands in the list."""
        return Text.assemble((f"{self.letter}, then Enter   ", "dim") if self.letter else "", one_line(self.words))


class ChoiceScreen(ModalScreen[str | None]):
    """A question with its answers, of which the first is there already; Escape returns `escape`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("pageup", "text(-1)", "Up", priority=True, show=False),
        Binding("pagedown", "text(1)", "Down", priority=True, show=False),
    ]

    def __init__(self, title: str, body: str, answers: Sequence[Answer], *, escape: str | None = None) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._body = body
        self._answers = tuple(answers)
        self._escape = escape

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(id="box"):
            yield Lines(id="title")
            with VerticalScroll(id="text", can_focus=False):
                yield Lines(id="body")
            yield Choices(*(Option(answer.line) for answer in self._answers), id="answers", markup=False, compact=True)
            yield Lines(id="hint")

    def on_mount(self) -> None:
        """Write the words, and begin at the first answer."""
        self.query_one("#title", Lines).show(Text(one_line(self._title), "bold"))
        self.say(self._body)
        self._hint()
        answers = self.query_one("#answers", Choices)
        answers.highlighted = 0
        answers.focus()

    def _hint(self) -> None:
        named = [answer for answer in self._answers if answer.value == self._escape]
        leave = f"Escape: {one_line(named[0].words).partition(':')[0]}" if named else "Escape: leave"
        more = "PgUp PgDn: read on   " if self.query_one("#text", VerticalScroll).max_scroll_y else ""
        self.query_one("#hint", Lines).show(Text(f"{more}Enter: take what is marked   {leave}", "dim"))

    def say(self, body: str) -> None:
        """Write another text above the answers."""
        self._body = body
        self.query_one("#body", Lines).show(Text("\n".join(map(one_line, paragraphs(body)))))
        self.call_after_refresh(self._hint)  # only when it is laid out is it known whether there is more of it

    def action_text(self, by: int) -> None:
        """Move the text above the answers by a page."""
        text = self.query_one("#text", VerticalScroll)
        if by > 0:
            text.scroll_page_down(animate=False)
        else:
            text.scroll_page_up(animate=False)

    def on_key(self, event: events.Key) -> None:
        """Move to the answer of a letter."""
        for place, answer in enumerate(self._answers):
            if answer.letter and event.character == answer.letter:
                self.query_one("#answers", Choices).highlighted = place
                event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the answer that was confirmed."""
        event.stop()
        self.dismiss(self._answers[event.option_index].value)

    def action_leave(self) -> None:
        """Return what Escape stands for."""
        self.dismiss(self._escape)


class IdleScreen(ChoiceScreen):
    """The idle prompt: discard stands first, and is what Escape means; nothing is kept by leaving."""

    def __init__(self, running: Running, zone: Zone, *, others: bool) -> None:
        answers = [
            Answer("discard", "d", "discard the idle time: it is not billed"),
            Answer("keep", "k", "keep it: I was working"),
        ]
        if others:
            answers.append(Answer("reassign", "r", "reassign it to another contract"))
        super().__init__("Were you working?", self.words(running, zone), answers, escape="discard")

    @staticmethod
    def words(running: Running, zone: Zone) -> str:
        """Return what is asked: about time that still goes on, or that is over since there was an input again."""
        since, until = running.idle_since, running.idle_until
        begins = "" if since is None else f"{zone.local(since):%H:%M:%S}"
        long = span(running.idle_seconds)
        if until is None:
            return f"There was no input since {begins}, for {long} so far. Without an answer it is discarded."
        return (
            f"There was no input from {begins} to {zone.local(until):%H:%M:%S}, {long}. Without an answer it is "
            "discarded. The time since then is counted."
        )


class MemoLine(Input):
    """A line of text into which several can be pasted: they are joined by spaces, and nothing is cut off."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        lines = " ".join(line.strip() for line in event.text.splitlines() if line.strip())
        self.replace(lines, *self.selection)


class MemoScreen(ModalScreen[str | None]):
    """A line for the memo, and the memos used of late below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("down", "history", "History", show=False),
    ]

    def __init__(self, memo: str, history: Sequence[str], contract: str) -> None:
        super().__init__(classes="dialog")
        self._memo, self._contract = memo, contract
        self._history = tuple(history)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(id="box"):
            yield Lines(id="title")
            yield MemoLine(one_line(self._memo), placeholder="What do you work on?", compact=True)
            yield Choices(
                *(Option(Text(one_line(memo), no_wrap=True, overflow="ellipsis")) for memo in self._history),
                id="answers",
                markup=False,
                compact=True,
            )
            yield Lines(id="hint")

    def on_mount(self) -> None:
        """Begin in the line."""
        title = f"Memo for {one_line(self._contract)}: what you work on from now on"
        self.query_one("#title", Lines).show(Text(title, "bold"))
        self._hint("")
        self.query_one("#answers", Choices).display = bool(self._history)
        self.query_one(Input).focus()

    def _hint(self, memo: str) -> None:
        """Say what the keys do or, of a memo that is too long, by how much."""
        hint = Text("Enter: take it   ↓: one used before   Escape: leave", "dim")
        if len(memo) > MEMO_LENGTH:
            more = counted(len(memo) - MEMO_LENGTH, "character")
            hint = Text(f"Too long by {more}: a memo has {MEMO_LENGTH} at most. Shorten it, then Enter.", "bold")
        self.query_one("#hint", Lines).show(hint)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say so when it is too long now."""
        event.stop()
        self._hint(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return what was written, unless it is too long."""
        event.stop()
        if len(event.value) <= MEMO_LENGTH:
            self.dismiss(event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the memo that was chosen."""
        event.stop()
        self.dismiss(self._history[event.option_index])

    def action_history(self) -> None:
        """Go down into the history."""
        if self._history:
            history = self.query_one("#answers", Choices)
            history.focus()
            history.highlighted = 0

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class ShotsScreen(ModalScreen[Shot | None]):
    """The last snapshots, as large as the terminal allows; returns the one that is to be deleted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,p", "leave", "Leave"),
        Binding("left,up", "step(-1)", "Earlier"),
        Binding("right,down", "step(1)", "Later"),
        Binding("d,delete", "delete", "Delete"),
    ]

    def __init__(self, status: Status, zone: Zone) -> None:
        super().__init__(classes="full")
        self._status = status
        self._zone = zone
        self._place = len(status.shots) - 1
        self._is_refused = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Lines(id="title")
        yield Picture(id="large")
        yield Lines(id="hint")

    def on_mount(self) -> None:
        """Show the last one."""
        self._show()

    def follow(self, status: Status) -> None:
        """Show the same snapshot as it is now."""
        shot = self.shot
        self._status = status
        if shot is not None:
            same = (n for n, one in enumerate(status.shots) if (one.contract, one.at) == (shot.contract, shot.at))
            place = next(same, None)
            if place is None:
                self._is_refused = False
                place = len(status.shots) - 1
            self._place = place
        self._show()

    @property
    def shot(self) -> Shot | None:
        """The one that is shown."""
        return self._status.shots[self._place] if 0 <= self._place < len(self._status.shots) else None

    @property
    def _can_delete(self) -> bool:
        return self.shot is not None and can_delete(self._status, self.shot)

    def _show(self) -> None:
        shot = self.shot
        self.query_one("#title", Lines).show(shot_text(shot, self._status, self._zone))
        self.query_one("#large", Picture).show(None if shot is None else shot.thumbnail)
        place = f"{self._place + 1} of {len(self._status.shots)}   ←→: another   " if self._status.shots else ""
        if self._is_refused and not self._can_delete:
            what = "There is no snapshot here" if shot is None else "This one can no longer be deleted here"
            hint = Text.assemble((f"{what}; for time in the diary: workdiary delete --help", "bold"), "\n")
        else:
            hint = Text()
        self.query_one("#hint", Lines).show(hint.append(f"{place}d: delete   Escape: leave", "dim"))

    def action_step(self, by: int) -> None:
        """Show an earlier or a later one."""
        self._place = max(min(self._place + by, len(self._status.shots) - 1), 0)
        self._is_refused = False
        self._show()

    def action_delete(self) -> None:
        """Return the one that is shown, if it can still be deleted; else say that it cannot."""
        if self._can_delete:
            self.dismiss(self.shot)
        else:
            self._is_refused = True
            self._show()

    def action_leave(self) -> None:
        """Delete nothing."""
        self.dismiss(None)


class _PageScreen(ModalScreen[None]):
    """A text to read, which moves with the arrows; nearly every key leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,n,question_mark,enter,space", "leave", "Leave")]

    def __init__(self, text: Callable[[int], Text]) -> None:
        super().__init__(classes="full")
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="text"):
            yield Lines(id="body")
        yield Lines(id="hint")

    def on_mount(self) -> None:
        """Show the text."""
        self.query_one("#body", Lines).show(self._text(max(self.app.size.width - 4, 20)))
        self.query_one("#hint", Lines).show(Text("↑↓: more   Escape: leave", "dim"))
        self.query_one("#text", VerticalScroll).focus()

    def action_leave(self) -> None:
        """Leave."""
        self.dismiss(None)


class NoticesScreen(_PageScreen):
    """All notices in full, those in sight and those put `away`."""

    def __init__(self, found: Sequence[Notice], away: Sequence[Notice]) -> None:
        def text(_: int) -> Text:
            parts = [notice_text(found, len(found))] if found else []
            if away:
                parts += [Text("Put away:", "bold"), notice_text(away, len(away))]
            return Text("\n").join(parts) if parts else Text("Nothing to say.")

        super().__init__(text)


class HelpScreen(_PageScreen):
    """What each key does, and what the signs mean."""

    def __init__(self, keys: Sequence[tuple[str, str]], signs: Sequence[tuple[str, str]]) -> None:
        def text(width: int) -> Text:
            lines = [Text("Keys", "bold"), *_named(keys, width), Text(""), Text("Signs", "bold"), *_named(signs, width)]
            return Text("\n").join(lines)

        super().__init__(text)


_NAME: Final = 13
"""The columns of a key's or a sign's name in the help."""


def _named(pairs: Sequence[tuple[str, str]], width: int) -> Iterator[Text]:
    """Yield each name with its words beside it, over as many lines as they need."""
    for name, words in pairs:
        first, *others = wrap(words, max(width - _NAME, 20))
        yield Text.assemble((f"  {name:<{_NAME - 2}}", "bold"), first)
        yield from (Text(" " * _NAME + other) for other in others)
