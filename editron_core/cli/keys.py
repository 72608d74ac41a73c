"""`editron keys`: who may use the API. A key's text is shown once, when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.shared import Json, open_store
from editron_core.domain.access import Role

if TYPE_CHECKING:
    from editron_core.domain.access import ApiKey

app = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke the keys of the API.")
Id = Annotated[str, typer.Argument(help="A key, as `editron keys list` shows it.")]
COLUMNS = {
    "id": "key",
    "name": "whose",
    "role": "role",
    "state": "state",
    "created_at": "made",
    "last_used_at": "last used",
}


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whose it is; decisions are signed with it.")],
    role: Annotated[Role, typer.Option(help="viewer, reviewer, operator or admin.")] = Role.VIEWER,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Valid for so many days.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show its text, this once. From the first key on, nobody gets in without."""
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    with open_store() as store:
        key, text = store.keys.issue(name, role, expires_at=until)
    _show_made(key, text, as_json)


@app.command("list")
def list_keys(as_json: Json = False) -> None:
    """Show all keys, the newest first, without their texts."""
    rows: list[dict[str, Any]] = []
    with open_store() as store:
        after = None
        while True:
            found = store.keys.page(after=after, limit=200)
            rows += [_row(key) for key in found.items]
            if (after := found.next) is None:
                break
    if as_json:
        terminal.show_json({"keys": rows})
    elif rows:
        terminal.show_rows(rows, COLUMNS)
    else:
        terminal.out.print("No key yet: [bold]editron keys create NAME --role admin[/] makes the first one.")


@app.command("rotate")
def rotate(
    key_id: Id,
    grace_hours: Annotated[
        float, typer.Option(min=0, max=720, help="For how long the old one stays valid.")
    ] = 24.0,
    as_json: Json = False,
) -> None:
    """Make a key in place of another, and show its text, this once."""
    with open_store() as store:
        key, text = store.keys.rotate(key_id, timedelta(hours=grace_hours))
    _show_made(key, text, as_json)


@app.command("revoke")
def revoke(key_id: Id, as_json: Json = False) -> None:
    """End a key now, and the sessions of browsers that were opened with it."""
    with open_store() as store:
        ended = store.keys.revoke(key_id)
    if as_json:
        terminal.show_json(_row(ended))
    else:
        terminal.out.print(f"key {ended.id} of {terminal.plain(ended.name)} opens nothing any more")


def _show_made(key: ApiKey, text: str, as_json: bool) -> None:
    if as_json:
        terminal.show_json({**_row(key), "key": text})
        return
    terminal.out.print(f"[bold]{text}[/]", soft_wrap=True)
    terminal.err.print(
        f"key {key.id} of {terminal.plain(key.name)}, {key.role}: keep its text, nothing shows it again"
    )


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "state": "revoked" if key.revoked_at else "valid" if key.valid() else "expired",
        "replaces": key.replaces,
        **{
            name: value.isoformat() if (value := getattr(key, name)) else None
            for name in ("created_at", "expires_at", "revoked_at", "last_used_at")
        },
    }
