"""How the interface is laid out, and what its help says of each key and sign."""

from __future__ import annotations

from typing import Final

__all__ = ["BAR", "CSS", "KEYS", "SIGNS", "TALL", "WIDE"]

TALL: Final = 30
"""Lines from which on there is room for a picture and for more notices."""

WIDE: Final = 96
"""Columns from which on the day stands beside everything else."""

BAR: Final = (
    ("?", "Help", "app.help"),
    ("space", "On/off", "app.switch"),
    ("m", "Memo", "app.memo"),
    ("d", "Delete", "app.delete"),
    ("q", "Quit", "app.quit"),
    ("l", "Label", "app.label"),
    ("p", "Shots", "app.pictures"),
    ("n", "Notices", "app.notices"),
    ("x", "Put away", "app.put_away"),
)
"""The keys at the bottom, the most needed first: each with a word, and what a click on it does."""

KEYS: Final = (
    ("space", "switch on for the contract that is marked, or off"),
    ("↑ ↓", "mark another contract and look at its day"),
    ("Enter", "switch on for the marked contract, or over to it; a click only marks"),
    ("m", "memo: say what you work on; ↓ in it shows those used before"),
    ("l", "activity label, where the client offers any"),
    ("d", "delete the last segment and its snapshot, as long as it is held back, else the open one"),
    ("p", "show the last snapshots; ← and → for others, d deletes the one shown"),
    ("n", "show all notices in full, those put away as well"),
    ("x", "put notices away, until the tracker is started again; what is wrong stays until it is right"),
    ("PgUp PgDn", "move where not everything has room"),
    ("?", "this help"),
    ("q", "leave, as Ctrl+C does; asks first while the tracker is on, or something is held back"),
    ("y n k …", "in a question: a letter, an arrow or a click only marks an answer, and Enter takes it"),
    ("Escape", "leave a question: nothing is changed, and idle time is discarded"),
)
"""Every key, with what it does."""

SIGNS: Final = (
    ("T", "tracked and billed: green"),
    ("M", "manual and billed: yellow"),
    ("O", "over the weekly limit: red and unpaid"),
    ("t m o", "the same, not in the diary yet"),
    ("…", "the open segment, not credited yet"),
    ("▁ to █", "active minutes of the ten; ? is unknown"),
    ("◉", "it has a snapshot"),
    ("●", "the contract that is tracked for"),
)
"""Every sign of the day, with what it means."""

CSS: Final = """
Screen { layers: base; }
#state { height: 1; }
#board { height: 1fr; }
#main { height: 1fr; scrollbar-size-vertical: 1; }
#left, #right { height: auto; padding: 0 1; }
#contracts { height: auto; border: none; padding: 0; background: transparent; }
#contracts { scrollbar-size-vertical: 1; }
#notices, #memo, #watch, #limit, #day, #shot { height: auto; margin-top: 1; }
#picture { height: 14; margin-top: 1; }
#picture.-empty { display: none; }
#keys { height: 1; background: $surface; }
.-short #notices, .-short #memo, .-short #watch, .-short #limit, .-short #shot, .-short #day { margin-top: 0; }
.-short #picture, .-narrow #picture { display: none; }
.-wide #main { layout: horizontal; }
.-wide #left { width: 58; height: auto; }
.-wide #right { width: 1fr; height: 100%; border-left: solid $primary-darken-2; scrollbar-size-vertical: 1; }
.-wide #day { margin-top: 0; }

.dialog { align: center middle; }
#box { width: 70; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; }
#box { border: round $primary; background: $surface; }
#box Input { margin-top: 1; }
#box #text { height: auto; max-height: 45vh; margin-top: 1; }
.-tall #box #text { max-height: 65vh; }
#box #answers { height: auto; max-height: 10; margin-top: 1; border: none; padding: 0; }
#box #hint { margin-top: 1; }
.full { background: $surface; }
.full #text { height: 1fr; padding: 0 1; }
.full #title, .full #hint { height: auto; padding: 0 1; }
.full #large { height: 1fr; margin: 0 1; }
"""
"""The layout, in Textual's dialect of CSS."""
