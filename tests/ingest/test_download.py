"""Downloads over connections and servers that fail in every way: whole and right, or refused."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from editron_core.errors import Busy, DiskFull, SourceError
from editron_core.ingest import download, dropbox_session, parts
from editron_core.ingest.download import Fetched, Refused, Report, Unavailable, fetch
from editron_core.ingest.dropbox import Place
from editron_core.ingest.fake_dropbox import (
    Account,
    Content,
    Do,
    Entry,
    FakeDropbox,
    Fault,
    Transfer,
    broken,
    expired,
    page,
    rate_limited,
    refused,
    unsatisfiable,
)
from editron_core.ingest.parts import BLOCK, Part, Wanted
from tests.ingest.dropboxes import Door, client_for, remote_of

MIB = 1 << 20
SIZE = 3 * BLOCK + 12_345
DATA = random.Random(5).randbytes(BLOCK + 777)
HOLED = Content.sparse(SIZE, {0: DATA[:100_000], BLOCK + 5: DATA[: BLOCK // 2], SIZE - 10: b"the end..."})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of our own choice are short; what a server asks for is kept."""
    monkeypatch.setattr(download, "FIRST_WAIT_S", 0.001)


@pytest.fixture
def fake() -> Iterator[FakeDropbox]:
    with FakeDropbox() as running:
        yield running


@pytest.fixture
def account(fake: FakeDropbox) -> Account:
    return fake.account()


@pytest.fixture
def entry(account: Account) -> Entry:
    return account.put("/a/Clip.MP4", HOLED)


class Desk:
    """Folders of one receiver, and a door to one file."""

    def __init__(self, fake: FakeDropbox, account: Account | None, tmp_path: Path) -> None:
        self.fake = fake
        self.client = client_for(fake, account)
        self.parts, self.staging = tmp_path / "parts", tmp_path / "staging"
        for folder in (self.parts, self.staging):
            folder.mkdir()
        self.tries: list[str] = []

    def door(self, entry: Entry, **told: object) -> Door:
        return Door(self.client, remote_of(entry, **told))  # type: ignore[arg-type]

    def fetch(self, entry: Entry, share: Callable[[float], None] = lambda share: None) -> Fetched:
        return self.through(self.door(entry), share)

    def through(self, door: Door, share: Callable[[float], None] = lambda share: None) -> Fetched:
        report = Report(share, failed=lambda error: self.tries.append(error.reason))
        return fetch(door, self.client.wanted(door.remote), self.parts, self.staging, report)


@pytest.fixture
def desk(fake: FakeDropbox, account: Account, tmp_path: Path) -> Desk:
    return Desk(fake, account, tmp_path)


def right(fetched: Fetched, content: Content) -> bool:
    path = fetched.arrival.path
    data = content.read(0, content.size)
    return path.read_bytes() == data and fetched.arrival.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("size", "digest"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (4_194_304, "d4d63bac5b866c71620185392a8a6218ac1092454a2d16f820363b69852befa3"),
        (4_194_305, "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92"),
        (8_388_609, "02c8a4aefc2bfc9036f89a7098001865885938ca580e5c9e5db672385edd303c"),
    ],
)
def test_the_known_hashes_are_those_of_what_arrives(
    desk: Desk, account: Account, size: int, digest: str
) -> None:
    content = Content.of(b"A" * size)
    fetched = desk.fetch(account.put("/a.mov", content))
    assert content.content_hash == digest
    assert fetched.by_hash
    assert right(fetched, content)
    assert fetched.arrival.path.suffix == ".mov"
    assert list(desk.parts.iterdir()) == []


def test_holes_stay_holes(desk: Desk, account: Account) -> None:
    content = Content.sparse(200 * MIB, {0: DATA[:5000], 100 * MIB: DATA[:5000]})
    fetched = desk.fetch(account.put("/a.mp4", content))
    assert fetched.arrival.size_bytes == 200 * MIB
    assert fetched.arrival.path.stat().st_blocks * 512 < MIB


def test_a_transfer_that_is_cut_goes_on_at_the_byte(desk: Desk, entry: Entry) -> None:
    cuts = [1, 700, BLOCK - 701, 3 * MIB, 0]
    desk.fake.script("files/download", *(Transfer(cut=cut) for cut in cuts))
    fetched = desk.fetch(entry)
    assert right(fetched, HOLED)
    assert fetched.received == SIZE
    assert desk.fake.sent == SIZE, "no byte was sent twice"
    asked = [one.range for one in desk.fake.asked if one.route == "files/download"]
    assert asked == ["", "bytes=1-", "bytes=701-", f"bytes={BLOCK}-", f"bytes={BLOCK + 3 * MIB}-", asked[-1]]


def test_tries_count_since_something_came(desk: Desk, account: Account) -> None:
    content = Content.sparse(20 * BLOCK, {0: b"x"})
    desk.fake.every("files/download", Transfer(cut=BLOCK))
    assert right(desk.fetch(account.put("/long.mp4", content)), content)
    assert len(desk.tries) > download.ATTEMPTS


