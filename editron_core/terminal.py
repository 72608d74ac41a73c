"""What a person sees in a terminal: progress, tables, and one plain line for an error.

Progress and messages go to stderr, results to stdout. On anything but a terminal there are no
progress bars: one line for each step that ended.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from editron_core.domain.progress import Outcome, Step

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
MARKS = {"done": "[green]✓[/]", "kept": "[dim]=[/]", "failed": "[red]✗[/]"}


def plain(text: str) -> str:
    """Text from a file or a person, made inert: no Rich markup, no control characters."""
    return escape("".join(char if char.isprintable() else "�" for char in text))


def fail(message: str) -> None:
    """One line on stderr that says what went wrong."""
    err.print(f"[bold red]error:[/] {plain(message)}", soft_wrap=True)


class _Speed(ProgressColumn):
    """Speed as a multiple of real time."""

    def render(self, task: Task) -> Text:
        media = task.fields.get("seconds")
        if not media or not task.elapsed or not task.completed:
            return Text("")
        return Text(f"{media * task.completed / task.elapsed:.1f}x", style="cyan")


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
        self._tasks: dict[Step, int] = {}
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
            plain(step.label)[:48], total=1.0, stage=step.stage, seconds=step.seconds
        )
        self._tasks[step] = task
        self._began[step] = monotonic()
        return lambda fraction: self._progress.update(task, completed=min(1.0, max(0.0, fraction)))

    def end(self, step: Step, outcome: Outcome, detail: str = "") -> None:
        """Replaces the bar by a line."""
        task = self._tasks.pop(step, None)
        if task is not None:
            self._progress.remove_task(task)  # type: ignore[arg-type]
        took = monotonic() - self._began.pop(step, monotonic())
        pace = f", {step.seconds / took:.1f}x real time" if step.seconds and took > 0.05 else ""
        facts = {"done": f"{took:.1f} s{pace}", "kept": "kept from before", "failed": plain(detail)}[outcome]
        err.print(
            f"{MARKS[outcome]} [bold]{step.stage:<8}[/] {plain(step.label)}  [dim]{facts}[/]", soft_wrap=True
        )
