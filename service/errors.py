"""Every error the service raises on purpose, with its HTTP status; one handler turns them into one body shape."""

from typing import ClassVar


class MessagingError(Exception):
    """Say what went wrong, with which thing, and what remedies it."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def body(self) -> dict[str, object]:
        """Give the error's JSON body, the only shape there is: `{"error": {code, message, details}}`."""
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


class InvalidInput(MessagingError):
    """A request whose content breaks a rule; `details["fields"]` names each field."""

    status = 422
    code = "invalid_input"

    @classmethod
    def of(cls, field: str, problem: str, **details: object) -> "InvalidInput":
        """Build the error of a single field."""
        return cls(f"{field}: {problem}", fields=[{"field": field, "problem": problem, **details}])


def no_deposition(field: str, value: object) -> InvalidInput:
    """Build the error for a value that is no deposition's id (reference section 1)."""
    return InvalidInput.of(field, f"{value!r} is not D_ and digits or G_ and seven digits")


class MalformedRequest(MessagingError):
    """A request body that is no JSON object."""

    status = 400
    code = "malformed_request"


class UnsupportedMediaType(MessagingError):
    """A request body that is not declared as JSON."""

    status = 415
    code = "unsupported_media_type"


class TooLarge(MessagingError):
    """A request body beyond `max_message_bytes`; refused before any store is touched."""

    status = 413
    code = "too_large"


def too_large() -> TooLarge:
    """Build the error for a body beyond the limit."""
    return TooLarge("the body is larger than max_message_bytes; send a shorter message")


class Unauthenticated(MessagingError):
    """A request without a known caller."""

    status = 401
    code = "unauthenticated"


class Forbidden(MessagingError):
    """A caller who lacks the scope."""

    status = 403
    code = "forbidden"


class NotFound(MessagingError):
    """A deposition or message that no store of the profile knows."""

    status = 404
    code = "not_found"


class Conflict(MessagingError):
    """A change that contradicts what is stored."""

    status = 409
    code = "conflict"


class SwitchRefused(Conflict):
    """A profile switch that is not safe now; `details["checks"]` names each failed check and its remedy."""

    code = "switch_refused"


class DamagedFile(MessagingError):
    """A CIF file that cannot be read whole; it is never overwritten (promise P2)."""

    code = "damaged_file"


class UnreadableRow(MessagingError):
    """A row that would be read differently from what was meant: a defect of ours, so nothing is written to its file."""

    code = "unreadable_row"


class DamagedBackup(MessagingError):
    """A backup that is not as its manifest says; nothing of it is put back."""

    code = "damaged_backup"


class StoreUnavailable(MessagingError):
    """A store that cannot answer now; the caller may try again."""

    status = 503
    code = "store_unavailable"
    retry_after: ClassVar[int] = 5


class FileUnavailable(StoreUnavailable):
    """A CIF file that cannot be locked, read or written now: lock timeout, full disk, permission, missing mount."""

    code = "file_unavailable"


class Crossing(FileUnavailable):
    """A deposition that is written so often that no sync of it comes to an end; its next access tries again."""


class DatabaseUnavailable(StoreUnavailable):
    """A database that cannot be reached, does not answer in time, or is behind an open breaker."""

    code = "database_unavailable"


class CommitUnknown(DatabaseUnavailable):
    """A database that went away while it committed: the change may be there, and its repeat will tell."""


class DatabaseNotReady(StoreUnavailable):
    """A database that answers but holds no, another or an outdated schema."""

    code = "database_not_ready"


class DatabaseRefused(MessagingError):
    """A statement the database refused for its content; retrying will not help."""

    code = "database_refused"


class StaleAnswerRefused(StoreUnavailable):
    """A fallback store that is known to lack something of this deposition (promise P4)."""

    code = "stale_answer_refused"
