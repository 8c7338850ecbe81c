"""The controlled words of the domain (reference sections 1 and 9)."""

import re

TO_DEPOSITOR = "messages-to-depositor"
FROM_DEPOSITOR = "messages-from-depositor"
NOTES = "notes-from-annotator"
#: The three files of a deposition; the order every listing and table uses.
CONTENT_TYPES = (TO_DEPOSITOR, FROM_DEPOSITOR, NOTES)

YES, NO = "Y", "N"

MESSAGE_TYPES = (
    "text",
    "archive",
    "archive_flag",
    "archive_auto",
    "archive_manual",
    "archive_auto_flag",
    "archive_manual_flag",
    "archive_auto_noorig",
    "forward",
    "forward_auto",
    "forward_manual",
    "forward_auto_flag",
    "forward_manual_flag",
)

DEFAULT_SENDER = "wwPDB annotator"
_NAMELESS_SENDERS = frozenset({"", "dep", "unknown"})

RELEASE_SUBJECTS = frozenset({"Release request", "Release with citation update", "Citation update"})
APPROVAL_WITHOUT_CORRECTIONS = "Approval without corrections"
MAJOR_ISSUE = "major-issue-in-validation"

_DEPOSITION_ID = re.compile(r"D_[0-9]{1,20}|G_[0-9]{7}", re.ASCII)


def is_deposition_id(value: object) -> bool:
    """Tell whether a value is a deposition (`D_` and digits) or a group (`G_` and seven digits); reference section 1."""
    return isinstance(value, str) and _DEPOSITION_ID.fullmatch(value) is not None


def is_group(deposition_data_set_id: str) -> bool:
    """Tell whether an id names a group deposition."""
    return deposition_data_set_id.startswith("G_")


def sender_of(sender: str | None, content_type: str) -> str | None:
    """Give the name an annotator-side message is signed with when its sender has none (reference section 9)."""
    if content_type != FROM_DEPOSITOR and (sender or "") in _NAMELESS_SENDERS:
        return DEFAULT_SENDER
    return sender


def context_value_of(context_type: str | None, context_value: str | None, message_text: str | None) -> str | None:
    """Mark a validation letter that speaks of major and outstanding issues (reference section 9)."""
    text = (message_text or "").lower()
    if context_type == "vldtn" and context_value is None and "major issue" in text and "outstanding issue" in text:
        return MAJOR_ISSUE
    return context_value


def has_original(message_type: str | None) -> bool:
    """Tell whether a message of this type carries an original-communication row (reference section 7.2 step 5)."""
    words = message_type or ""
    return ("archive" in words or "forward" in words) and "noorig" not in words


def is_annotator_note(message_type: str | None) -> bool:
    """Tell an annotator's own note from archived mail (reference section 7.4)."""
    return "archive" not in (message_type or "")


def is_release_subject(message_subject: str | None) -> bool:
    """Tell whether a depositor's subject asks for a release (reference section 9)."""
    return message_subject in RELEASE_SUBJECTS
