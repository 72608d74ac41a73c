"""The golden dataset: what was frozen comes back, kinds stay apart, and the holdout stays shut."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from editron_core.domain import codec
from editron_core.domain.evidence import FOCUS
from editron_core.errors import UsageError
from editron_core.qa import freeze, golden, keep, recipe
from editron_core.qa.golden import Kind, Raters, Split
from editron_core.score import derive, profile
from tests.qa.made_golden import made_golden, made_item, made_set

DEFAULT = profile.load("default")


def _mixed(folder: Path) -> golden.GoldenSet:
    return made_set(
        folder,
        made_item("a"),
        made_item("b", locale="de"),
        made_item("held", split=Split.HOLDOUT),
        made_item("drawn", Kind.DRAWN),
        made_item("drawn-held", Kind.DRAWN, Split.HOLDOUT),
    )


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    found = made_set(tmp_path, made_item("drawn", Kind.DRAWN)).one("drawn")
    made = made_golden(made_item("drawn", Kind.DRAWN))
    assert found.item == made.item
    assert found.truth == made.truth
    assert found.evidence.table.equals(made.evidence.table)
    assert found.evidence.transcript == made.evidence.transcript
    assert found.evidence.shots == made.evidence.shots


def test_kinds_and_splits_are_opened_one_at_a_time(tmp_path: Path) -> None:
    found = _mixed(tmp_path)
    assert [g.item.id for g in found.open(Kind.REAL)] == ["a", "b"]
    assert [g.item.id for g in found.open(Kind.DRAWN)] == ["drawn"]
    assert found.open(Kind.REAL, Split.REVIEW) == ()
    assert [item.id for item in found.items] == ["a", "b", "drawn", "drawn-held", "held"]


def test_labels_of_people_and_of_machines_are_opened_one_at_a_time(tmp_path: Path) -> None:
    found = made_set(tmp_path, made_item("a"), made_item("b", raters="people"))
    with pytest.raises(UsageError, match="automated and people raters, who are never mixed"):
        found.open(Kind.REAL)
    assert [g.item.id for g in found.open(Kind.REAL, raters=Raters.PEOPLE)] == ["b"]
    assert [g.item.id for g in found.real("automated")] == ["a"]
    assert found.panels == ((Kind.REAL, Raters.AUTOMATED), (Kind.REAL, Raters.PEOPLE))


def test_raters_without_items_are_told_how_to_come_by_some(tmp_path: Path) -> None:
    found = made_set(tmp_path, made_item("a"), made_item("b", split=Split.REVIEW, raters="people"))
    with pytest.raises(UsageError, match=r"no real items rated by people raters .*qa freeze --from-labels"):
        found.real(Raters.PEOPLE)


def test_a_plain_word_opens_what_it_says_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    found = _mixed(tmp_path)
    assert [g.item.id for g in found.open("real", "tune", "automated")] == ["a", "b"]
    with pytest.raises(UsageError, match=r"reel: is no kind \(use drawn, real\)"):
        found.open("reel")
    with pytest.raises(UsageError, match="promotion only"):
        found.open("real", "holdout")


def test_what_holds_nothing_out_is_not_read(tmp_path: Path) -> None:
    found = made_set(tmp_path, made_item("a"), made_item("held", split=Split.HOLDOUT))
    with pytest.raises(UsageError, match="holds out no real items rated by people raters"):
        found.holdout(lambda: pytest.fail("was recorded"), raters=Raters.PEOPLE)


def test_the_holdout_opens_only_after_the_reading_was_recorded(tmp_path: Path) -> None:
    found = _mixed(tmp_path)
    for shut in (lambda: found.open(Kind.REAL, Split.HOLDOUT), lambda: found.one("held")):
        with pytest.raises(UsageError, match="promotion only"):
            shut()
    recorded: list[str] = []
    assert [g.item.id for g in found.holdout(lambda: recorded.append("read"))] == ["held"]
    assert recorded == ["read"]
    assert [g.item.id for g in found.holdout(lambda: None, Kind.DRAWN)] == ["drawn-held"]


def test_a_reading_that_cannot_be_recorded_does_not_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _mixed(tmp_path)
    monkeypatch.setattr(golden.GoldenSet, "_read", lambda self, entry: pytest.fail("was read"))

    def refuse() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        found.holdout(refuse)


def test_real_items_keep_no_picture_and_no_word(tmp_path: Path) -> None:
    found = made_set(tmp_path, made_item("a")).one("a")
    table = found.evidence.table
    for name in ("embedding", "focus_kind", "focus_x", "focus_y", "focus_w", "focus_h"):
        assert table[name].null_count() == len(table), name
    assert table.schema == made_golden(made_item("a")).evidence.table.schema
    assert table["motion"].null_count() == 0
    assert found.evidence.transcript is None
    assert sorted(path.name for path in (tmp_path / "evidence" / "a").iterdir()) == ["evidence.parquet"]


def test_the_panel_is_the_mean_of_the_raters(tmp_path: Path) -> None:
    made = made_golden(made_item("a"))
    truth = golden.Truth(made.truth.window_s, {"r1": (1, 5), "r2": (2, 2)}, {}, None)
    assert truth.panel.tolist() == [1.5, 3.5]


def test_where_a_rater_said_nothing_the_others_speak() -> None:
    window = made_golden(made_item("a")).truth.window_s
    truth = golden.Truth(window, {"r1": (None, 1, None), "r2": (None, 2, 4)}, {}, None)
    assert np.isnan(truth.panel[0])
    assert truth.panel[1:].tolist() == [1.5, 4]
    assert codec.load(golden.Truth, codec.dump(truth)) == truth


def test_a_row_belongs_to_the_window_that_it_begins_in() -> None:
    truth = golden.Truth(Fraction(2), {"r1": (1, 2)}, {}, None)
    assert truth.windows(6, Fraction(3, 4)).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("ratings", [{}, {"r1": (1, 2), "r2": (1,)}, {"r1": (0, 2)}, {"r1": (5.5,)}])
def test_ratings_that_do_not_fit_together_are_refused(ratings: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match=r"rat(e|ings)"):
        golden.Truth(made_golden(made_item("a")).truth.window_s, ratings, {}, None)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.json: is missing.*editron qa freeze"):
        golden.load(tmp_path)


def test_an_unknown_id_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nobody: is no golden item .*a, b, drawn"):
        _mixed(tmp_path).one("nobody")


@pytest.mark.parametrize("name", ["truth/held.json", "evidence/a/evidence.parquet"])
def test_a_frozen_file_that_was_changed_is_refused(tmp_path: Path, name: str) -> None:
    _mixed(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UsageError, match=f"{name}: is not what was frozen.*editron qa freeze"):
        golden.load(tmp_path)


def test_a_frozen_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    _mixed(tmp_path)
    (tmp_path / "truth/a.json").unlink()
    with pytest.raises(UsageError, match=r"truth/a\.json: cannot be read"):
        golden.load(tmp_path)


def test_an_item_without_checksums_is_refused(tmp_path: Path) -> None:
    _mixed(tmp_path)
    manifest = tmp_path / "manifest.json"
    data = json.loads(manifest.read_text())
    data["items"][0]["files"] = {}
    manifest.write_text(json.dumps(data))
    with pytest.raises(UsageError, match="no checksum"):
        golden.load(tmp_path)


@pytest.mark.parametrize(("was", "becomes"), [('"tune"', '"toon"'), ("{", "{,"), ('"items"', '"itens"')])
def test_a_manifest_that_does_not_hold_together_is_refused(tmp_path: Path, was: str, becomes: str) -> None:
    _mixed(tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(was, becomes, 1))
    with pytest.raises(UsageError, match=r"manifest\.json: does not hold together"):
        golden.load(tmp_path)


def test_labels_that_do_not_cover_the_clip_are_refused(tmp_path: Path) -> None:
    short = made_golden(made_item("a"))
    few = {rater: row[:-3] for rater, row in short.truth.ratings.items()}
    keep.keep(
        tmp_path,
        [golden.Golden(short.item, short.evidence, golden.Truth(short.truth.window_s, few, {}, None))],
    )
    with pytest.raises(UsageError, match="a: has 7 rated windows of 2 s, and 20 s of evidence"):
        golden.load(tmp_path).one("a")


def test_a_mixture_of_formulas_shows(tmp_path: Path) -> None:
    one = made_set(tmp_path / "one", made_item("a"), made_item("b"))
    two = made_set(tmp_path / "two", made_item("a"), made_item("b", formula="f2"))
    assert one.formulas == {"f1": ("a", "b")}
    assert two.formulas == {"f1": ("a",), "f2": ("b",)}


def test_keeping_again_gives_the_same_bytes_and_leaves_the_others(tmp_path: Path) -> None:
    _mixed(tmp_path)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    keep.keep(tmp_path, [made_golden(made_item("b", locale="de"), 1)])
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before


def test_drawn_items_have_prompts_that_their_frames_are_compared_with(tmp_path: Path) -> None:
    found = _mixed(tmp_path)
    drawn, real = found.one("drawn"), found.one("a")
    values = derive.vision_prompt(drawn.evidence, drawn.prompts(DEFAULT))
    assert np.ptp(values) > 0.05
    assert real.prompts(DEFAULT) is None


# --- what is in the repository --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> golden.GoldenSet:
    return golden.load()


def test_the_drawn_items_cover_five_locales_and_five_genres_in_the_tune_split(
    shipped: golden.GoldenSet,
) -> None:
    tune = [item for item in shipped.items if item.kind is Kind.DRAWN and item.split is Split.TUNE]
    assert len({item.locale for item in tune}) >= 5
    assert len({item.genre for item in tune}) >= 5
    assert {item.raters for item in tune} == {Raters.CONSTRUCTION}


def test_the_drawn_items_are_those_of_the_recipes_as_they_are_now(shipped: golden.GoldenSet) -> None:
    now = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in freeze.RECIPES.glob("*.toml")}
    frozen = {item.id: item.checksum for item in shipped.items if item.kind is Kind.DRAWN}
    assert frozen == now, "a recipe changed: editron qa freeze"
    assert not set(now) & {path.stem for path in recipe.shipped()}  # the demo draws others


def test_the_holdout_of_the_real_items_is_the_five_ids_of_smallest_hash(shipped: golden.GoldenSet) -> None:
    real = [item for item in shipped.items if item.kind is Kind.REAL]
    order = sorted((item.id for item in real), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert len(real) == 14
    assert {item.id for item in real if item.split is Split.HOLDOUT} == set(order[:5])
    assert {(item.raters, item.rater_count) for item in real} == {(Raters.AUTOMATED, 5)}


def test_no_picture_and_no_word_of_a_real_clip_is_in_the_repository(shipped: golden.GoldenSet) -> None:
    for found in shipped.open(Kind.REAL):
        table = found.evidence.table
        hidden = [*FOCUS, "focus_kind", "embedding"]
        assert table.select(pl.col(hidden).is_not_null().any()).row(0) == (False,) * len(hidden)
        assert found.truth.brief == ""
    for item in shipped.items:
        if item.kind is Kind.REAL:
            names = [path.name for path in (golden.FOLDER / "evidence" / item.id).iterdir()]
            assert names == ["evidence.parquet"], item.id


def test_every_drawn_item_has_its_channels(shipped: golden.GoldenSet) -> None:
    """Prompts and words are there to be weighed, and differ within the item."""
    for found in shipped.open(Kind.DRAWN):
        prompts = found.prompts(DEFAULT)
        assert np.ptp(derive.vision_prompt(found.evidence, prompts)) > 0.1, found.item.id
        assert np.ptp(derive.brief_coverage(found.evidence, found.brief, prompts)) > 0.1, found.item.id
        assert found.evidence.table["speech_rate"].max() > 0, found.item.id


def test_all_evidence_is_of_one_formula_and_small(shipped: golden.GoldenSet) -> None:
    assert len(shipped.formulas) == 1, "frozen by different code: editron qa freeze FOOTAGE"
    frozen = [golden.FOLDER / name for entry in shipped.entries for name in entry.files]
    assert sum(path.stat().st_size for path in frozen) < 1_000_000