def test_one_that_stands_still_is_given_up_and_what_came_is_kept(desk: Desk, entry: Entry) -> None:
    desk.fake.script("files/download", Transfer(cut=2 * BLOCK))
    desk.fake.every("files/download", broken(500))
    with pytest.raises(Unavailable, match="500"):
        desk.fetch(entry)
    desk.fake.every("files/download", None)
    fetched = desk.fetch(entry)
    assert fetched.received == SIZE - 2 * BLOCK
    assert right(fetched, HOLED)


LIES: list[Fault] = [
    Transfer(whole=True),
    Transfer(shift=5),
    Transfer(longer=7),
    Transfer(longer=-7),
    Transfer(flip=BLOCK + 9),
    Transfer(flip=2 * BLOCK + 5),
    Transfer(stall=(BLOCK, 5.0)),
    unsatisfiable(),
    page(),
    broken(500),
    broken(503),
    expired(),
    rate_limited(1),
    rate_limited(1, "writes"),
    rate_limited(1, "text"),
]


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("lie", LIES, ids=str)
def test_lies_and_failures_never_spoil_a_file(
    desk: Desk, entry: Entry, lie: Fault, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropbox_session, "IDLE_S", 0.3)
    desk.client = client_for(desk.fake, desk.fake.state.accounts[0])
    before = [Transfer(cut=BLOCK + 17)] * at
    desk.fake.script("files/download", *before, lie)
    fetched = desk.fetch(entry)
    assert right(fetched, HOLED)
    assert fetched.by_hash


def test_a_server_that_knows_no_ranges_is_asked_from_the_beginning(desk: Desk, entry: Entry) -> None:
    desk.fake.script("files/download", Transfer(cut=BLOCK), *[Transfer(whole=True)] * 3)
    assert right(desk.fetch(entry), HOLED)


def test_what_never_has_the_promised_content_is_refused(desk: Desk, entry: Entry) -> None:
    desk.fake.every("files/download", Transfer(flip=9))
    with pytest.raises(SourceError, match="another content"):
        desk.fetch(entry)
    assert list(desk.parts.iterdir()) == []
    assert list(desk.staging.iterdir()) == []


@pytest.mark.parametrize("shape", ["json", "writes", "text"])
def test_nobody_asks_again_before_the_time(desk: Desk, account: Account, shape: str) -> None:
    entries = [account.put(f"/{count}.mp4", Content.of(DATA[:1000] + bytes([count]))) for count in range(4)]
    desk.client.account_id()
    desk.fake.script("files/download", rate_limited(2, shape))  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(desk.fetch, entries[0])
        time.sleep(0.5)
        others = [pool.submit(desk.fetch, entry) for entry in entries[1:]]
        assert all(future.result().by_hash for future in (first, *others))
    asked = [one.at for one in desk.fake.asked if one.route == "files/download"]
    assert min(asked[1:]) - asked[0] >= 2.0


def test_an_expired_token_is_renewed_once_for_all(desk: Desk, account: Account) -> None:
    contents = [Content.sparse(4 * BLOCK, {0: bytes([count, 1])}) for count in range(8)]
    entries = [account.put(f"/{count}.mp4", content) for count, content in enumerate(contents)]
    desk.client.account_id()
    assert desk.fake.state.refreshed == 1
    desk.fake.script("files/download", *[Transfer(cut=BLOCK)] * 8)
    desk.fake.expire_tokens()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(desk.fetch, entries))
    assert all(fetched.by_hash for fetched in done)
    assert desk.fake.state.refreshed == 2


def test_a_revoked_permission_is_said_at_once(desk: Desk, account: Account, entry: Entry) -> None:
    account.revoked = True
    with pytest.raises(Refused) as error:
        desk.fetch(entry)
    assert error.value.needs_reauth
    assert desk.tries == []


@pytest.mark.parametrize("tag", ["path/restricted_content", "path/not_found", "unsupported_file"])
def test_what_will_not_get_better_is_not_tried_again(desk: Desk, entry: Entry, tag: str) -> None:
    desk.fake.every("files/download", refused(tag))
    with pytest.raises(Refused, match=tag) as error:
        desk.fetch(entry)
    assert error.value.tag == tag
    assert sum(one.route == "files/download" for one in desk.fake.asked) == 1


def test_a_file_behind_a_link_that_is_replaced_begins_anew(
    fake: FakeDropbox, account: Account, tmp_path: Path
) -> None:
    first = account.put("/p/clip.mp4", HOLED)
    link = fake.share(account, "/p")
    desk = Desk(fake, None, tmp_path)
    after = Content.sparse(2 * BLOCK + 5, {3: b"new"})
    fake.script(
        "sharing/get_shared_link_file",
        Transfer(cut=2 * BLOCK),
        Do(lambda: account.put("/p/clip.mp4", after) and None),
    )
    fetched = desk.through(
        Door(desk.client, remote_of(first, path="/clip.mp4", hashed=False), Place(link=link))
    )
    assert right(fetched, after)
    assert not fetched.by_hash


