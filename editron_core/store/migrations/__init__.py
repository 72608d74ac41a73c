"""The schema's history, by Alembic; run on opening the store where the database is behind.

To change the schema: change `models`, write `versions/v<number>_<subject>.py` with `upgrade` and
`downgrade`, and raise `HEAD`. The tests prove that migrations and models agree, up, down and up again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from editron_core.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
"""The newest revision. Known here so that opening a current database does not load Alembic."""
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision, oldest first."""


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; null for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Bring the schema up to `to` inside the caller's transaction, which must keep other writers out.

    Raises StoreError where the database was written by a newer Editron.
    """
    found = revision(connection)
    if found == to:
        return
    if found is not None and found not in KNOWN:
        raise StoreError(
            f"is at schema {found}, which this version does not know",
            subject="database",
            remedy="update Editron",
        )
    from alembic import command

    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Take the schema back to `to` (`base` for nothing) inside the caller's transaction."""
    from alembic import command

    command.downgrade(_config(connection), to)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
