"""Brand kits of the store: what is uploaded for them, and that exports inherit them and stay as they were."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from editron_core.domain.brand import BrandKit, Bumper, Colours, Slate, Watermark
from editron_core.domain.review import BrandAsset
from editron_core.edit import fonts
from editron_core.errors import DefinitionError, NotFound, TooLarge, UsageError
from editron_core.lane import Lane, branding, cutting, dressing
from editron_core.lane.branding import Look, Sent
from editron_core.lane.order import Order
from editron_core.store import Store
from tests.render.drawing import ff, h264, numbered


def png(colour: str = "#ff4000", size: tuple[int, int] = (40, 20)) -> bytes:
    out = BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


def upload(store: Store, content: bytes, kind: str = "logo") -> BrandAsset:
    return branding.take(store, Sent("mine", kind), content)


def font() -> bytes:
    return fonts.shipped()[0].path.read_bytes()


def test_what_is_uploaded_is_known_by_what_it_holds_and_not_by_its_name(store: Store) -> None:
    assert branding.take(store, Sent("logo.exe", "logo"), png()).kind == "logo"
    assert upload(store, font(), "font").size_bytes == len(font())
    for kind, content in {"logo": font(), "watermark": b"<svg onload=alert(1)>", "font": png()}.items():
        with pytest.raises(DefinitionError):
            upload(store, content, kind)
    with pytest.raises(UsageError, match="nothing that a kit uses"):
        upload(store, png(), "intro.mp4")
    assert len(store.brands.assets().items) == 2


def film(folder: Path, seconds: float = 1) -> bytes:
    path = folder / "own.mp4"
    ff(*numbered("25", seconds), *h264(), str(path))
    return path.read_bytes()


def test_a_clip_is_kept_with_its_length_and_seen_before_the_cut(store: Store, tmp_path: Path) -> None:
    kit = BrandKit("acme", intro=Bumper(f"blob:{upload(store, film(tmp_path), 'bumper').sha256}"))
    kept = store.brands.get(branding.save(store, kit, "ann").id)
    assert kept.intro == replace(kit.intro, seconds=1.0)
    placed = branding.placed(store, kept)
    assert Path(placed.files["intro"]).read_bytes() == film(tmp_path)
    with Image.open(BytesIO(branding.drawn(store, kit, Look("intro")))) as image:
        assert image.size == (1920, 1080)


def test_what_is_no_clip_of_half_a_second_to_half_a_minute_is_refused(store: Store, tmp_path: Path) -> None:
    whole = film(tmp_path)
    for wrong in (png(), whole[: len(whole) // 3], film(tmp_path, 0.2), film(tmp_path, 31)):
        with pytest.raises(DefinitionError):
            upload(store, wrong, "bumper")
    assert store.brands.assets().items == ()


@pytest.mark.parametrize("cut", [8, 40, 70])
def test_half_a_picture_is_refused(store: Store, cut: int) -> None:
    with pytest.raises(DefinitionError, match="no whole PNG"):
        upload(store, png()[:cut])


@pytest.mark.parametrize("cut", [4, 11, 300, 3000, 60_000])
def test_half_a_font_is_refused(store: Store, cut: int) -> None:
    with pytest.raises(DefinitionError, match="not a usable font"):
        upload(store, font()[:cut], "font")


def test_too_large_a_file_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(branding.LIMITS, "logo", 50)
    with pytest.raises(TooLarge):
        upload(store, png())


def test_a_kit_is_kept_only_if_it_can_be_drawn(store: Store) -> None:
    for wrong in (
        BrandKit("acme", logo="/etc/passwd"),
        BrandKit("acme", title_font="Comic Sans"),
        BrandKit("acme", logo="blob:" + "e" * 64),
    ):
        with pytest.raises((UsageError, DefinitionError, NotFound)):
            branding.save(store, wrong, "ann")
    logo = upload(store, png()).sha256
    assert branding.save(store, BrandKit("acme", logo=f"blob:{logo}"), "ann").version == 1


def test_a_project_s_cuts_inherit_its_kit_and_those_made_before_stay_as_they_were(
    lane: Lane, store: Store, clips: Path
) -> None:
    project = store.projects.ensure("The Cup").id
    logo = upload(store, png()).sha256
    kit = BrandKit("acme", logo=f"blob:{logo}", intro=Slate("Acme"), watermark=Watermark(text="ACME"))
    first = branding.save(store, kit, "ann", project)
    store.brands.choose(project, first.id, "ann")
    order = Order(blueprints=("shorts",))
    outcome = lane.score(lane.analyze(lane.ingest([str(clips)])), order)
    outcome = replace(outcome, batch=replace(outcome.batch, project_id=project))

    (before,) = lane.edit(outcome, order).cuts
    assert (before.brand.name, before.brand.intro) == ("acme", Slate("Acme"))
    second = branding.save(store, replace(kit, colours=Colours(primary="#00ff88")), "ben", project)
    store.brands.choose(project, second.id, "ben")

    kept = store.sessions.get(before.session.id)
    again = cutting.reopened(lane.desk, outcome, kept, dressing.order_of(kept))
    assert (again.brand, again.key) == (before.brand, before.key)
    assert kept.timelines[0].content_hash == before.session.timelines[0].content_hash
    assert kept.timelines[0].look == cutting.shown_as(again.blueprint, again.brand)

    (after,) = lane.edit(outcome, order).cuts
    assert after.brand.colours.primary == "#00ff88"
    assert after.session.timelines[0].content_hash != before.session.timelines[0].content_hash
    plain = lane.edit(replace(outcome, batch=replace(outcome.batch, project_id=None)), order).cuts[0]
    assert plain.brand == BrandKit()


def test_the_look_of_a_kit_does_not_depend_on_where_its_files_lie(tmp_path: Path) -> None:
    places = [tmp_path / "here.png", tmp_path / "there.png"]
    for place in places:
        place.write_bytes(png())
    for kits in (
        [BrandKit(logo=str(place)) for place in places],
        [BrandKit(outro=Bumper(str(place), 2.0)) for place in places],
    ):
        facts = [cutting.brand_facts(kit) for kit in kits]
        assert facts[0] == facts[1] != cutting.brand_facts(BrandKit())


def test_a_kit_is_seen_on_a_cut_and_on_its_slates(store: Store) -> None:
    kit = BrandKit("acme", intro=Slate("Hello"), watermark=Watermark(text="ACME", opacity=1.0))
    seen = {part: branding.drawn(store, kit, Look(part)) for part in ("cut", "intro")}
    plain = branding.drawn(store, BrandKit(), Look())
    for picture in (*seen.values(), plain):
        with Image.open(BytesIO(picture)) as image:
            assert image.size == (1920, 1080)
    assert len({plain, *seen.values()}) == 3
    with pytest.raises(UsageError, match="has no outro"):
        branding.drawn(store, kit, Look("outro"))
