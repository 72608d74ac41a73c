"""A store with a drawn batch that can be looked at, cut and signed: made in a second, no lane has run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from editron_core import process
from editron_core.domain import codec
from editron_core.domain.batch import BatchAnalysis, BatchStatus, MediaBatch
from editron_core.domain.brand import BrandKit
from editron_core.domain.evidence import FOCUS, MEASURED, EngineUse, Evidence
from editron_core.domain.job import EditSessionStatus
from editron_core.domain.moment import Moment
from editron_core.domain.timeline import Clip, Timeline
from editron_core.domain.transcript import Transcript, Word
from editron_core.edit import captions
from editron_core.lane import cutting
from editron_core.lane.order import Order
from editron_core.media import ffmpeg
from editron_core.media.probe import probe
from editron_core.review import revisions
from editron_core.store import NewBatch, NewSession, Stage, Store
from editron_core.times import Span

SECONDS = 12
SAID = "Here comes Maya with the ball. She shoots and it is a goal! What a day that was."
WAY = (BatchStatus.DOWNLOADING, BatchStatus.READY, BatchStatus.ANALYZING, BatchStatus.ANALYZED)
RATE = Fraction(25)


@dataclass(frozen=True)
class Staged:
    """What lies in the store."""

    batch: str
    file: str
    reel: str
    """The session of the hero reel: one cut of three clips."""
    shorts: str
    """The session of the shorts: one cut with karaoke captions."""


def draw(path: Path, seconds: int = SECONDS) -> None:
    """A clip that changes in every frame, with a tone that comes and goes."""
    picture = ("-f", "lavfi", "-i", f"testsrc=size=320x180:rate=25:duration={seconds}")
    tone = ("-f", "lavfi", "-i", f"aevalsrc='0.5*sin(880*t)*lt(mod(t,2),1)':d={seconds}:s=48000")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac")
    line = [*picture, *tone, *codecs, "-movflags", "+faststart", "-y", f"file:{path}"]
    ffmpeg.run(line, limits=process.Limits(wall_s=60))


def transcript(words: Sequence[str], seconds: float = SECONDS) -> Transcript:
    """Words evenly over the file, with little silences between."""
    step = Fraction(round(1000 * seconds)) / 1000 / len(words)
    return Transcript(
        "en", tuple(Word(w, Span(n * step, n * step + step * 3 / 4)) for n, w in enumerate(words)), "drawn"
    )


def evidence(said: Transcript | None, seconds: float = SECONDS, fallback: str | None = None) -> Evidence:
    """Signals that move, three shots, and who looked."""
    rows = round(seconds * 2)
    at = np.arange(rows) / 2
    columns = {name: 0.5 + 0.45 * np.sin(at / (1 + k) + k) for k, name in enumerate(MEASURED)}
    table = pl.DataFrame(
        {
            "time_s": at,
            **{name: pl.Series(values, dtype=pl.Float32) for name, values in columns.items()},
            **{name: pl.Series([None] * rows, dtype=pl.Float32) for name in FOCUS},
            "focus_kind": pl.Series([None] * rows, dtype=pl.String),
            "embedding": pl.Series([None] * rows, dtype=pl.List(pl.Float32)),
        }
    )
    third = Fraction(round(seconds * 1000), 3000)
    shots = tuple(Span(n * third, (n + 1) * third) for n in range(3))
    engines = (EngineUse("speech", "drawn", "1", fallback), EngineUse("sound", "dsp", "1"))
    return Evidence(table, Fraction(round(seconds * 1000), 1000), shots, said, engines)


def analysed(store: Store, sha256: str, found: Evidence, proxy: Path | None) -> None:
    """Leave evidence of a file in the ledger, as its analysis would."""
    with store.ledger.run(Stage("analyze", (sha256,), {"made": "by hand"}, "1")) as claim:
        found.save(claim.folder)
        peaks = [abs(float(np.sin(n / 7))) for n in range(round(float(found.duration) * 10))]
        (claim.folder / "peaks.json").write_text(str({"per_second": 10, "peaks": peaks}).replace("'", '"'))
        if proxy is not None:
            (claim.folder / "proxy.mp4").write_bytes(proxy.read_bytes())
        claim.publish({"rows": found.table.height})


def arrived(store: Store, name: str, clip: Path, sha256: str) -> MediaBatch:
    """A batch of one file that is analysed, as far as its records tell; `analysed` leaves the evidence."""
    batch = store.batches.create(NewBatch(f"/footage/{name}", name))
    file = store.files.add(batch.id, clip.name, f"/footage/{name}/{clip.name}")
    store.files.arrived(file.id, str(clip), sha256, clip.stat().st_size)
    store.files.probed(file.id, probe(clip))
    for status in WAY:
        store.batches.set_status(batch.id, status)
        store.files.set_status(file.id, status)
    return batch


def moment(sha256: str, start: float, end: float, reason: str = "A goal", score: float = 0.7) -> Moment:
    parts = {"motion": 0.4, "loudness": 0.3}
    return Moment(
        sha256, Span.of(start, end), score, {"motion": 0.6, "loudness": 0.5}, parts, reason, "c" * 64
    )


def session(store: Store, batch: str, plan_name: str, clips: Sequence[Clip], said: Transcript) -> str:
    """A session of one cut, waiting for review."""
    order = Order(blueprints=(plan_name,))
    (plan,) = cutting.plans(order)
    name = plan_name if plan.kind == "reel" else f"{plan_name}-01"
    bare = Timeline(name, plan.name, RATE, plan.aspects, tuple(clips))
    cues = captions.cues_for(bare.placed(), {clip.file_id: said for clip in clips}, RATE)
    cut = replace(bare, cues=cues, look=cutting.shown_as(plan, BrandKit()))
    facts: dict[str, Any] = {"order": codec.dump(order), revisions.FAMILY: revisions.family_of((cut,))}
    made = store.sessions.ensure(NewSession(batch, plan.name, (cut,), plan.aspects, metadata=facts))
    return store.sessions.set_status(made.id, EditSessionStatus.NEEDS_REVIEW).id


def stage(store: Store, folder: Path, name: str = "cup final") -> Staged:
    """Put a batch of one drawn file and one broken one into a store."""
    clip = folder / "goal.mp4"
    draw(clip)
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    batch = store.batches.create(NewBatch(f"/footage/{name}", name))
    file = store.files.add(batch.id, "goal.mp4", f"/footage/{name}/goal.mp4")
    store.files.arrived(file.id, str(clip), sha256, clip.stat().st_size)
    store.files.probed(file.id, probe(clip))
    broken = store.files.add(batch.id, "broken.mov", f"/footage/{name}/broken.mov")
    store.files.set_status(broken.id, BatchStatus.FAILED, "holds no picture (export it again)")
    for status in WAY:
        store.batches.set_status(batch.id, status)
        store.files.set_status(file.id, status)
    said = transcript(SAID.split())
    analysed(store, sha256, evidence(said, fallback="no weights here (connect once)"), clip)
    moments = (moment(sha256, 5, 7, score=0.8), moment(sha256, 1, 3), moment(sha256, 9, 11))
    store.analyses.save(
        BatchAnalysis(
            batch.id,
            "the goal",
            "One file, 0:12 of footage in 3 shots.",
            moments,
            {"figures": {"duration_s": 12.0, "shots": 3.0, "mean_shot_s": 4.0}, "warnings": ["It is dark."]},
            ({"blueprint": "hero-reel", "aspect": "16:9", "reason": "3 moments to tell a story with"},),
        )
    )
    clips = [Clip(sha256, one.span, one) for one in sorted(moments, key=lambda one: one.span)]
    reel = session(store, batch.id, "hero-reel", clips, said)
    shorts = session(store, batch.id, "shorts", clips[1:2], said)
    return Staged(batch.id, file.id, reel, shorts)
