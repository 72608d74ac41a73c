"""`editron review`: look at cuts, sign them off, and rate footage."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editron_core.cli import terminal
from editron_core.cli.golden import AGREEMENT_NOTE
from editron_core.cli.shared import Json, open_store
from editron_core.errors import UsageError

if TYPE_CHECKING:
    from editron_core.domain.job import EditSession, Verdict

app = typer.Typer(no_args_is_help=True, help="Look at cuts, sign them off, and rate footage.")

LABEL_COLUMNS = {
    "file": "file",
    "raters": "raters",
    "ratings": "ratings",
    "from_decisions": "from decisions",
    "agreement": "agreement",
}
SessionId = Annotated[str, typer.Argument(help="Edit session, as `editron review list` shows it.")]
TimelineName = Annotated[str, typer.Option("--timeline", help="Which cut, where the session holds several.")]
Author = Annotated[str, typer.Option("--as", help="Who decides.", show_default="your login name")]


@app.command("list")
def list_cuts(
    batch: Annotated[str, typer.Argument(help="A batch; without one, the newest.")] = "",
    as_json: Json = False,
) -> None:
    """Show the cuts of a batch and where each stands with the people who sign off."""
    from editron_core.lane import status as statuses

    with open_store() as store:
        data = statuses.cuts(store, batch or store.batches.newest().id)
    terminal.show_cuts(data, as_json)


@app.command("approve")
def approve(
    session: SessionId,
    timeline: TimelineName = "",
    note: Annotated[str, typer.Option(help="A word to go with it.")] = "",
    author: Author = "",
    as_json: Json = False,
) -> None:
    """Sign off a cut as it is now (all cuts of the session without --timeline)."""
    from editron_core.domain.job import Verdict

    _decide(session, timeline, Verdict.APPROVE, note, author, as_json)


@app.command("reject")
def reject(
    session: SessionId,
    reason: Annotated[str, typer.Option(help="Why; the next editor reads it.")],
    timeline: TimelineName = "",
    author: Author = "",
    as_json: Json = False,
) -> None:
    """Turn a cut down, with the reason."""
    from editron_core.domain.job import Verdict

    _decide(session, timeline, Verdict.REJECT, reason, author, as_json)


@app.command("trim")
def trim(
    session: SessionId,
    start: Annotated[str, typer.Option(help="Keep from here, in seconds on the cut.")],
    end: Annotated[str, typer.Option(help="Keep up to here, in seconds on the cut.")],
    timeline: TimelineName = "",
    author: Author = "",
    as_json: Json = False,
) -> None:
    """Keep only START to END of the clip that plays there; what follows moves up.

    The result is a new cut that must be signed off anew.
    """
    from editron_core.lane import signing
    from editron_core.times import Span

    with open_store() as store:
        try:
            keep = Span.of(start, end)
        except (ValueError, ZeroDivisionError) as error:
            raise UsageError(
                f"{start} to {end} is no stretch of time", remedy="seconds, such as 3.5"
            ) from error
        trimmed = signing.trim(store, session, timeline, keep, author or _me())
    _show_session(trimmed, as_json)


@app.command("rate")
def rate(
    file: Annotated[str, typer.Argument(help="A media file, or the name or id of one taken in before.")],
    ratings: Annotated[
        str, typer.Option(help='1 (leave it out) to 5 (show it) for each two-second window: "3 4 5".')
    ],
    author: Author = "",
    again: Annotated[bool, typer.Option("--again", help="Replace what you said of it before.")] = False,
    as_json: Json = False,
) -> None:
    """Rate every two-second window of a file, before you see any score: what tuning is measured by."""
    from editron_core.domain import codec
    from editron_core.lane.rating import footage_of
    from editron_core.review import labels

    with open_store() as store:
        footage = footage_of(store, file)
        made = labels.rate(store, footage, author or _me(), _numbers(ratings), again=again)
    if as_json:
        terminal.show_json({"file": footage.name, "labels": codec.dump(made)})
    else:
        terminal.out.print(f"{len(made)} windows of {terminal.plain(footage.name)} rated; thank you")


@app.command("labels")
def list_labels(as_json: Json = False) -> None:
    """Show what was rated and by whom, and how far raters agree; people and machines apart."""
    from editron_core.domain.label import Raters
    from editron_core.review import labels

    with open_store() as store:
        kinds = {kind.value: labels.summary(store, kind) for kind in (Raters.PEOPLE, Raters.AUTOMATED)}
    if as_json:
        terminal.show_json(kinds)
        return
    for kind, rows in kinds.items():
        if rows:
            terminal.out.print(f"[bold]{kind}[/]")
            terminal.show_rows([_label_row(row) for row in rows], LABEL_COLUMNS)
    if kinds[Raters.PEOPLE.value]:
        terminal.out.print(f"[dim]{AGREEMENT_NOTE}[/]", soft_wrap=True)
        terminal.out.print("next   editron qa freeze --from-labels")
    if not any(kinds.values()):
        terminal.out.print(
            'No label yet. Rate a file with [bold]editron review rate FILE --as NAME --ratings "3 4 5"[/].'
        )


def _label_row(row: dict[str, Any]) -> dict[str, Any]:
    agreement = None if row["agreement"] is None else f"{row['agreement']:.2f}"
    return {
        **row,
        "file": row["file"] or f"{row['file_sha256'][:12]} (not taken in)",
        "raters": ", ".join(row["raters"]),
        "agreement": agreement,
    }


def _numbers(words: str) -> list[int]:
    try:
        return [int(word) for word in words.replace(",", " ").split()]
    except ValueError as error:
        raise UsageError(
            "are no whole numbers", subject=f"--ratings {words}", remedy='such as "3 4 5"'
        ) from error


def _decide(session: str, timeline: str, verdict: Verdict, note: str, author: str, as_json: bool) -> None:
    from editron_core.lane import signing

    with open_store() as store:
        opinion = signing.Opinion(verdict, author or _me(), note)
        decided = signing.decide(store, session, timeline, opinion)
    _show_session(decided, as_json)


def _show_session(session: EditSession, as_json: bool) -> None:
    from editron_core.lane import status as statuses

    with open_store() as store:
        data = statuses.cuts(store, session.batch_id)
    terminal.show_cuts(data, as_json)


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"user {os.getuid()}"
