"""The platforms' rules as data: presets by name, and a platform's own from its TOML file."""

from __future__ import annotations

from workdiary.policies.catalogue import diff, get, names
from workdiary.policies.reader import PolicyFile, load, parse

__all__ = ["PolicyFile", "diff", "get", "load", "names", "parse"]
