"""A program that makes a hundred changes of one deposition through the legacy class, reading and writing as OneDep does."""

import sys

from service.errors import Conflict
from service.legacy import LockFile, PdbxMessageInfo, PdbxMessageIo
from service.messages import CATEGORIES

INFO = next(iter(CATEGORIES))


def append(path: str, key: str) -> None:
    """Append a draft with a file and a status, as a program that read before and writes after."""
    made = PdbxMessageIo(verbose=False)
    made.read(path)
    made.newBlock("messages")
    info = PdbxMessageInfo(verbose=False)
    row: dict[str, str | int | None] = {
        "message_id": key,
        "ordinal_id": made.nextMessageOrdinal(),
        "message_text": "one",
        "send_status": "N",
    }
    made.appendMessage(info.set(row))
    made.appendFileReference({"ordinal_id": made.nextFileReferenceOrdinal(), "message_id": key, "content_type": "model"})
    made.appendMsgReadStatus({"message_id": key, "read_status": "Y", "action_reqd": "N", "for_release": "N"})
    with LockFile(path, timeoutSeconds=60):
        assert made.write(path)


def send(path: str, key: str) -> None:
    """Send that draft; where somebody changed it meanwhile, decide anew."""
    while True:
        made = PdbxMessageIo(verbose=False)
        made.read(path)
        position = [row["message_id"] for row in made.getMessageInfo()].index(key)
        assert made.update(INFO, "send_status", "Y", position)
        try:
            assert made.write(path)
        except Conflict:
            continue
        return


if __name__ == "__main__":
    for n in range(50):
        append(sys.argv[1], f"legacy-{n}")
        send(sys.argv[1], f"legacy-{n}")
