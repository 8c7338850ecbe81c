"""The legacy programs as witnesses: `PdbxMessageIo`, which the other OneDep programs read and write the files with."""

import html
import io
from pathlib import Path
from typing import Any

from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo

CATEGORIES = {
    "pdbx_deposition_message_info": "getMessageInfo",
    "pdbx_deposition_message_file_reference": "getFileReferenceInfo",
    "pdbx_deposition_message_origcomm_reference": "getOrigCommReferenceInfo",
    "pdbx_deposition_message_status": "getMsgStatusInfo",
}


def opened(path: Path) -> Any:
    """Read a file as a legacy program does."""
    message_io = PdbxMessageIo(verbose=False, log=io.StringIO())
    assert message_io.read(str(path)), f"the legacy class cannot read {path}"
    return message_io


def rows(path: Path, category: str = "pdbx_deposition_message_info") -> list[dict[str, str]]:
    """Give the rows of a category with their texts decoded as the legacy display does."""
    found = getattr(opened(path), CATEGORIES[category])()
    return [{name: html.unescape(value) for name, value in row.items()} for row in found]


def append(path: Path, **message: str) -> None:
    """Append a message behind our back: read, add a row, write in place, as DepUI does."""
    message_io = opened(path)
    row = {
        "ordinal_id": str(message_io.nextMessageOrdinal()),
        "deposition_data_set_id": path.name.split("_messages")[0].split("_notes")[0],
        "timestamp": "2026-01-02 03:04:05",
        "sender": "depositor - Cat, T.",
        "context_type": "?",
        "context_value": "?",
        "parent_message_id": message["message_id"],
        "message_type": "text",
        "send_status": "Y",
        **message,
    }
    assert message_io.appendMessage(row)
    assert message_io.write(str(path))
