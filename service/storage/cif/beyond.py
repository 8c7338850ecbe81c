"""What a file holds beyond the four categories: it stays in the file and is not in the database (DESIGN.md section 5)."""

from collections.abc import Iterator

from service.messages import CATEGORIES, Status, attributes
from service.storage.cif.reader import Held
from service.vocabulary import TO_DEPOSITOR


def beyond(held: Held) -> tuple[str, ...]:
    """Name the categories, the attributes of ours and the further data blocks that no row of a correspondence carries."""
    return tuple(_found(held))


def _found(held: Held) -> Iterator[str]:
    for name, table in held.layout.tables.items():
        row = CATEGORIES.get(name)
        if row is None:
            yield f"category {name}"
        elif row is Status and held.content_type != TO_DEPOSITOR:
            yield f"category {name}, which is read from the {TO_DEPOSITOR} file alone"
        else:
            known = attributes(row)
            yield from (f"attribute {name}.{a}" for a in table.attributes if a not in known)
    if held.layout.block_end < held.size:
        yield "a further data block"
