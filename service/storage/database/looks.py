"""A look at one text outside of any transaction: one statement and its answer, with nothing to begin and nothing to end."""

from typing import Any, cast

from sqlalchemy import Engine, Select, exc
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection


class Look:
    """One statement with one parameter, `key`, made for the driver once: what nearly every request asks first.

    `engine` is one whose connections end each statement for themselves.
    """

    def __init__(self, engine: Engine, statement: Select[Any]) -> None:
        self._engine = engine
        self._errors = engine.dialect.loaded_dbapi.Error
        compiled = statement.compile(dialect=engine.dialect)
        self._statement, self._is_positional = str(compiled), compiled.positional

    def text(self, key: str) -> str | None:
        """Give the text of the first row, `None` where there is none. Raises what a connection of SQLAlchemy raises."""
        statement = None  # none was sent where nobody could be connected
        try:
            pooled = self._engine.raw_connection()
            statement = self._statement
            return self._answer(pooled, key)
        except self._errors as error:
            gone = self._engine.dialect.is_disconnect(error, None, None)
            cause = cast(Exception, error)
            raise exc.DBAPIError.instance(statement, None, cause, self._errors, connection_invalidated=gone) from error

    def _answer(self, pooled: PoolProxiedConnection, key: str) -> str | None:
        answered = False
        try:
            cursor: DBAPICursor = pooled.cursor()
            cursor.execute(self._statement, (key,) if self._is_positional else {"key": key})
            found = cursor.fetchone()
            cursor.close()
            answered = True
        finally:
            if answered:
                pooled.close()
            else:
                pooled.invalidate()  # it may still owe an answer
        return None if found is None else cast(str, found[0])
