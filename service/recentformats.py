"""The three forms of a list of messages, as the tool of the present OneDep module writes them (reference section 15).

Each is a head, one part a message, and a tail, so that a list of any length is written as it is read.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.messages import FileReference
from service.text import number
from service.window import Found

_BEFORE = (
    "message_id",
    "deposition_data_set_id",
    "timestamp",
    "sender",
    "message_subject",
    "message_type",
    "content_type",
    "context_type",
    "context_value",
    "parent_message_id",
    "send_status",
)
_FLAGS = ("read_status", "action_reqd", "for_release")
_FILE = ("content_type", "content_format", "version_id", "partition_number", "storage_type", "upload_file_name")


@dataclass(frozen=True, slots=True)
class Form:
    """How a list is written: its head for so many messages, one message of `n` before it, and its tail."""

    media_type: str
    head: Callable[[int], str]
    part: Callable[[Found, int], str]
    tail: str = ""


def entry(found: Found, *, with_text: bool) -> dict[str, Any]:
    """Give what a list shows of a message, by attribute name; its time as the files keep it."""
    values: dict[str, Any] = {name: getattr(found.message, name) for name in _BEFORE}
    values["deposition_data_set_id"] = found.place.deposition_data_set_id
    if with_text:
        values["message_text"] = found.message.message_text
    values["file_attachments"] = [_attachment(file) for file in found.files]
    return values | {name: getattr(found.status, name, None) for name in _FLAGS}


def _attachment(file: FileReference) -> dict[str, Any]:
    values = {name: getattr(file, name) for name in _FILE}
    return values | {name: number(values[name]) for name in ("version_id", "partition_number")}


def form(name: str, *, with_text: bool = False, compact: bool = False) -> Form:
    """Give the form of a name: json, csv or text."""
    return {
        "json": lambda: _json(with_text=with_text, indent=None if compact else 2),
        "csv": lambda: _csv(with_text=with_text),
        "text": lambda: Form("text/plain", _text_head, lambda found, _: _block(found, with_text=with_text)),
    }[name]()


def _json(*, with_text: bool, indent: int | None) -> Form:
    def part(found: Found, n: int) -> str:
        value = _with_iso_time(entry(found, with_text=with_text))
        return ("," if n else "") + ("\n" if indent else "") + json.dumps(value, ensure_ascii=False, indent=indent)

    end = "\n" if indent else ""
    return Form("application/json", lambda count: f'{{{end}"count": {count},{end}"messages": [', part, f"{end}]{end}}}\n")


def _csv(*, with_text: bool) -> Form:
    columns = (*_BEFORE, "has_attachments", *_FLAGS, *(("message_text",) if with_text else ()))

    def part(found: Found, _: int) -> str:
        values = _with_iso_time(entry(found, with_text=with_text))
        values["has_attachments"] = "Y" if found.files else "N"
        return _line(values[name] for name in columns)

    return Form("text/csv", lambda _: _line(columns), part)


def _line(values: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow("" if value is None else value for value in values)
    return buffer.getvalue()


def _text_head(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}\n"


def _block(found: Found, *, with_text: bool) -> str:
    message, status = found.message, found.status
    reply_to = message.parent_message_id if message.parent_message_id != message.message_id else None
    flags = status and f"read {status.read_status}, action required {status.action_reqd}, for release {status.for_release}"
    lines = {
        "ID": message.message_id,
        "Deposition": found.place.deposition_data_set_id,
        "Timestamp": message.timestamp,
        "Sender": message.sender,
        "Subject": message.message_subject,
        "Content Type": message.content_type,
        "Message Type": message.message_type,
        "Context": " ".join(filter(None, (message.context_type, message.context_value))),
        "Reply To": reply_to,
        "Attachments": ", ".join(map(_named, found.files)),
        "Status": flags,
    }
    block = "".join(f"{name + ':':14} {' '.join(value.splitlines())}\n" for name, value in lines.items() if value)
    text = "".join(f"    {line}\n" for line in (message.message_text or "").split("\n")) if with_text else ""
    return f"\n{block}{text}"


def _named(file: FileReference) -> str:
    return (
        file.upload_file_name or f"{file.content_type} ({file.content_format}) P{file.partition_number} V{file.version_id}"
    )


def _with_iso_time(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"timestamp": (values["timestamp"] or "").replace(" ", "T", 1) or None}
