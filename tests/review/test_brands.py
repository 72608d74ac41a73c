"""What the page of brand kits shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editron_core.domain.brand import BrandKit, Colours
from editron_core.domain.review import BrandAsset
from editron_core.edit import fonts
from editron_core.errors import NotFound
from editron_core.review import brands
from editron_core.store import Store

KIT = BrandKit("acme", colours=Colours(primary="#ff0000"))


def test_an_empty_store_gives_the_plain_kit_to_begin_with(store: Store) -> None:
    shown = brands.shown(store, {})
    assert (shown["kits"], shown["version"]) == ([], None)
    assert shown["plain"]["colours"]["text"] == "#ffffff"
    assert "Roboto" in shown["families"]


def test_versions_stand_under_their_kit_and_the_chosen_one_is_marked(store: Store) -> None:
    project = store.projects.ensure("The Cup").id
    first = store.brands.save(KIT, "ann", project)
    second = store.brands.save(replace(KIT, title_font="Source Sans Pro"), "ben", project)
    store.brands.save(KIT, "olga")
    store.brands.choose(project, first.id, "ann")
    shown = brands.shown(store, {})
    mine = next(one for one in shown["kits"] if one["project"] == project)
    assert [(one["version"], one["author"], one["chosen"]) for one in mine["versions"]] == [
        (2, "ben", False),
        (1, "ann", True),
    ]
    assert len(shown["kits"]) == 2  # everybody's kit of the same name is another one
    assert shown["projects"] == [{"id": project, "name": "The Cup", "brand": first.id}]
    assert brands.shown(store, {"version": second.id})["version"]["kit"]["title_font"] == "Source Sans Pro"
    with pytest.raises(NotFound):
        brands.shown(store, {"version": "0" * 64})


def test_what_a_lane_applied_from_a_file_is_no_kit_that_people_edit(store: Store) -> None:
    store.brands.remember(KIT)
    assert brands.shown(store, {})["kits"] == []


def test_an_uploaded_font_is_offered_by_its_family(store: Store) -> None:
    path = fonts.shipped()[0].path
    store.brands.add_asset(BrandAsset(store.blobs.put(path), "mine.ttf", "font", 1))
    store.brands.add_asset(BrandAsset("e" * 64, "gone.ttf", "font", 1))  # its bytes were cleared away
    families = {one["name"]: one["family"] for one in brands.shown(store, {})["assets"]}
    assert families == {"mine.ttf": fonts.shipped()[0].family, "gone.ttf": ""}
