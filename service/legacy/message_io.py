"""`PdbxMessageIo`: the class through which OneDep programs read and write a message file, over the stores of the profile."""

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from service.errors import NotFound
from service.factory import site_program
from service.legacy.categories import Categories
from service.legacy.place import Place, has_block, place_of
from service.legacy.rows import FILES, INFO, ORIGINALS, STATUS, Dictionary, Value, shown
from service.legacy.writing import Writing
from service.messages import CATEGORIES
from settings import SettingsError


class PdbxMessageIo(Categories):
    """Read a message file, change rows in memory, write what was changed (reference section 13).

    Where the path is a file of the site, its rows are those of the active profile's stores; a path elsewhere is that file.
    """

    def __init__(
        self,
        verbose: bool = True,
        log: TextIO = sys.stderr,
        site_id: str | None = None,
        db_config: object = None,
    ) -> None:
        """Work for the site of the settings. Raises SettingsError for another site or database, and SwitchRefused."""
        super().__init__()
        if db_config is not None:
            raise SettingsError("db_config is refused: the database is that of the settings, see MSGMODULE_DATABASE_URL")
        self._program = site_program(site_id)
        self._place: Place | None = None
        self._read: tuple[str, str] | None = None  # the path read under an explicit deposition id
        self.stores: dict[str, str] = {}  # how each store stands after the last write

    def read(self, filePath: str, logtag: str = "", deposition_id: str | None = None) -> bool:
        """Read the rows of a path, in place of what was read before; False where there is no block yet.

        Raises DamagedFile and StoreUnavailable: neither is an empty file (K2, K15).
        """
        self._clear()
        self._read = (filePath, deposition_id) if deposition_id else None
        self._place = place_of(self._program, filePath, deposition_id)
        try:
            section = self._place.store.read(self._place.deposition).correspondence.section(self._place.content_type)
            by_kind = dict(section.categories())
            if not any(by_kind.values()) and not has_block(self._program, self._place):
                return False
        except NotFound:
            return False
        for name, kind in CATEGORIES.items():
            self._tables[name].load([shown(row) for row in by_kind[kind]])
        self._block = "messages"
        return True

    def write(self, filePath: str) -> bool:
        """Make what was changed since the read durable, in every store of the profile; `stores` tells how each stands.

        False where there is nothing to write, no row read and none appended (K1). Rows that others wrote meanwhile stay.
        Raises Conflict where a value was changed that somebody else has changed too, NotFound, InvalidInput,
        StoreUnavailable and DamagedFile.
        """
        self.stores = {}
        if not any(table.rows for table in self._tables.values()):
            return False
        explicit = self._read[1] if self._read and self._read[0] == filePath else None
        place = place_of(self._program, filePath, explicit)
        self.stores = Writing(place, self._tables, whole=not place.is_same(self._place)).run()
        for table in self._tables.values():
            table.load([dict(row) for row in table.rows])
        self._place = place
        return True

    def readFile(self, filePath: str, logtag: str = "", appendMode: bool = True) -> bool:
        return self.read(filePath)

    def writeFile(
        self,
        filePath: str,
        applyConstraints: bool = False,
        tmpPath: str = "./tmpfiles",
        doubleQuotingFlag: bool = False,
    ) -> bool:
        return self.write(filePath)

    def close(self) -> None:
        """Forget what was read; connections are those of the process and stay."""
        self._clear()
        self._place = self._read = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def getCategory(self, catName: str = INFO) -> list[Dictionary]:
        """Give the rows of a category keyed by item; nothing where it is absent or nothing was read."""
        return self.getItemDictList(catName)

    def getMessageInfo(self) -> list[Dictionary]:
        return self.getAttribDictList(INFO)

    def getFileReferenceInfo(self) -> list[Dictionary]:
        return self.getAttribDictList(FILES)

    def getOrigCommReferenceInfo(self) -> list[Dictionary]:
        return self.getAttribDictList(ORIGINALS)

    def getMsgStatusInfo(self) -> list[Dictionary]:
        return self.getAttribDictList(STATUS)

    def appendMessage(self, rowAttribDict: Mapping[str, Value]) -> bool:
        return self.appendRowByAttribute(rowAttribDict, INFO)

    def appendFileReference(self, rowAttribDict: Mapping[str, Value]) -> bool:
        return self.appendRowByAttribute(rowAttribDict, FILES)

    def appendOrigCommReference(self, rowAttribDict: Mapping[str, Value]) -> bool:
        return self.appendRowByAttribute(rowAttribDict, ORIGINALS)

    def appendMsgReadStatus(self, rowAttribDict: Mapping[str, Value]) -> bool:
        return self.appendRowByAttribute(rowAttribDict, STATUS)

    def update(self, catName: str, attributeName: str, value: Value, iRow: int | None = 0) -> bool:
        return self.updateAttribute(catName, attributeName, value, iRow)

    def nextMessageOrdinal(self) -> int:
        return self._tables[INFO].next_ordinal

    def nextFileReferenceOrdinal(self) -> int:
        return self._tables[FILES].next_ordinal

    def nextOrigCommReferenceOrdinal(self) -> int:
        return self._tables[ORIGINALS].next_ordinal
