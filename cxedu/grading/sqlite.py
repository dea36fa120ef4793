"""SQLite as nbgrader uses it, many times over, without compiling the same queries each time.

nbgrader opens the gradebook about ten times for a submission, and each time SQLAlchemy starts with an
empty cache of compiled queries, which took a fifth of the time. This dialect, which `one.patient`
chooses while a class is graded, is SQLAlchemy's own for SQLite, but keeps one cache for all.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

NAME = "sqlite+shared"
_compiled: dict[Any, Any] = {}  # few: nbgrader's queries, by their form


class SharedSQLite(SQLiteDialect_pysqlite):
    """The same queries are compiled to the same text, whichever of these asks."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """SQLAlchemy's hook for dialects: the engine gets the common cache."""
        engine.update_execution_options(compiled_cache=_compiled)


registry.register(NAME.replace("+", "."), "cxedu.grading.sqlite", "SharedSQLite")
