"""Rows as the container of the mmcif library, for the programs that ask the legacy class for it."""

from collections.abc import Iterable, Mapping, Sequence

from mmcif.api.DataCategory import DataCategory
from mmcif.api.PdbxContainers import DataContainer


def container_of(name: str, categories: Mapping[str, tuple[Sequence[str], Iterable[Sequence[object]]]]) -> DataContainer:
    """Give a block of that name with each category's attributes and rows; a change of it changes no file."""
    container = DataContainer(name)
    for category, (attributes, rows) in categories.items():
        container.append(DataCategory(category, list(attributes), [list(row) for row in rows]))
    return container
