"""What a person sees in a terminal: progress, tables, and one plain line for an error.

Progress and messages go to stderr, results to stdout. On anything but a terminal there are no
progress bars: one line for each step that ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from editron_core.domain import codec
from editron_core.domain.batch import MediaFile
from editron_core.domain.job import Severity
from editron_core.domain.progress import Ending, Step
from editron_core.times import clock

if TYPE_CHECKING:
    from editron_core.lane import Outcome
    from editron_core.score.profile import Profile

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
CUT_COLUMNS = {
    "session": "session",
    "blueprint": "blueprint",
    "timeline": "cut",
    "duration": "seconds",
    "session_status": "status",
    "standing": "sign-off",
}
FINDING_MARKS = {Severity.NOTE: "[dim]i[/]", Severity.WARNING: "[yellow]![/]", Severity.FAILURE: "[red]✗[/]"}
MARKS = {"done": "[green]✓[/]", "kept": "[dim]=[/]", "failed": "[red]✗[/]"}


def plain(text: str) -> str:
    """Text from a file or a person, made inert: no Rich markup, no control characters."""
    return escape("".join(char if char.isprintable() else "�" for char in text))


def fail(message: str) -> None:
    """One line on stderr that says what went wrong."""
    err.print(f"[bold red]error:[/] {plain(message)}", soft_wrap=True)


class _Speed(ProgressColumn):
    """Speed as a multiple of real time, or of what comes over a network in MB/s."""

    def render(self, task: Task) -> Text:
        media, size = task.fields.get("seconds"), task.fields.get("bytes")
        if not task.elapsed or not task.completed:
            return Text("")
        if size:
            return Text(f"{size * task.completed / task.elapsed / 1e6:.1f} MB/s", style="cyan")
        return Text(f"{media * task.completed / task.elapsed:.1f}x" if media else "", style="cyan")


class TerminalWatcher:
    """Shows the steps of a run: a live bar for each running one, a line for each that ended."""

    def __init__(self) -> None:
        self._live = err.is_terminal
        self._progress = Progress(
            TextColumn("[bold]{task.fields[stage]:<8}[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.percentage:>3.0f} %"),
            _Speed(),
            TimeRemainingColumn(compact=True),
            console=err,
            transient=True,
            disable=not self._live,
        )
        self._tasks: dict[Step, TaskID] = {}
        self._began: dict[Step, float] = {}

    def __enter__(self) -> TerminalWatcher:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, step: Step) -> Callable[[float], None]:
        """Shows a bar for the step."""
        task = self._progress.add_task(
            plain(step.label)[:48], total=1.0, stage=step.stage, seconds=step.seconds, bytes=step.bytes
        )
        self._tasks[step] = task
        self._began[step] = monotonic()
        return lambda fraction: self._progress.update(task, completed=min(1.0, max(0.0, fraction)))

    def end(self, step: Step, ending: Ending, detail: str = "") -> None:
        """Replaces the bar by a line."""
        task = self._tasks.pop(step, None)
        if task is not None:
            self._progress.remove_task(task)
        took = monotonic() - self._began.pop(step, monotonic())
        pace = f", {step.seconds / took:.1f}x real time" if step.seconds and took > 0.05 else ""
        pace = f", {step.bytes / took / 1e6:.1f} MB/s" if step.bytes and took > 0.05 else pace
        facts = {"done": f"{took:.1f} s{pace}", "kept": "kept from before", "failed": plain(detail)}[ending]
        err.print(
            f"{MARKS[ending]} [bold]{step.stage:<8}[/] {plain(step.label)}  [dim]{facts}[/]", soft_wrap=True
        )


# --- results ----------------------------------------------------------------------------------------


def show_json(data: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def show_outcome(outcome: Outcome, as_json: bool) -> None:
    """What a run came to: for machines the document, for people its parts as tables."""
    if as_json:
        from editron_core.lane import as_json as document

        show_json(document(outcome))
        return
    _show_files(outcome)
    _show_engines(outcome)
    if outcome.selection is not None:
        _show_moments(outcome)
    for cut in outcome.cuts:
        for timeline in cut.session.timelines:
            out.print(
                f"[bold]cut[/] {timeline.name}: {len(timeline.clips)} clips, {clock(timeline.duration)}"
            )
    for finding in outcome.findings:
        out.print(f"{FINDING_MARKS[finding.severity]} {plain(finding.message)}", soft_wrap=True)
    _show_deliverables(outcome)
    for complaint in outcome.complaints:
        fail(complaint)
    out.print(f"\n[bold]batch[/]  {outcome.batch.id[:8]}  {outcome.batch.status.value}")
    if outcome.report is not None:
        out.print(f"[bold]videos[/] {plain(str(outcome.report.absolute().parent))}", soft_wrap=True)
        out.print(f"[bold]report[/] {plain(str(outcome.report.absolute()))}", soft_wrap=True)


def show_status(data: dict[str, Any], as_json: bool) -> None:
    """Batches; with files, cuts and jobs where the data holds them."""
    if as_json:
        show_json(data)
        return
    if not data["batches"]:
        out.print("No batch yet. Take some footage in with [bold]editron run FOLDER[/].")
        return
    show_rows(
        data["batches"],
        {
            "id": "id",
            "name": "name",
            "status": "status",
            "files": "files",
            "failed": "failed",
            "size_bytes": "bytes",
            "created_at": "since",
        },
    )
    for part, columns in (
        ("files", {"name": "file", "status": "status", "duration": "seconds", "error": "error"}),
        ("cuts", CUT_COLUMNS),
        ("jobs", {"blueprint": "render", "status": "status", "progress_percent": "%", "error": "error"}),
    ):
        if data.get(part):
            show_rows(data[part], columns)


def show_cuts(data: dict[str, Any], as_json: bool) -> None:
    """The cuts of a batch and where they stand."""
    if as_json:
        show_json(data)
    elif data["cuts"]:
        show_rows(data["cuts"], CUT_COLUMNS)
    else:
        out.print("No cut yet. Make one with [bold]editron edit BATCH[/].")


def show_profile(profile: Profile) -> None:
    """One profile in full."""
    out.print(f"[bold]{plain(profile.name)}[/]  {profile.hash}\n{plain(profile.description)}")
    weights = sorted(profile.weights.items(), key=lambda item: (-item[1], item[0]))
    show_rows(
        [{"signal": n, "weight": f"{w:.3f}", "bar": "█" * round(w * 60)} for n, w in weights],
        {"signal": "signal", "weight": "weight", "bar": ""},
    )
    rest = {k: v for k, v in profile.to_data().items() if k not in ("name", "description", "weights")}
    out.print_json(json.dumps(rest, ensure_ascii=False))


def show_parts(parts: Sequence[Any], as_json: bool) -> None:
    """What `editron doctor` found."""
    rows = codec.dump(list(parts))
    if as_json:
        show_json({"parts": rows})
        return
    for row in rows:
        mark = {"ok": "[green]✓[/]", "degraded": "[yellow]![/]"}.get(row["state"], "[red]✗[/]")
        out.print(f"{mark} [bold]{plain(row['name']):<18}[/] {plain(row['detail'])}", soft_wrap=True)
        if row["state"] != "ok":
            out.print(f"  [dim]{'':<18} {plain(row['cost'])} {plain(row['remedy'])}[/]", soft_wrap=True)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """A table: `columns` maps the keys of `rows` to headings."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for key, title in columns.items():
        numeric = all(isinstance(row.get(key), (int, float)) for row in rows)
        narrow = key not in ("name", "file", "note", "error", "reason", "description", "deliverable")
        table.add_column(title, justify="right" if numeric else "left", overflow="fold", no_wrap=narrow)
    for row in rows:
        table.add_row(*(_cell(key, row.get(key)) for key in columns))
    out.print(table)


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    if key in ("id", "session", "hash"):
        return str(value)[:8]
    if key == "created_at":
        return str(value)[:16].replace("T", " ")
    return plain(str(value))


