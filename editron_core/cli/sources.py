"""`editron sources`: the Dropbox folders and shared links that footage arrives from by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_lane, open_store
from editron_core.config import REFERENCE, settings
from editron_core.domain.batch import StorageTier
from editron_core.errors import EditronError, UsageError

if TYPE_CHECKING:
    from editron_core.domain.intake import DropboxSource
    from editron_core.store import Store

app = typer.Typer(no_args_is_help=True, help="Take footage from Dropbox folders and shared links by itself.")
COLUMNS = {
    "id": "source",
    "label": "label",
    "where": "where",
    "state": "state",
    "last_processed_at": "last looked at",
    "last_error": "error",
}
SYNCED = {"source": "source", "label": "label", "files": "new", "batches": "batches", "error": "error"}
Id = Annotated[str, typer.Argument(help="A source, as `editron sources list` shows it, or its beginning.")]


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """Show all sources, and what became of the last look at each."""
    with open_store() as store:
        rows = [_row(source) for source in store.sources.list()]
    if as_json:
        terminal.show_json(rows)
    elif rows:
        terminal.show_rows(rows, COLUMNS)
    else:
        terminal.out.print("No source yet: [bold]editron sources add LABEL --link URL[/]")


@app.command("add")
def add(
    label: Annotated[str, typer.Argument(help="What to call it.")],
    folder: Annotated[str, typer.Option(help="A folder of the account: /Shoots/2026; empty is all.")] = "",
    link: Annotated[str, typer.Option(help="A shared link, instead of an account's folder.")] = "",
    account: Annotated[str, typer.Option(help="dbid:...; else Dropbox is asked whose token it is.")] = "",
    project: Annotated[str, typer.Option(help="Whom the footage is for; made where there is none.")] = "",
    tier: Annotated[StorageTier, typer.Option(help="How close originals are kept.")] = StorageTier.HOT,
    name: Annotated[
        str, typer.Option(help="Of batches, from {label} {folder} {project} {date} {time} {count}.")
    ] = "",
    token: Annotated[
        str, typer.Option(help="Refresh token: a reference (env:NAME, file:/path, ...), or - to read it.")
    ] = "",
    password: Annotated[str, typer.Option(help="Of the link: a reference, or - to read it.")] = "",
    authorize: Annotated[bool, typer.Option(help="Ask Dropbox for the right to read, and keep it.")] = False,
    as_json: Json = False,
) -> None:
    """Take footage from a place at Dropbox from now on."""
    from editron_core.domain.intake import DropboxSource, SourceKind
    from editron_core.lane import sources

    with open_store() as store:
        wanted = DropboxSource(
            id="",
            label=label,
            kind=SourceKind.SHARED_LINK if link else SourceKind.ACCOUNT_FOLDER,
            account_id=account,
            source_url=link,
            folder_path=folder.rstrip("/"),
            project_id=store.projects.ensure(project).id if project else None,
            storage_tier=tier,
            reference_name_template=name,
            refresh_token=_authorized() if authorize else _secret(token, "--token"),
            link_password=_secret(password, "--password"),
        )
        row = _row(sources.register(store, settings(), wanted))
    if as_json:
        terminal.show_json(row)
    else:
        terminal.out.print(f"Source {row['id'][:8]} {terminal.plain(label)}: {terminal.plain(row['where'])}")


@app.command("remove")
def remove(source: Id, as_json: Json = False) -> None:
    """Take nothing from there any more; the batches that were made of it stay."""
    with open_store() as store:
        found = _found(store, source)
        store.sources.delete(found.id)
    if as_json:
        terminal.show_json({"removed": found.id})
    else:
        terminal.out.print(f"Source {found.id[:8]} {terminal.plain(found.label)} is removed")


@app.command("sync")
def sync(
    source: Annotated[str, typer.Argument(help="A source or its beginning; without one, all of them.")] = "",
    as_json: Json = False,
) -> None:
    """Look at sources now; what is new becomes batches, which `editron serve` or the flows carry out."""
    from editron_core.lane import dropbox

    rows: list[dict[str, Any]] = []
    failed: list[EditronError] = []
    with open_lane() as lane:
        for one in [_found(lane.desk.store, source)] if source else lane.desk.store.sources.list():
            try:
                done = dropbox.sync(lane.desk, one.id)
            except EditronError as error:
                failed.append(error)
                rows.append({"source": one.id, "label": one.label, "error": str(error)})
                continue
            rows.append(
                {"source": one.id, "label": one.label, "files": done.files, "batches": list(done.batches)}
            )
        if source and failed:
            raise failed[0]
    if as_json:
        terminal.show_json(rows)
    elif rows:
        shown = [{**row, "batches": ", ".join(b[:8] for b in row.get("batches", ()))} for row in rows]
        terminal.show_rows(shown, SYNCED)
    if failed:
        raise typer.Exit(1)


def _row(source: DropboxSource) -> dict[str, Any]:
    state = "needs a person: its permission was taken back" if source.needs_reauth else ""
    return {
        "id": source.id,
        "label": source.label,
        "kind": source.kind.value,
        "where": source.source_url or f"{source.account_id}{source.folder_path or '/'}",
        "project_id": source.project_id,
        "state": state or ("changed" if source.dirty else "up to date"),
        "auto_ingest": source.auto_ingest,
        "last_processed_at": source.last_processed_at.isoformat() if source.last_processed_at else None,
        "last_error": source.last_error,
    }


def _found(store: Store, text: str) -> DropboxSource:
    near = [one for one in store.sources.list() if one.id.startswith(text) or one.label == text]
    if len(near) != 1:
        why = "is no source" if not near else "begins more than one source"
        raise UsageError(why, subject=text, remedy="editron sources list")
    return near[0]


def _secret(text: str, option: str) -> str:
    """A reference, or what stands on standard input: arguments can be read by everybody on the machine."""
    if text == "-":
        return sys.stdin.readline().strip()
    if text and not REFERENCE.match(text):
        raise UsageError("must not be typed here", subject=option, remedy="a reference, or - and pipe it in")
    return text


def _authorized() -> str:
    """A refresh token that Dropbox gives for the code that it shows to the person who agrees."""
    from editron_core.ingest.dropbox_session import authorize_url, exchanged

    page = authorize_url(settings())
    terminal.err.print(f"Open this page, agree, and copy the code:\n{page}", soft_wrap=True)
    terminal.err.print("Code: ", end="")
    return exchanged(settings(), sys.stdin.readline().strip()).reveal()
