"""Webhooks under load: what is forged, what a durable answer costs beside a bare echo, and what a kill loses.

uv run pytest -m proof -n 0 -s tests/bench/test_webhook_proof.py
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from editron_core.config import settings
from editron_core.domain.access import Role
from editron_core.domain.intake import DropboxSource
from editron_core.store import Store
from tests.bench.hooks import SECRET, Answered, Post, free_port, post, send, serving

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]
POSTS, FORGED, KILLS = 10_000, 0.01, 20


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("DROPBOX_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("EDITRON_RATE_HOOKS", "1000000")
    settings.cache_clear()
    with Store.open(settings().database, settings().blobs) as opened:
        opened.keys.issue("admin", Role.ADMIN)  # as on every server that Dropbox can reach
        yield opened


@pytest.fixture
def accounts(store: Store) -> list[str]:
    made = [f"dbid:AAH{count:032d}" for count in range(50)]
    for account in made:
        store.sources.create(DropboxSource("", account, account_id=account))
    return made


def percentile(answers: list[Answered], share: float) -> float:
    times = sorted(one.seconds for one in answers)
    return 1000 * times[int(share * (len(times) - 1))]


def test_ten_thousand_notifications(store: Store, accounts: list[str]) -> None:
    chance, port, bare = random.Random(10), free_port(), free_port()
    forged = set(chance.sample(range(POSTS), int(POSTS * FORGED)))
    posts = [post(chance.choice(accounts), chance, forged=count in forged) for count in range(POSTS)]
    p99: dict[str, list[float]] = {"ours": [], "bare": []}
    with serving("api", port), serving("bare", bare):
        for each in (port, bare):
            send(each, posts[:500])  # both are warm
        for _ in range(3):
            echoed = send(bare, posts)
            began = time.perf_counter()
            answers = send(port, posts)
            seconds = time.perf_counter() - began
            p99["bare"].append(percentile(echoed, 0.99))
            p99["ours"].append(percentile(answers, 0.99))
            counts = Counter((one.post.genuine, one.status) for one in answers)
            print(
                f"\n{POSTS / seconds:.0f}/s: p50 {percentile(answers, 0.5):.1f} ms, "
                f"p99 {p99['ours'][-1]:.1f} ms; bare p50 {percentile(echoed, 0.5):.1f} ms, "
                f"p99 {p99['bare'][-1]:.1f} ms; {dict(counts)}"
            )
            assert counts == {(True, 200): POSTS - len(forged), (False, 403): len(forged)}
    ours, theirs = (sorted(p99[who])[1] for who in ("ours", "bare"))
    print(f"p99 {ours:.1f} ms, {ours / theirs:.1f} times the bare one's")
    assert ours <= 5 * theirs


def test_what_was_acknowledged_survives_kills(store: Store, accounts: list[str]) -> None:
    chance, port = random.Random(3), free_port()
    ids = {source.account_id: source.id for source in store.sources.list()}
    total = 0
    for count in range(KILLS):
        for source in ids.values():
            store.sources.finish(source, store.sources.begin(source))
        posts = [post(chance.choice(accounts), chance) for _ in range(2000)]
        stop_at = chance.randrange(1, 1500)
        with serving("api", port) as process:
            answers = _until_killed(port, posts, stop_at, process.kill)
        acknowledged = {one.post.account for one in answers if one.status == 200}
        dirty = {source.account_id for source in store.sources.list() if source.dirty}
        total += len(answers)
        print(f"\n{count + 1}/{KILLS}: {len(answers)} acknowledged, {len(acknowledged - dirty)} lost", end="")
        assert len(answers) < len(posts), "killed amid them"
        assert acknowledged <= dirty
    print(f"\n{total} acknowledged, 0 lost")


def _until_killed(port: int, posts: list[Post], stop_at: int, kill: Callable[[], None]) -> list[Answered]:
    """What is answered until the server is killed, which happens after so many answers."""
    reached = threading.Event()
    heard: list[Answered] = []

    def hear(one: Answered) -> None:
        heard.append(one)
        if len(heard) >= stop_at:
            reached.set()

    def wait() -> None:
        reached.wait(120)
        kill()

    killer = threading.Thread(target=wait)
    killer.start()
    send(port, posts, hear)
    killer.join()
    return heard
