"""Generated correspondence: bodies of about 2.5 KB, five references and one status a message, in the legacy text form."""

import random
import uuid
from pathlib import Path

from service.messages import CATEGORIES, FileReference, Message, Row, Status, attributes
from service.storage.cif.document import FRAME
from service.storage.cif.rows import tokens_of
from service.storage.cif.splice import category_text, items_of

_WORDS = "validation report density residue ligand chain refine deposit author citation release model map".split()  # noqa: SIM905
_KINDS = ("model-annotate", "model-review", "validation-report-annotate", "sf-annotate", "mr-annotate")
BODY = 2500


def text(rng: random.Random, size: int = BODY) -> str:
    """Give a body of about `size` characters in lines of a letter's length."""
    lines: list[str] = []
    while sum(len(line) for line in lines) < size:
        lines.append(" ".join(rng.choices(_WORDS, k=14)))
    lines[0] += " at 1.7 Å"
    return "\n".join(lines)


def message(deposition: str, rng: random.Random, n: int) -> tuple[Message, tuple[FileReference, ...], Status]:
    """Give one message with its references and status."""
    message_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    letter = Message(
        "messages-to-depositor",
        str(n + 1),
        message_id,
        deposition,
        f"2025-{n % 12 + 1:02}-{n % 28 + 1:02} 12:00:00",
        "JD",
        "vldtn",
        None,
        message_id,
        f"Letter {n + 1}",
        text(rng),
        "text",
        "Y",
    )
    files = tuple(
        FileReference(str(5 * n + k + 1), message_id, deposition, kind, "pdbx", "1", str(n + 1), "archive")
        for k, kind in enumerate(_KINDS)
    )
    return letter, files, Status(message_id, deposition, "N", "Y", "N")


def write_file(path: Path, deposition: str, count: int) -> list[str]:
    """Write a to-depositor file of `count` messages, and give their ids."""
    rng = random.Random(1)
    made = [message(deposition, rng, n) for n in range(count)]
    columns: dict[type[Row], list[Row]] = {
        Message: [m for m, _, _ in made],
        FileReference: [f for _, files, _ in made for f in files],
        Status: [s for _, _, s in made],
    }
    data = FRAME
    for name, row in CATEGORIES.items():
        columns_of = list(attributes(row))
        if columns.get(row):
            data += category_text(items_of(name, columns_of), columns_of, [tokens_of(r) for r in columns[row]])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return [str(m.message_id) for m, _, _ in made]
