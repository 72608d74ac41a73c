"""Sixty payloads through everything that comes with footage: none of them runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from editron_core.domain.batch import BatchAnalysis, BatchStatus
from editron_core.domain.brand import BrandKit
from editron_core.domain.finding import Finding, Overlay
from editron_core.domain.intake import DropboxSource, MappingRule, SourceKind
from editron_core.domain.job import Decision, RenderJobStatus, Verdict
from editron_core.domain.registry import QaKind
from editron_core.domain.review import CaptionLine
from editron_core.domain.timeline import Clip
from editron_core.lane import captioning, revising
from editron_core.media.probe import probe
from editron_core.store import NewBatch, NewJob
from editron_core.times import Span
from tests.apps.conftest import As, Served
from tests.apps.payloads import PAYLOADS
from tests.apps.stage import WAY, analysed, draw, evidence, moment, session, transcript


@pytest.fixture(scope="module")
def hostile(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A batch in which every text that came from outside is a payload."""
    clip = tmp_path_factory.mktemp("hostile") / "clip.mp4"
    draw(clip)
    sha256 = hashlib.sha256(b"hostile").hexdigest()
    said = transcript(PAYLOADS)
    with served.store() as store:
        batch = store.batches.create(NewBatch("/footage/hostile", PAYLOADS[0]))
        ids = []
        for number, payload in enumerate(PAYLOADS):
            file = store.files.add(batch.id, payload, f"/footage/hostile/{number}")
            ids.append(file.id)
            if number:
                store.files.set_status(file.id, BatchStatus.FAILED, payload)
        store.files.arrived(ids[0], str(clip), sha256, clip.stat().st_size)
        store.files.probed(ids[0], probe(clip))
        for status in WAY:
            store.batches.set_status(batch.id, status)
            store.files.set_status(ids[0], status)
        analysed(store, sha256, evidence(said, fallback=PAYLOADS[11]), clip)
        chosen = tuple(
            moment(sha256, n / 10, n / 10 + 0.2, payload, 0.5) for n, payload in enumerate(PAYLOADS)
        )
        told = {"keywords": list(PAYLOADS), "languages": list(PAYLOADS[:3]), "warnings": list(PAYLOADS)}
        targets = tuple({"blueprint": one, "aspect": one, "reason": one} for one in PAYLOADS)
        store.analyses.save(BatchAnalysis(batch.id, PAYLOADS[1], PAYLOADS[2], chosen, told, targets))
        cut = session(store, batch.id, "hero-reel", [Clip(sha256, Span.of(0, 10), chosen[5])], said)
        timeline = store.sessions.get(cut).timelines[0]
        for payload in PAYLOADS:
            store.decisions.add(
                Decision("", cut, timeline.name, timeline.content_hash, Verdict.REJECT, payload, payload)
            )
        now = captioning.of_file(store, ids[0])
        lines = [CaptionLine(Span.of(n / 10, n / 10 + 0.1), payload) for n, payload in enumerate(PAYLOADS)]
        captioning.save(store, ids[0], lines, PAYLOADS[3], now.version)
        assert revising.current(store, store.sessions.list(batch.id)[0].id).metadata["changed"]["author"]
        return batch.id


@pytest.fixture(scope="module")
def hostile_world(served: Served, hostile: str) -> None:
    """Beside the batch, whatever people and other systems name is a payload too."""
    with served.store() as store:
        session = store.sessions.list(hostile)[-1]
        project = store.projects.ensure(PAYLOADS[4])
        run = store.qa_runs.begin(QaKind.REGRESS, PAYLOADS[5], PAYLOADS[6])
        store.qa_runs.finish(run.id, {"passed": False, "changes": [], "frames": []})
        for number, payload in enumerate(PAYLOADS):
            member = store.members.create(payload, f"someone{number}@example.org")
            source = store.sources.create(
                DropboxSource(
                    "", payload, SourceKind.SHARED_LINK, source_url=f"https://www.dropbox.com/{payload}"
                )
            )
            store.sources.fail(source.id, payload)
            store.mappings.create(MappingRule(f"/{payload}", project.id))
            store.brands.save(BrandKit(name=payload), payload, project.id)
            finding = store.findings.create(
                Finding(
                    "",
                    payload,
                    payload,
                    author=payload,
                    assignee_id=member.id,
                    locale=payload,
                    genre=payload,
                    subject=payload,
                    overlays=(Overlay(payload, "/api/batches"),),
                )
            )
            store.findings.comment(finding.id, payload, payload)
            job = store.jobs.create(NewJob(session.id, (payload,), (payload,)))
            with store.jobs.holding(store.jobs.claim_one(job.id, payload)):
                store.jobs.set_status(job.id, RenderJobStatus.FAILED, payload)


