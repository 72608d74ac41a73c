"""Both engines: a SQLite file, and a PostgreSQL server of the session's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from editron_core.config import Settings
from editron_core.store import Store

BINARIES = ("initdb", "pg_ctl")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A running server's URL without a database name; it listens on a socket in its own folder only."""
    found = _binaries()
    if found is None:
        reason = "needs PostgreSQL's server: apt-get install postgresql"
        if Settings().require_postgres:
            pytest.fail(reason)
        pytest.skip(reason)
    # Not under pytest's folder, which the server's user may not enter; short, since socket paths are.
    folder = Path(tempfile.mkdtemp(prefix="editron-pg-"))
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root
        user = "postgres"
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(found / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

    run("initdb", "--username=editron", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgresql+psycopg://editron@/{{}}?host={folder}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty database; each test runs once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'editron.sqlite'}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.format(name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An open store on a new database."""
    with Store.open(url, tmp_path / "blobs") as opened:
        yield opened


def _binaries() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        places.insert(0, Path(on_path).parent)
    return next((place for place in places if all((place / name).exists() for name in BINARIES)), None)
