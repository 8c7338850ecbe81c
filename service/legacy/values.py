"""The value classes that OneDep programs fill and hand to `PdbxMessageIo`: a row each, with a `set` and a `get` a column."""

import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, TextIO

from service.clock import timestamp
from service.legacy.rows import ATTRIBUTES, FILES, INFO, ORIGINALS, STATUS, Dictionary, Value

Getter = Callable[[Any], Value]
Setter = Callable[..., None]


class _Row:
    """One row of a category as a live dictionary."""

    category = ""

    def __init__(self, verbose: bool = True, log: TextIO = sys.stderr) -> None:
        self._row: Dictionary = {}
        self.set()

    def set(self, messageDict: Mapping[str, Value] | None = None) -> Dictionary:
        """Start afresh from the defaults and take the known attributes of a dictionary; give the row."""
        given = {name: value for name, value in (messageDict or {}).items() if name in ATTRIBUTES[self.category]}
        self._row = dict.fromkeys(ATTRIBUTES[self.category]) | self._defaults(given) | given
        return self._row

    def get(self) -> Dictionary:
        return self._row

    def write(self, ofh: TextIO = sys.stdout) -> None:
        """Print name and value of each attribute, one a line."""
        for name, value in self._row.items():
            ofh.write(f"{name:30} : {value}\n")

    def _defaults(self, given: Mapping[str, Value]) -> Dictionary:
        return {}


def _column(attribute: str, parameter: str, default: Value = None) -> tuple[Getter, Setter]:
    """Give the pair of methods of one attribute; the one that sets it has upstream's name for its parameter."""
    keyword = Parameter.POSITIONAL_OR_KEYWORD
    signature = Signature([Parameter("self", keyword), Parameter(parameter, keyword, default=default)])

    def get(self: _Row) -> Value:
        return self._row[attribute]

    def put(self: _Row, *given: Value, **named: Value) -> None:
        bound = signature.bind(self, *given, **named)
        self._row[attribute] = bound.arguments.get(parameter, default)

    vars(put)["__signature__"] = signature  # for inspection and help
    return get, put


class PdbxMessageInfo(_Row):
    """A message. It begins with an id and the time of now, and as the first of its thread (reference section 5)."""

    category = INFO

    def _defaults(self, given: Mapping[str, Value]) -> Dictionary:
        """Give the defaults; the parent is the id that the message has in the end, not one that nobody uses."""
        key = given.get("message_id") or str(uuid.uuid4())
        own: Dictionary = {"message_id": key, "parent_message_id": key, "timestamp": timestamp()}
        return own | {"message_type": "text", "send_status": "N"}

    def setMessageId(self, id: str | None = None) -> None:
        """Set the id, or make a new one; a message that is the first of its thread stays that."""
        first = self._row["parent_message_id"] == self._row["message_id"]
        self._row["message_id"] = id or str(uuid.uuid4())
        if first:
            self._row["parent_message_id"] = self._row["message_id"]

    def getValueList(self, attributeIdList: Sequence[str] | None = None) -> list[Value]:
        return [self._row.get(name) for name in attributeIdList or ()]

    getOrdinalId, setOrdinalId = _column("ordinal_id", "id")
    getMessageId, _ = _column("message_id", "id")
    getDepositionId, setDepositionId = _column("deposition_data_set_id", "id")
    getTimestamp, setTimestamp = _column("timestamp", "timestamp")
    getSender, setSender = _column("sender", "sender")
    getContextType, setContextType = _column("context_type", "type")
    getContextValue, setContextValue = _column("context_value", "val")
    getParentMessageId, setParentMessageId = _column("parent_message_id", "id")
    getMessageSubject, setMessageSubject = _column("message_subject", "txt")
    getMessageText, setMessageText = _column("message_text", "txt")
    getMessageType, setMessageType = _column("message_type", "type")
    getSendStatus, setSendStatus = _column("send_status", "status", "N")


class PdbxMessageFileReference(_Row):
    """A file that a message refers to."""

    category = FILES
    getOrdinalId, setOrdinalId = _column("ordinal_id", "id")
    getMessageId, setMessageId = _column("message_id", "id")
    getDepositionId, setDepositionId = _column("deposition_data_set_id", "id")
    getContentType, setContentType = _column("content_type", "type")
    getContentFormat, setContentFormat = _column("content_format", "type")
    getPartitionNumber, setPartitionNumber = _column("partition_number", "val")
    getVersionId, setVersionId = _column("version_id", "val")
    getStorageType, setStorageType = _column("storage_type", "type")
    getUploadFileName, setUploadFileName = _column("upload_file_name", "fileName", "")


class PdbxMessageOrigCommReference(_Row):
    """The mail or message that an archived or forwarded message brings along."""

    category = ORIGINALS
    getOrdinalId, setOrdinalId = _column("ordinal_id", "id")
    getMessageId, setMessageId = _column("message_id", "id")
    getDepositionId, setDepositionId = _column("deposition_data_set_id", "id")
    getOrigMessageId, setOrigMessageId = _column("orig_message_id", "origId")
    getOrigDepositionId, setOrigDepositionId = _column("orig_deposition_data_set_id", "origDepId")
    getOrigTimeStamp, setOrigTimeStamp = _column("orig_timestamp", "origTimeStamp")
    getOrigSender, setOrigSender = _column("orig_sender", "origSender")
    getOrigRecipient, setOrigRecipient = _column("orig_recipient", "origRecipient")
    getOrigMessageSubject, setOrigMessageSubject = _column("orig_message_subject", "subject")
    getOrigAttachments, setOrigAttachments = _column("orig_attachments", "origAttachments")


class PdbxMessageStatus(_Row):
    """The three flags of a message."""

    category = STATUS
    getMessageId, setMessageId = _column("message_id", "id")
    getDepositionId, setDepositionId = _column("deposition_data_set_id", "id")
    getReadStatus, setReadStatus = _column("read_status", "status", "N")
    getActionReqdStatus, setActionReqdStatus = _column("action_reqd", "status", "N")
    getReadyForRelStatus, setReadyForRelStatus = _column("for_release", "status", "N")