@pytest.fixture
def watched(page_as: As) -> Iterator[Page]:
    """A page on which nothing that a payload does goes unseen."""
    page = page_as("olga")
    hits: list[str] = []
    page.expose_function("pwned", lambda: hits.append("called"))
    page.on("dialog", lambda dialog: (hits.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: hits.append(asked.url) if _asks(asked.url) else None)
    yield page
    page.wait_for_timeout(500)
    assert not hits


def _asks(url: str) -> bool:
    """Whether an address is one that only a payload that ran would ask for."""
    asked = urlsplit(url)
    return asked.path.startswith("/pwned") or "pwned" in (asked.hostname or "")


def test_there_are_sixty() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("app", ["batches", "report", "moments", "captions"])
def test_no_text_of_a_batch_runs(app: str, watched: Page, served: Served, hostile: str) -> None:
    watched.goto(f"{served.url}/apps/{app}/?batch={hostile}")
    expect(watched.get_by_text(PAYLOADS[0], exact=True).first).to_be_visible()  # as it stands
    if app == "report":
        expect(watched.locator(".card")).to_have_count(len(PAYLOADS))
        for number in (20, 40, 59):
            watched.get_by_label("Find a file").fill(PAYLOADS[number])
            watched.locator(".line.item").first.click()
            expect(watched.get_by_role("alert").first).to_contain_text(PAYLOADS[number])
    if app == "moments":
        expect(watched.get_by_text(PAYLOADS[30]).first).to_be_attached()
    if app == "captions":
        expect(watched.locator(".capline textarea").first).to_have_value(PAYLOADS[0])


def opened(page: Page, app: str) -> None:
    """Bring out what an app keeps folded away."""
    if app == "qa":
        page.get_by_role("button", name=PAYLOADS[-1], exact=False).first.click()
        expect(page.get_by_text(PAYLOADS[-1], exact=True).nth(1)).to_be_visible()
    if app == "brands":
        page.get_by_text(PAYLOADS[7], exact=True).first.click()


@pytest.mark.parametrize("app", ["board", "brands", "lab", "labels", "qa", "renders", "sources"])
@pytest.mark.usefixtures("hostile_world")
def test_nothing_that_people_name_runs(app: str, watched: Page, served: Served, hostile: str) -> None:
    watched.goto(f"{served.url}/apps/{app}/?batch={hostile}")
    expect(watched.get_by_text(PAYLOADS[0]).first).to_be_attached()
    opened(watched, app)
    drawn = watched.evaluate(
        """() => [...document.querySelectorAll("marimo-anywidget, .ed")].flatMap((one) => {
          const root = one.shadowRoot ?? one;
          return [...root.querySelectorAll("script, iframe, object, embed, math")];
        }).length"""
    )
    assert drawn == 0


def test_no_error_runs_wherever_it_is_shown(watched: Page, served: Served) -> None:
    watched.goto(f"{served.url}/apps/report/?batch={PAYLOADS[11]}")
    expect(watched.get_by_role("alert")).to_be_visible()
    drawn = watched.evaluate(
        """async (payloads) => {
          const kit = await import("/apps/static/kit.js");
          const place = document.createElement("div");
          document.body.append(place);
          let refused = 0;
          for (const text of payloads) {
            kit.say(text, "bad");
            const link = kit.h("a", { href: text, title: text, class: text }, text);
            const picture = kit.h("img", { src: text, alt: text });
            place.append(kit.trouble(text), kit.empty(text, text), kit.chip(text), link, picture);
            if (!["http:", "about:"].includes(new URL(link.href || "about:blank").protocol)) refused++;
          }
          const never = "script, iframe, object, embed, svg, math, style, form";
          return refused + place.querySelectorAll(never).length;
        }""",
        list(PAYLOADS),
    )
    assert drawn == 0