def _show_files(outcome: Outcome) -> None:
    rows = [
        {
            "name": file.name,
            "status": file.status.value,
            "length": clock(file.probe.duration) if file.probe else None,
            "picture": _picture(file),
            "note": file.error or "; ".join(file.probe.notes if file.probe else ()),
        }
        for file in outcome.files
    ]
    show_rows(rows, {key: key.replace("name", "file") for key in rows[0]})
    passed_over = outcome.batch.metadata.get("passed_over")
    if passed_over:
        out.print(f"[dim]{passed_over} other files in these folders are not footage[/]")


def _show_engines(outcome: Outcome) -> None:
    for role, use in outcome.engines.items():
        if use.fallback:
            out.print(
                f"[yellow]![/] {role}: {plain(use.name)}, because {plain(use.fallback)}", soft_wrap=True
            )


def _picture(file: MediaFile) -> str | None:
    video = file.probe.video if file.probe else None
    return f"{video.width}x{video.height} {float(video.fps):.4g} fps {video.codec}" if video else None


def _show_moments(outcome: Outcome) -> None:
    assert outcome.selection is not None
    rows = [
        {
            "score": f"{moment.score:.2f}",
            "span": str(moment.span),
            "file": outcome.footage[moment.file_id].name,
            "reason": moment.reason,
        }
        for moment in outcome.selection.moments
    ]
    if rows:
        show_rows(rows, {"score": "score", "span": "moment", "file": "file", "reason": "reason"})
    out.print(f"[dim]{plain(outcome.selection.explanation)}[/]", soft_wrap=True)


def _show_deliverables(outcome: Outcome) -> None:
    rows = [
        {
            "deliverable": Path(one.path).name,
            "aspect": one.aspect,
            "length": clock(one.duration),
            "size": f"{one.width}x{one.height}",
            "LUFS": one.loudness_lufs,
            "checks": f"{sum(check.passed for check in one.checks)}/{len(one.checks)}",
        }
        for one in outcome.deliverables
    ]
    if rows:
        show_rows(rows, {key: key for key in rows[0]})
