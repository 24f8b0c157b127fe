r"""The bytes that are hashed, and the hashes: everything that a stranger needs to check a diary.

Canonical bytes are JSON without white space, its keys in order, without floats. Control characters, and
every character beyond ASCII, are escaped as ``\uXXXX`` in lower case, those beyond U+FFFF as their two
surrogates, and the usual ones as ``\b \t \n \f \r``. The digest of an entry is

    SHA-256( "workdiary/entry/1" LF  previous digest, 32 bytes  canonical bytes of the entry )

and the digest before the first entry is 32 zero bytes. A document, such as a statement, has

    SHA-256( "workdiary/document/1" LF  canonical bytes )

The secret of a session of the tracker is 32 bytes, to which the session commits when it begins by

    SHA-256( "workdiary/capture/1" LF  the secret, 32 bytes )

The prefixes keep one kind of hash from ever passing as another.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

from workdiary.errors import InvalidValue

__all__ = [
    "CAPTURE_PREFIX",
    "DOCUMENT_PREFIX",
    "ENTRY_PREFIX",
    "NO_DIGEST",
    "canonical",
    "commitment_of",
    "document_digest",
    "entry_digest",
]

ENTRY_PREFIX: Final = b"workdiary/entry/1\n"
"""What is hashed before an entry."""

DOCUMENT_PREFIX: Final = b"workdiary/document/1\n"
"""What is hashed before a document."""

CAPTURE_PREFIX: Final = b"workdiary/capture/1\n"
"""What is hashed before the secret of a session."""

NO_DIGEST: Final = bytes(32)
"""The digest before the first entry."""

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical(value: Any) -> bytes:
    r"""Return the canonical bytes of plain `value`: dicts, lists, text, whole numbers, truth values, null.

    >>> canonical({"memo": "Café", "at": 1})
    b'{"at":1,"memo":"Caf\\u00e9"}'
    """
    return _ENCODER.encode(value).encode("ascii")


def entry_digest(previous: bytes, body: bytes) -> bytes:
    """Return the 32 bytes of the digest of an entry with canonical bytes `body` after the digest `previous`."""
    return sha256(ENTRY_PREFIX + previous + body).digest()


def document_digest(body: bytes) -> str:
    """Return the digest of a document's canonical bytes as 64 hexadecimal digits."""
    return sha256(DOCUMENT_PREFIX + body).hexdigest()


def commitment_of(secret: bytes) -> str:
    """Return what a session commits to by its `secret`, 32 bytes, as 64 hexadecimal digits.

    Known from the session's start, it ties the tracker to the secret without giving it away.

    >>> commitment_of(bytes(32))[:16]
    'ffcd5ed4cecd2a7b'
    """
    if type(secret) is not bytes or len(secret) != len(NO_DIGEST):
        what = f"{len(secret)} bytes" if isinstance(secret, bytes) else type(secret).__name__
        raise InvalidValue("secret", what, "is not a secret", "give 32 bytes from secrets.token_bytes")
    return sha256(CAPTURE_PREFIX + secret).hexdigest()
