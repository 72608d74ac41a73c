"""The database: both engines set up right, migrated on opening, and safe under many writers."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Enum, inspect, text

from editron_core.domain.batch import BatchStatus
from editron_core.errors import StoreError
from editron_core.store import NewBatch, Store, database, migrations
from editron_core.store.database import Database
from editron_core.store.models import Base
from tests.store.store_workers import PROCESSES, open_and_count, raise_count

WRITERS = 8
TRANSACTIONS = 40
TABLES = {
    *("projects", "media_batches", "media_files", "media_batch_analyses", "edit_sessions", "render_jobs"),
    *("stage_runs", "leases", "scoring_profiles", "decisions", "brand_kits"),
    *("promotions", "qa_runs", "labels", "study_logs"),
    *("dead_letters", "dispatches"),
    *("events", "tasks", "webhook_endpoints", "deliveries", "api_keys", "members", "idempotency"),
    "ended_sessions",
    *("dropbox_sources", "dropbox_entries", "mapping_rules", "downloads", "uploads"),
    *("qa_findings", "finding_comments", "caption_edits", "approval_rules"),
    *("project_brands", "brand_assets"),
}


def test_a_new_database_has_every_table_and_the_newest_schema(store: Store) -> None:
    with store.database.exclusive() as connection:
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}
        assert migrations.revision(connection) == migrations.HEAD


def test_migrations_and_models_agree(store: Store) -> None:
    with store.database.exclusive() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        checks = {
            (table, check["name"])
            for table in Base.metadata.tables
            for check in inspect(connection).get_check_constraints(table)
        }
    wanted = {
        (table.name, f"ck_{table.name}_{column.type.name}")
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
    } | {("labels", "ck_labels_scale"), ("approval_rules", "ck_approval_rules_somebody")}
    assert checks == wanted


def test_the_known_revisions_are_those_on_the_disk() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    on_disk = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(on_disk)) == migrations.KNOWN
    assert script.get_current_head() == migrations.HEAD


def test_the_schema_goes_down_and_up_again(store: Store) -> None:
    store.files.add(store.batches.create(NewBatch("/footage")).id, "a.mp4", "/footage/a.mp4")
    with store.database.exclusive() as connection:
        migrations.downgrade(connection, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    with store.database.exclusive() as connection:
        migrations.upgrade(connection)
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}
    assert store.batches.list() == ()
    assert store.batches.create(NewBatch("/footage")).status is BatchStatus.QUEUED


def test_opening_again_keeps_what_is_there(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path / "blobs") as store:
        made = store.batches.create(NewBatch("/footage"))
    with Store.open(url, tmp_path / "blobs") as store:
        assert store.batches.get(made.id) == made


def test_a_database_of_a_newer_version_is_refused(store: Store, url: str, tmp_path: Path) -> None:
    with store.database.exclusive() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="update Editron"):
        Store.open(url, tmp_path / "blobs")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    ],
)
def test_the_database_itself_refuses_values_that_an_enum_does_not_know(
    store: Store, table: str, column: str
) -> None:
    with store.database.write() as session:
        for sql in ROWS.values():
            session.execute(text(sql))
    with pytest.raises(StoreError, match=r"(?i)check constraint"), store.database.write() as session:
        session.execute(text(f"UPDATE {table} SET {column} = 'nonsense'"))


def test_a_child_without_its_parent_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"), store.database.write() as session:
        session.execute(text(ROWS["media_files"]))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.database.write() as session:
            session.execute(text(ROWS["media_batches"]))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.batches.list() == ()


def test_times_come_back_in_utc(store: Store) -> None:
    made = store.batches.create(NewBatch("/footage"))
    again = store.batches.get(made.id)
    assert again.created_at == made.created_at
    assert again.created_at is not None
    assert again.created_at.utcoffset() is not None


def test_the_databases_clock_runs(store: Store) -> None:
    with store.database.read() as session:
        first = store.database.now(session)
        second = store.database.now(session)
    assert 1_700_000_000 < first <= second < first + 60


def test_sqlite_is_set_up_for_safety(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'editron.sqlite'}")
    database.open()
    with database.read() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        }
    database.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "trusted_schema": 0,
    }


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "editron.sqlite"
    path.write_bytes(b"these are no tables" * 400)
    with pytest.raises(StoreError, match="another database"):
        Store.open(f"sqlite:///{path}", tmp_path / "blobs")


def test_a_damaged_page_is_noticed_on_opening(tmp_path: Path) -> None:
    path = tmp_path / "editron.sqlite"
    with Store.open(f"sqlite:///{path}", tmp_path / "blobs") as store:
        for number in range(300):
            store.projects.ensure(f"project {number}")
    connection = sqlite3.connect(path)
    page, size = connection.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'projects'"
    ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(StoreError, match="backup"):
        Store.open(f"sqlite:///{path}", tmp_path / "blobs")


@pytest.mark.parametrize("url", ["mysql://localhost/x", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_a_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"neither|not a database URL|needs a file"):
        Database(url)


def test_an_unreachable_server_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="EDITRON_DATABASE_URL") as caught:
        Store.open("postgresql://someone:secret@127.0.0.1:1/x", tmp_path / "blobs")
    assert "secret" not in str(caught.value)


def test_many_processes_open_a_new_database_at_once(url: str, tmp_path: Path) -> None:
    with PROCESSES.Pool(4) as pool:
        assert pool.starmap(open_and_count, [(url, str(tmp_path / "blobs"))] * 4) == [0] * 4


def test_many_writers_that_read_first_neither_fail_nor_lose_an_update(store: Store, url: str) -> None:
    batch = store.batches.create(NewBatch("/footage"))
    with PROCESSES.Pool(WRITERS) as pool:
        pool.starmap(raise_count, [(url, batch.id, TRANSACTIONS)] * WRITERS, chunksize=1)
    assert store.batches.get(batch.id).file_count == WRITERS * TRANSACTIONS


NOW = "'2026-01-01 00:00:00'"
ROWS = {
    "projects": f"INSERT INTO projects VALUES ('p', 'one', {NOW}, {NOW})",
    "media_batches": f"""INSERT INTO media_batches (id, project_id, reference_name, source_url, storage_tier,
        checksum_required, status, hold, file_count, total_size_bytes, metadata, created_at, updated_at)
        VALUES ('b', NULL, '', '/x', 'hot', true, 'queued', 'none', 0, 0, '{{}}', {NOW}, {NOW})""",
    "media_files": f"""INSERT INTO media_files (id, batch_id, position, filename, source, file_path,
        size_bytes, checksum_sha256, status, hold, metadata, created_at, updated_at)
        VALUES ('f', 'b', 0, 'a', '/x/a', '', 0, '', 'queued', 'none', '{{}}', {NOW}, {NOW})""",
    "edit_sessions": f"""INSERT INTO edit_sessions (id, batch_id, deliverable_type, aspect_ratios,
        reference_style, include_captions, status, timelines, content_hash, metadata, created_at, updated_at)
        VALUES ('s', 'b', 'shorts', '[]', '', true, 'assembling', '[]', '', '{{}}', {NOW}, {NOW})""",
    "render_jobs": f"""INSERT INTO render_jobs (id, edit_session_id, destinations, formats, priority, status,
        hold, worker, progress_percent, output_urls, metadata, created_at, updated_at)
        VALUES ('r', 's', '[]', '[]', 'low', 'queued', 'none', '', 0, '[]', '{{}}', {NOW}, {NOW})""",
    "decisions": f"""INSERT INTO decisions (id, edit_session_id, timeline, content_hash, verdict, author,
        note, created_at) VALUES ('d', 's', 't', '', 'approve', '', '', {NOW})""",
    "stage_runs": f"""INSERT INTO stage_runs (key, stage, inputs, options, code_version, status, fence,
        attempts, facts, created_at, updated_at)
        VALUES ('k', 'analyze', '[]', '{{}}', '1', 'done', 1, 1, '{{}}', {NOW}, {NOW})""",
    "scoring_profiles": f"""INSERT INTO scoring_profiles (id, name, document, stage, created_at)
        VALUES ('a', 'talk', '{{}}', 'research', {NOW})""",
    "qa_runs": f"""INSERT INTO qa_runs (id, kind, profile_hash, golden_hash, created_at)
        VALUES ('q', 'gate', 'a', 'g', {NOW})""",
    "promotions": f"""INSERT INTO promotions (profile_hash, from_stage, to_stage, author, reason, created_at)
        VALUES ('a', 'research', 'candidate', 'ann', '', {NOW})""",
    "labels": f"""INSERT INTO labels (id, file_sha256, rater, rater_kind, start_seconds, length_seconds,
        rating, split, source, created_at)
        VALUES ('l', 'f', 'ann', 'people', 0, 2, 3, 'tune', 'rating', {NOW})""",
    "members": f"""INSERT INTO members (id, name, email, email_key, role, active, created_at, updated_at)
        VALUES ('m', 'ann', 'Ann@x', 'ann@x', 'viewer', true, {NOW}, {NOW})""",
    "api_keys": f"""INSERT INTO api_keys (id, name, role, hash, created_at)
        VALUES ('k', 'ann', 'viewer', 'h', {NOW})""",
    "tasks": f"""INSERT INTO tasks (id, batch_id, stage, status, note, created_at, updated_at)
        VALUES ('b:edit', 'b', 'edit', 'todo', '', {NOW}, {NOW})""",
    "webhook_endpoints": f"""INSERT INTO webhook_endpoints (id, url, kinds, description, enabled,
        disabled_reason, secret, old_secret, cursor, created_at, updated_at)
        VALUES ('e', 'https://x', '[]', '', true, '', '', '', 0, {NOW}, {NOW})""",
    "deliveries": f"""INSERT INTO deliveries (id, endpoint_id, event_id, kind, status, attempts, last_error,
        created_at) VALUES ('d', 'e', 1, 'batch.ready', 'pending', 0, '', {NOW})""",
    "dropbox_sources": f"""INSERT INTO dropbox_sources (id, account_id, label, source_url, folder_path,
        storage_tier, checksum_required, reference_name_template, ingest_strategy, access_token,
        refresh_token, link_password, cursor, dirty_seq, synced_seq, asked_seq, auto_ingest, needs_reauth,
        created_at, updated_at)
        VALUES ('s', '', '', '', '', 'hot', true, '', 'shared_link', '', '', '', '', 0, 0, 0, true,
        false, {NOW}, {NOW})""",
    "downloads": f"""INSERT INTO downloads (id, remote_id, rev, content_hash, size_bytes, bytes_done, digests,
        status, attempts, error_tag, created_at, updated_at)
        VALUES ('d', '', '', '', 0, 0, '', 'queued', 0, '', {NOW}, {NOW})""",
    "uploads": f"""INSERT INTO uploads (id, name, size_bytes, offset_bytes, owner, status, sha256, metadata,
        created_at, updated_at) VALUES ('u', 'a', 0, 0, 'ann', 'running', '', '{{}}', {NOW}, {NOW})""",
    "qa_findings": f"""INSERT INTO qa_findings (id, title, text, status, author, locale, genre, subject,
        overlays, created_at, updated_at)
        VALUES ('f', 't', '', 'open', '', '', '', '', '[]', {NOW}, {NOW})""",
}
"""One row of each table that others hang on or that holds an enum, parents first."""


def test_a_writer_outwaits_a_lock_that_sqlite_does_not_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 0)
    with Store.open(f"sqlite:///{tmp_path}/here.sqlite", tmp_path / "blobs") as store:
        other = sqlite3.connect(tmp_path / "here.sqlite", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.5, lambda: other.execute("COMMIT"))
        release.start()
        assert store.projects.ensure("The Cup").name == "The Cup"
        release.join()
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(database, "PATIENCE_S", 0.2)
        with pytest.raises(StoreError, match=r"locked .*another process"):
            store.projects.ensure("The League")
        other.close()
