"""A store with one of everything that the API shows, made in a moment: no lane has run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import polars as pl

from editron_core import process
from editron_core.domain.batch import AudioStream, BatchAnalysis, BatchStatus, MediaProbe, VideoStream
from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.domain.job import Check, Deliverable, EditSessionStatus, RenderJobStatus
from editron_core.domain.moment import Moment
from editron_core.domain.operations import DeadLetter
from editron_core.domain.timeline import Clip, Cue, Timeline
from editron_core.domain.transcript import Transcript, Word
from editron_core.media import ffmpeg
from editron_core.store import NewBatch, NewJob, NewSession, Stage, Store
from editron_core.times import Span

SECONDS = 4
SHA = hashlib.sha256(b"drawn").hexdigest()
PROBE = MediaProbe(
    container="mov,mp4",
    duration=Fraction(SECONDS),
    video=VideoStream(
        index=0,
        codec="h264",
        width=320,
        height=180,
        fps=Fraction(25),
        vfr=False,
        rotation=0,
        pixel_format="yuv420p",
        bit_depth=8,
        colour="bt709/bt709/bt709",
        hdr=False,
    ),
    audio=AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo"),
    size_bytes=1000,
)
MOMENT = Moment(
    SHA, Span.of(1, 3), 0.75, {"motion": 0.5, "faces": None}, {"motion": 0.75}, "It moves", "c" * 64
)
CUE = Cue(Span.of(0, 1), ("What a goal",), (Word("What", Span.of(0, "1/2")),))
TRANSCRIPT = Transcript("en", (Word("What", Span.of(1, "3/2")), Word("a", Span.of("3/2", 2))), "reel.srt")


@dataclass(frozen=True)
class Seeded:
    """The identifiers of what lies in the store."""

    project_id: str
    batch_id: str
    file_id: str
    broken_id: str
    """A file that failed, whose name is no UTF-8."""
    session_id: str
    job_id: str


def reel(name: str = "reel", start: int = 1) -> Timeline:
    """A cut of one clip of two seconds."""
    clip = Clip(SHA, Span.of(start, start + 2), MOMENT if start == 1 else None)
    return Timeline(name, "hero-reel", Fraction(25), ("16:9",), (clip,), (CUE,))


def seed(store: Store) -> Seeded:
    """Put one of everything into an empty store."""
    project = store.projects.ensure("The Cup")
    batch = store.batches.create(NewBatch("/footage", "cup final", project_id=project.id))
    file = store.files.add(batch.id, "goal.mp4", "/footage/goal.mp4")
    store.files.arrived(file.id, "/blobs/goal.mp4", SHA, 1000)
    store.files.probed(file.id, PROBE)
    broken = store.files.add(batch.id, "b\udce9.mov", "/footage/b\udce9.mov")
    store.files.set_status(broken.id, BatchStatus.FAILED, "is empty")
    for status in (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED):
        store.batches.set_status(batch.id, status)
        store.files.set_status(file.id, status)
    session = _cuts(store, batch.id)
    job = _render(store, batch.id, session)
    return Seeded(project.id, batch.id, file.id, broken.id, session, job)


def see(store: Store) -> Path:
    """Leave evidence of the drawn file, with a proxy that can be played; returns where it lies."""
    rows = SECONDS * 2
    table = pl.DataFrame(
        {
            "time_s": [row / 2 for row in range(rows)],
            **{name: pl.Series([row / rows for row in range(rows)], dtype=pl.Float32) for name in MEASURED},
            **{name: pl.Series([None] * rows, dtype=pl.Float32) for name in FOCUS},
            "focus_kind": pl.Series([None] * rows, dtype=pl.String),
            "embedding": pl.Series([None] * rows, dtype=pl.List(pl.Float32)),
        }
    )
    shots = (Span.of(0, 2), Span.of(2, SECONDS))
    found = Evidence(table, Fraction(SECONDS), shots, TRANSCRIPT, (EngineUse("sound", "dsp", "1"),))
    with store.ledger.run(Stage("analyze", (SHA,), {"made": "by hand"}, "1")) as claim:
        found.save(claim.folder)
        _draw(claim.folder / "proxy.mp4")
        return claim.publish({"rows": rows})


def _draw(path: Path) -> None:
    picture = ("-f", "lavfi", "-i", f"testsrc=size=160x90:rate=25:duration={SECONDS}")
    tone = ("-f", "lavfi", "-i", f"aevalsrc='0.5*sin(880*t)*gte(t,2)':d={SECONDS}:s=48000")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-shortest", f"file:{path}")
    ffmpeg.run([*picture, *tone, *codecs], limits=process.Limits(wall_s=60))


def _cuts(store: Store, batch_id: str) -> str:
    store.analyses.save(
        BatchAnalysis(
            batch_id, "the goal", "A goal.", (MOMENT,), {"pace": 1.5}, ({"blueprint": "hero-reel"},)
        )
    )
    made = store.sessions.ensure(NewSession(batch_id, "hero-reel", (reel(),), ("16:9",)))
    store.sessions.set_status(made.id, EditSessionStatus.NEEDS_REVIEW)
    return made.id


def _render(store: Store, batch_id: str, session_id: str) -> str:
    job = store.jobs.create(NewJob(session_id, ("web",)))
    check = Check("loudness", True, "-14 LUFS", "-14 +/- 1 LUFS")
    left = Deliverable(
        "/out/reel.mp4", "reel", "16:9", "web", Fraction(2), 320, 180, (), -14.0, -1.2, (check,)
    )
    store.jobs.delivered(job.id, (left,))
    store.jobs.set_status(job.id, RenderJobStatus.FAILED, "ffmpeg: ended with code 1")
    store.dead_letters.record(
        DeadLetter(
            "render", "reel", "ProcessFailed", "ended", "line one\nline two", 3, batch_id, job_id=job.id
        )
    )
    return job.id
