"""The block of a message file in memory, under the method names that the legacy class has from its base."""

from collections.abc import Mapping
from typing import Any, TextIO

from service.legacy.rows import ATTRIBUTES, FILES, INFO, NULL, ORIGINALS, STATUS, Dictionary, Value
from service.legacy.table import Table
from service.storage.cif.container import container_of

_UNUSED = "pdbx_deposition_message_data"  # declared by the legacy style, written by nothing
_STYLE = (INFO, _UNUSED, FILES, ORIGINALS, STATUS)


class Categories:
    """One block with the four categories. A category that is absent has no rows and takes none (reference section 13)."""

    def __init__(self) -> None:
        self._block: str | None = None
        self._tables: dict[str, Table] = {}
        self._clear()

    def _clear(self) -> None:
        self._block = None
        self._tables = {name: Table(name) for name in ATTRIBUTES}

    # blocks

    def newBlock(self, blockId: str) -> None:
        """Select the block and make the categories that it lacks. A message file has one block, whatever it is called."""
        self._block = blockId
        for table in self._tables.values():
            table.exists = True

    def setBlock(self, blockId: str) -> bool:
        return self._block is not None and self._block == blockId

    def newContainer(self, containerName: str, overWrite: bool = False) -> bool:
        """Select the block, without categories; nothing is overwritten."""
        if overWrite and any(table.rows for table in self._tables.values()):
            return False
        self._block = containerName
        return True

    def setContainer(self, containerName: str | None = None, containerIndex: int | None = None) -> bool:
        if containerName is not None:
            return self.setBlock(containerName)
        return self._block is not None and containerIndex == 0

    def getCurrentContainerId(self) -> str | None:
        return self._block

    def getContainerNameList(self) -> list[str]:
        return [] if self._block is None else [self._block]

    def getCurrentContainer(self) -> Any:
        """Give the block as the mmcif library's container; a change of it changes nothing here."""
        if self._block is None:
            return None
        names = self.getCurrentCategoryNameList()
        return container_of(self._block, {name: (ATTRIBUTES[name], self.getRowDataList(name)) for name in names})

    def getCurrentContainerList(self) -> list[Any]:
        return [] if self._block is None else [self.getCurrentContainer()]

    # categories

    def getCurrentCategoryNameList(self) -> list[str]:
        return [name for name, table in self._tables.items() if table.exists]

    def getStyleCategoryNameList(self) -> list[str]:
        return list(_STYLE)

    def newCategory(self, catName: str, container: object = None, overWrite: bool = False) -> bool:
        """Make one of the four categories, or find it there; False for an unknown one, and for rows to be overwritten."""
        table = self._tables.get(catName)
        if self._block is None or table is None or (overWrite and table.rows):
            return False
        table.exists = True
        return True

    def removeCategory(self, catName: str, container: object = None) -> bool:
        """Remove nothing: no message is ever removed."""
        return False

    def complyStyle(self) -> bool:
        return True

    def testStyleComplete(self, ofh: TextIO) -> bool:
        return True

    # rows

    def getAttribDictList(self, catName: str) -> list[Dictionary]:
        """Give the rows keyed by attribute. Raises ValueError where nothing was read and no block made."""
        if self._block is None:
            raise ValueError("nothing was read and no block was made; call read or newBlock first")
        table = self._tables.get(catName)
        return [dict(row) for row in table.rows] if table else []

    def getItemDictList(self, catName: str) -> list[Dictionary]:
        """Give the rows keyed by item; nothing where nothing was read."""
        rows = self.getAttribDictList(catName) if self._block else []
        return [{f"_{catName}.{name}": value for name, value in row.items()} for row in rows]

    def getRowDataList(self, catName: str) -> list[list[Value]]:
        """Give the rows as lists in column order, null as an empty text."""
        return [["" if v in (None, NULL) else v for v in row.values()] for row in self.getAttribDictList(catName)]

    def getRowCount(self, catName: str) -> int:
        """Count the rows; -1 for a category that is absent or unknown."""
        table = self._tables.get(catName)
        return len(table.rows) if table and table.exists else -1

    def getAttributeValue(self, catName: str, attribName: str, iRow: int = 0) -> Value:
        """Give one value; `None` where there is none such."""
        table = self._tables.get(catName)
        return table.rows[iRow].get(attribName) if table and 0 <= iRow < len(table.rows) else None

    def appendRowByAttribute(self, rowAttribDict: Mapping[str, Value], catName: str) -> bool:
        """Add a row; False, and no row, without block or category, and for an unknown attribute."""
        table = self._tables.get(catName)
        return self._block is not None and table is not None and table.append(dict(rowAttribDict))

    def updateAttribute(self, catName: str, attribName: str, value: Value, iRow: int | None = 0) -> bool:
        """Change one value; False, and no change, for a row or attribute that is not there (K3)."""
        table = self._tables.get(catName)
        return self._block is not None and table is not None and table.update(attribName, value, iRow)

    def updateItem(self, itemName: str, value: Value, iRow: int = 0) -> bool:
        category, _, attribute = itemName.removeprefix("_").partition(".")
        return self.updateAttribute(category, attribute, value, iRow)

    def updateRowByAttribute(self, rowAttribDict: Mapping[str, Value], catName: str, iRow: int = 0) -> bool:
        """Change several values of a row, all of them or none."""
        table = self._tables.get(catName)
        if table is None or not all(map(table.knows, rowAttribDict)):
            return False
        return all(self.updateAttribute(catName, name, value, iRow) for name, value in rowAttribDict.items())
