"""The seed's entry point: `from service.factory import MessagingFactory, create_messaging_service`.

The service it makes works in any program, over the profile that is active at each call.
"""

from collections.abc import Mapping
from dataclasses import asdict

from service import backend
from service.api.incoming import rows_of_data
from service.embedded import Program, program
from service.errors import NotFound
from service.ids import read_deposition_id
from service.letters import Letter, letters
from service.message_service import MessageService
from settings import SettingsError


class MessagingService(MessageService):
    """The message service with the calls of the seed: `set`, `get` and `exists`, by deposition id."""

    def set(self, deposition_id: str, message_data: Mapping[str, object]) -> dict[str, object]:
        """Store a message, or find it stored; give its `message_id` and how each store of the profile stands (row S53).

        `message_data` holds attributes of the message, `files` and `original` as in the HTTP interface; what is left out
        gets its default, but for `message_text`, which must be stated; `ordinal_id` is the store's to give. No mail is
        sent. Raises InvalidInput, Conflict, StoreUnavailable and DamagedFile.
        """
        rows, timestamp = rows_of_data(read_deposition_id("deposition_id", deposition_id), message_data)
        sent = self.send(*rows, timestamp=timestamp)
        return {
            "message_id": sent.letter.message.message_id,
            "stores": dict(sent.stores),
            "repeated": sent.repeated,
            "mailed": False,
        }

    def get(self, deposition_id: str) -> list[dict[str, object]]:
        """Give all messages of a deposition in stored order, each with `files`, `original` and `status`.

        Raises NotFound for a deposition that no store of the profile knows, StoreUnavailable and DamagedFile.
        """
        correspondence = self.correspondence(read_deposition_id("deposition_id", deposition_id)).correspondence
        return [_dictionary(letter) for letter in letters(correspondence, correspondence.messages)]

    def exists(self, deposition_id: str, message_id: str) -> bool:
        """Tell whether a message is stored. Raises StoreUnavailable and DamagedFile where that is not known.

        Raises InvalidInput for what is no id.
        """
        try:
            self.letter(read_deposition_id("deposition_id", deposition_id), message_id)
        except NotFound:
            return False
        return True


class MessagingFactory:
    """Make the service of the active profile, or say which one that is."""

    @staticmethod
    def create_messaging_service(
        req_obj: object = None,
        verbose: bool = False,  # noqa: ARG004 - the seed's callers give it; the log says what happens in any case
        site_id: str | None = None,
    ) -> MessagingService:
        """Give a service over the active profile (rows S16 and S37). Raises SettingsError and SwitchRefused."""
        return MessagingService(_program(req_obj, site_id).chain)

    @staticmethod
    def get_backend_info(req_obj: object = None, site_id: str | None = None) -> dict[str, object]:
        """Describe the backend in use (row S40). Raises SettingsError and SwitchRefused where there is none."""
        found = _program(req_obj, site_id)
        return backend.backend_info(found.services, found.profile(), backend.reason(found.services))


create_messaging_service = MessagingFactory.create_messaging_service
get_backend_info = MessagingFactory.get_backend_info


def site_program(site_id: str | None) -> Program:
    """Give the services of this process; raise SettingsError where a caller means another site."""
    found = program()
    if site_id not in (None, "", found.settings.site_id):
        raise SettingsError(f"site_id={site_id!r} is another site: this is {found.settings.site_id}; set MSGMODULE_SITE_ID")
    return found


def _program(req_obj: object, site_id: str | None) -> Program:
    return site_program(site_id or _site_of(req_obj))


def _site_of(req_obj: object) -> str | None:
    """Give the site that a request object of the legacy web application names, if it names one."""
    value_of = getattr(req_obj, "getValue", None)
    value = value_of("WWPDB_SITE_ID") if callable(value_of) else None
    return value if isinstance(value, str) else None


def _dictionary(letter: Letter) -> dict[str, object]:
    return {
        **asdict(letter.message),
        "files": [asdict(file) for file in letter.files],
        "original": [asdict(original) for original in letter.originals],
        "status": asdict(letter.status) if letter.status else None,
    }