def test_two_revisions_never_mix_whatever_process_began(desk: Desk, account: Account, entry: Entry) -> None:
    desk.fake.script("files/download", Transfer(cut=2 * BLOCK))
    desk.fake.every("files/download", broken())
    with pytest.raises(Unavailable):
        desk.fetch(entry)
    desk.fake.every("files/download", None)
    other = Content.sparse(SIZE, {1: b"other"})
    assert right(desk.fetch(account.put("/a/Clip.MP4", other)), other)


def test_what_a_torn_journal_says_is_not_believed(
    desk: Desk, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    desk.fake.script("files/download", Transfer(cut=2 * BLOCK), broken(), broken())
    with pytest.raises(Unavailable):
        desk.fetch(entry)
    [journal], [data] = desk.parts.glob("*.journal"), desk.parts.glob("*.part")
    whole, zeros = journal.read_bytes(), bytes(32)
    for kept, blocks in (
        (whole, 2),
        (whole[:-1], 1),
        (whole[:-33], 0),
        (whole[:-32] + zeros, 1),
        (whole + b"torn", 2),
        (whole + zeros * 9, 2),
        (b"", 0),
        (b"{", 0),
        (whole[:20], 0),
    ):
        journal.write_bytes(kept)
        os.truncate(data, SIZE)
        part = Part(desk.parts, desk.client.wanted(remote_of(entry)))
        assert part.received == blocks * BLOCK
        part.close()
    assert right(desk.fetch(entry), HOLED)


def fill(part: Part, data: bytes) -> None:
    while data:
        taken, data = data[: part.room], data[part.room :]
        part.write(taken)


def test_what_was_on_the_disk_but_not_in_the_journal_is_gone(tmp_path: Path) -> None:
    content = bytes(range(256)) * (BLOCK // 256) + bytes(2 * BLOCK)
    digest = Content.of(content).content_hash
    wanted = Wanted("id", "a.mp4", "rev", len(content), digest)
    part = Part(tmp_path, wanted)
    fill(part, content[:BLOCK])
    part.close()
    torn = next(tmp_path.glob("*.part"))
    with torn.open("r+b") as file:  # written, and then the machine lost its power
        file.seek(BLOCK + 5)
        file.write(b"rubbish where there will be a hole")
    again = Part(tmp_path, wanted)
    assert again.received == BLOCK
    for at in range(BLOCK, len(content), BLOCK):
        fill(again, content[at : at + BLOCK])
    assert again.settled()
    path, sha256 = again.finish(tmp_path)
    again.close()
    assert path.read_bytes() == content
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_one_process_at_a_time(desk: Desk, entry: Entry) -> None:
    part = Part(desk.parts, desk.client.wanted(remote_of(entry)))
    with pytest.raises(Busy):
        desk.fetch(entry)
    part.close()
    assert desk.fetch(entry).by_hash


def test_a_disk_that_is_too_small_is_said_before_anything_comes(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = os.statvfs(desk.parts)
    huge = account.put("/huge.mp4", Content.sparse(free.f_bavail * free.f_frsize * 2))
    with pytest.raises(DiskFull, match="disk_full"):
        desk.fetch(huge)
    assert desk.fake.sent == 0


def test_a_disk_that_fills_up_keeps_what_came(
    desk: Desk, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, data: bytes, offset: int) -> int:
        if offset >= BLOCK:
            raise OSError(28, "No space left on device")
        return os.pwrite(handle, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(parts, "_write", full)
        with pytest.raises(DiskFull, match="disk_full"):
            desk.fetch(entry)
    fetched = desk.fetch(entry)
    assert fetched.received <= SIZE - BLOCK
    assert right(fetched, HOLED)


def test_who_watches_hears_of_it_and_may_end_it(
    desk: Desk, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "REPORT_S", 0.0)
    told: list[float] = []
    desk.fetch(entry, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    desk.fake.every("files/download", rate_limited(3600))
    other = desk.fake.state.accounts[0].put("/b.mp4", HOLED)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        desk.fetch(other, stop)
    assert time.monotonic() - began < 5, "also while it waits"


def test_a_reader_never_sees_half_a_file(desk: Desk, account: Account) -> None:
    content = Content.sparse(64 * MIB, {0: DATA, 40 * MIB: DATA})
    entry = account.put("/a.mp4", content)
    desk.fake.every("files/download", Transfer(cut=5 * MIB))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(desk.fetch, entry)
        polls = 0
        while not future.done():
            polls += 1
            sizes = [path.stat().st_size for path in desk.staging.iterdir()]
            blocks = [path.stat().st_blocks * 512 for path in desk.staging.iterdir()]
            assert all(size == content.size for size in sizes)
            assert all(block >= 2 * len(DATA) for block in blocks)
        assert right(future.result(), content)
    assert polls > 10
