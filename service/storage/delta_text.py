"""The form in which a change is kept in a file of its own."""

import json

from service.deltas import Delta
from service.messages import FileReference, Message, OriginalCommunication, Status


def to_bytes(delta: Delta) -> bytes:
    """Write a change as one JSON object."""
    return json.dumps(delta, default=lambda row: {name: getattr(row, name) for name in row.__slots__}).encode()


def from_bytes(text: bytes) -> Delta:
    """Build a change from what was kept of it; one that an earlier version kept does not say all.

    Raises ValueError, KeyError or TypeError for what is none.
    """
    kept = json.loads(text)
    replaced, status, before = kept["replace"], kept["status"], kept["before"]
    edited: type[Message | Status] = Message if replaced else Status
    return Delta(
        kept["content_type"],
        append=Message(**kept["append"]) if kept["append"] else None,
        replace=Message(**replaced) if replaced else None,
        files=tuple(FileReference(**f) for f in kept["files"]),
        originals=tuple(OriginalCommunication(**o) for o in kept["originals"]),
        status=Status(**status) if status else None,
        before=edited(**before) if before else None,
        had=tuple(kept.get("had", (0, 0))),
        repeated=kept["repeated"],
        informed=kept.get("informed", False),
    )
