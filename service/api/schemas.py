"""What requests and answers look like: mmCIF attribute names, `null` for an absent value (DESIGN.md section 8)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from service.ids import NEW_MESSAGE_ID
from service.vocabulary import CONTENT_TYPES, MESSAGE_TYPES

Flag = Literal["Y", "N"]
ContentType = Literal[CONTENT_TYPES]  # type: ignore[valid-type]
MessageType = Literal[MESSAGE_TYPES]  # type: ignore[valid-type]
Text = str | None
#: Other programs build paths of these, so that none may lead out of a folder.
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
FileName = Annotated[str, Field(pattern=r"^[^/\\.\t\n\r][^/\\\t\n\r]{0,254}$")]
MessageId = Annotated[str, Field(pattern=f"^{NEW_MESSAGE_ID}$")]


def _real_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$", description="YYYY-MM-DD[ HH:MM:SS], UTC"),
    AfterValidator(_real_time),
]
#: A number where the file holds one, else what the file holds.
Number = int | str | None


def _digits(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else value


Ordinal = Annotated[str, BeforeValidator(_digits), Field(pattern=r"^[1-9][0-9]{0,8}$")]


class Request(BaseModel):
    """A request knows its fields; another one is a mistake of the caller."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewFile(Request):
    """A file that a message refers to (reference section 8)."""

    content_type: Word
    content_format: Word
    partition_number: Ordinal = "1"
    version_id: Ordinal = "1"
    storage_type: Word = "archive"
    upload_file_name: FileName | None = None


def _alone(value: object) -> object:
    """Take the list that an answer holds for the one that stands in it."""
    if not isinstance(value, list):
        return value
    return value[0] if len(value) == 1 else value or None


class NewOriginal(Request):
    """The mail or message that an archived or forwarded message brings along (reference section 7.5)."""

    orig_message_id: Text = None
    orig_deposition_data_set_id: Text = None
    orig_timestamp: Text = None
    orig_sender: Text = None
    orig_recipient: Text = None
    orig_message_subject: Text = None
    orig_attachments: Text = None


class NewMessage(Request):
    """A message to send, or with `send_status` N a draft to keep."""

    content_type: ContentType = "messages-to-depositor"
    message_id: MessageId | None = None
    sender: Text = None
    context_type: Text = None
    context_value: Text = None
    parent_message_id: MessageId | None = None
    message_subject: Text = None
    message_text: str
    message_type: MessageType = "text"
    send_status: Flag = "Y"
    files: list[NewFile] = Field(default_factory=list)
    original: Annotated[NewOriginal | None, BeforeValidator(_alone)] = None


class MessageData(NewMessage):
    """A message as a Python caller gives it: any attribute of the category. Its number is not kept, the store gives one."""

    ordinal_id: Number = None
    deposition_data_set_id: Text = None
    timestamp: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"), AfterValidator(_real_time)] | None = None


class DraftEdit(Request):
    """What changes of a draft; `send_status` Y sends it."""

    message_subject: Text = None
    message_text: Text = None
    send_status: Flag = "N"


class ReadFlags(Request):
    """Flags for a message that has no status row yet."""

    action_reqd: Flag | None = None
    for_release: Flag | None = None


class StatusFlags(Request):
    """The three flags of a message."""

    read_status: Flag
    action_reqd: Flag
    for_release: Flag


class ListQuery(BaseModel):
    """Which messages to list; `since` and `until` are inclusive, `q` is looked for in subject and text."""

    model_config = ConfigDict(extra="forbid")

    content_type: ContentType | None = None
    send_status: Flag | None = None
    message_type: str | None = None
    since: Time | None = None
    until: Time | None = None
    q: str | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: str | None = None


class FileReferenceOut(BaseModel):
    ordinal_id: Number
    message_id: Text
    deposition_data_set_id: Text
    content_type: Text
    content_format: Text
    partition_number: Number
    version_id: Number
    storage_type: Text
    upload_file_name: Text


class OriginalOut(BaseModel):
    ordinal_id: Number
    message_id: Text
    deposition_data_set_id: Text
    orig_message_id: Text
    orig_deposition_data_set_id: Text
    orig_timestamp: Text
    orig_sender: Text
    orig_recipient: Text
    orig_message_subject: Text
    orig_attachments: Text


class StatusOut(BaseModel):
    message_id: Text
    deposition_data_set_id: Text
    read_status: Text
    action_reqd: Text
    for_release: Text


class MessageOut(BaseModel):
    content_type: str
    ordinal_id: Number
    message_id: Text
    deposition_data_set_id: Text
    timestamp: Text
    sender: Text
    context_type: Text
    context_value: Text
    parent_message_id: Text
    message_subject: Text
    message_text: Text
    message_type: Text
    send_status: Text
    files: list[FileReferenceOut]
    original: list[OriginalOut]
    status: StatusOut | None


class MessageList(BaseModel):
    deposition_data_set_id: str
    messages: list[MessageOut]
    next: str | None
    served_by: str
    unverified: bool


class Written(BaseModel):
    message: MessageOut
    stores: dict[str, str]


class StatusWritten(BaseModel):
    status: StatusOut | None
    stores: dict[str, str]


class SummaryOut(BaseModel):
    deposition_data_set_id: str
    all_msgs_read: bool
    all_msgs_actioned: bool
    any_msgs_for_release: bool
    any_unactioned_approval: bool
    any_notes_exist: bool
    any_annotator_or_flagged_notes: bool
    only_flagged_mail: bool
    num_notes_records: int
    served_by: str
    unverified: bool


class ErrorContent(BaseModel):
    code: str
    message: str
    details: dict[str, Any]


class ErrorBody(BaseModel):
    """Every error, whatever its status."""

    error: ErrorContent
