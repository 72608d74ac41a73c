"""The report of a run: one self-contained page for people.

`report.html` asks nothing of any server: styles, script and plots stand in the page, and a
content-security policy forbids the rest. Only the videos lie beside it, named by relative paths. Text
from footage (names, transcripts, reasons) is escaped by the template, without exception.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from urllib.parse import quote

from editron_core.domain.job import Severity
from editron_core.errors import UsageError
from editron_core.report import views
from editron_core.report.document import RunDocument
from editron_core.report.plot import plot
from editron_core.times import clock

__all__ = ["RunDocument", "write_report"]

TEMPLATES = Path(__file__).parent.parent / "templates"


def write_report(document: RunDocument, folder: Path) -> Path:
    """Write `report.html` into `folder` and return its path; the same document gives the same bytes.

    Raises UsageError where the number of clips is not that of the moments.
    """
    if document.clips and len(document.clips) != len(document.moments):
        raise UsageError(
            f"got {len(document.clips)} clips for {len(document.moments)} moments", subject="report"
        )
    path = folder / "report.html"
    part = folder / ".report.html.part"
    folder.mkdir(parents=True, exist_ok=True)
    part.write_text(_page(document, folder), encoding="utf-8")
    return part.replace(path)


def _page(document: RunDocument, folder: Path) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "url": lambda path: _url(path, folder)}
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("report.css", "report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        document=document,
        style=Markup(style),  # our own file, not text from anywhere else
        script=Markup(script),
        script_hash=digest,
        facts=views.facts(document),
        moments=views.moments(document),
        plots=[plot(document, file) for file in document.files if file.id in document.evidence],
        transcripts=views.transcripts(document),
        files=[views.file(file) for file in document.files],
        engines=views.engines(document.evidence),
        timings=views.timings(document.timings),
        findings=sorted(
            document.findings, key=lambda finding: list(Severity).index(finding.severity), reverse=True
        ),
        names={file.id: file.name for file in document.files},
    )


def _url(path: Path | str | None, folder: Path) -> str:
    """A relative URL from the report to `path`; empty for none, and for what lies outside its folder."""
    if path is None:
        return ""
    relative = os.path.relpath(path, folder)
    return "" if relative.startswith("..") else quote(relative.replace(os.sep, "/"))
