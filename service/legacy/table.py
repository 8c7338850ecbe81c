"""One category as the legacy class keeps it in memory: rows as they were read, changed and added since."""

from dataclasses import dataclass, field

from service.legacy.rows import ATTRIBUTES, Dictionary, Value


@dataclass(slots=True)
class Table:
    """The rows of a category. `read` holds the stored ones as they were seen; those behind them were added."""

    category: str
    read: list[Dictionary] = field(default_factory=list)
    rows: list[Dictionary] = field(default_factory=list)
    exists: bool = False

    @property
    def added(self) -> list[Dictionary]:
        return self.rows[len(self.read) :]

    @property
    def changed(self) -> list[tuple[Dictionary, Dictionary]]:
        """Give the stored rows that were changed, each as it was seen and as it shall be."""
        return [(seen, row) for seen, row in zip(self.read, self.rows, strict=False) if seen != row]

    @property
    def next_ordinal(self) -> int:
        """Give the number of the next row; 0 where the category is absent (reference section 5)."""
        return len(self.rows) + 1 if self.exists else 0

    def knows(self, attribute: str) -> bool:
        return attribute in ATTRIBUTES[self.category]

    def load(self, rows: list[Dictionary]) -> None:
        """Take rows as read."""
        self.read, self.rows, self.exists = rows, [dict(row) for row in rows], bool(rows) or self.exists

    def append(self, row: Dictionary) -> bool:
        """Add a row; an unknown attribute adds nothing (upstream adds the row all the same)."""
        if not self.exists or not all(map(self.knows, row)):
            return False
        self.rows.append({name: row.get(name) for name in ATTRIBUTES[self.category]})
        return True

    def update(self, attribute: str, value: Value, position: int | None) -> bool:
        """Change one value; a position that is none or past the end changes nothing (K3)."""
        if not self.knows(attribute) or position is None or not 0 <= position < len(self.rows):
            return False
        self.rows[position][attribute] = value
        return True
