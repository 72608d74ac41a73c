"""`editron qa` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from editron_core.cli import app
from editron_core.score.spans import spans_from_curve


def qa(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["qa", *map(str, arguments)])


def lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def picked(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def files(benchmarks: Path) -> tuple[Path, Path]:
    folder = benchmarks / "qvhighlights_120"
    return folder / "predictions.jsonl", folder / "ground_truth.jsonl"


def test_evaluate_prints_the_official_figures_as_one_document(benchmarks: Path, files) -> None:
    predictions, truth = files
    found = qa(
        "evaluate", "--format", "qvhighlights", "--predictions", predictions, "--truth", truth, "--json"
    )
    document = json.loads(found.stdout)
    expected = json.loads((benchmarks / "qvhighlights_120" / "expected_metrics.json").read_text("utf-8"))

    assert found.exit_code == 0
    assert {key: document[key] for key in expected} == expected
    assert document["queries"] == 120
    assert document["intervals"]["MR-full-mAP"]["low"] < expected["brief"]["MR-full-mAP"]


def test_evaluate_shows_people_figures_intervals_and_how_to_read_them(files) -> None:
    predictions, truth = files
    found = qa("evaluate", "--format", "qvhighlights", "--predictions", predictions, "--truth", truth)

    assert "MR-full-R1@0.5" in found.stdout
    assert "46.67 to 65.00" in found.stdout
    assert "120 queries. R1: share of queries" in found.stdout


def test_the_picker_beats_one_line_of_code_and_the_trained_head(files, tmp_path: Path) -> None:
    predictions, truth = files
    out = tmp_path / "picked.jsonl"

    assert qa("pick", "--format", "qvhighlights", "--predictions", predictions, "--out", out).exit_code == 0
    arguments = ("--format", "qvhighlights", "--predictions", out, "--truth", truth, "--json")
    brief = json.loads(qa("evaluate", *arguments).stdout)["brief"]
    # The best of both on all 1,550 queries.
    assert brief["MR-full-R1@0.5"] > 53.9
    assert brief["MR-full-R1@0.7"] > 36.0
    assert brief["MR-full-mAP"] > 32.2


def test_the_picker_reads_curves_alone_and_picks_as_the_lane_does(tmp_path: Path) -> None:
    curve = [0.1] * 5 + [0.9] * 4 + [0.1] * 6 + [0.7] * 3
    rows = [
        {"qid": 1, "query": "a goal", "pred_saliency_scores": curve, "pred_relevant_windows": [[0, 2, 1.0]]},
        {"qid": 2, "pred_saliency_scores": curve},
    ]
    out = tmp_path / "out.jsonl"
    found = qa("pick", "--predictions", lines(tmp_path / "in.jsonl", rows), "--out", out, "--json")
    one, other = picked(out)

    assert json.loads(found.stdout) == {"out": str(out), "queries": 2, "windows": 4}
    assert one["pred_relevant_windows"] == other["pred_relevant_windows"]
    spans = [(c.span.start, c.span.end) for c in spans_from_curve(curve, 2)]
    assert [tuple(window[:2]) for window in one["pred_relevant_windows"]] == spans
    assert one["pred_relevant_windows"][0][:2] == [10, 18]
    assert one["query"] == "a goal"


def test_curves_with_gaps_constant_short_and_empty_have_a_rule(tmp_path: Path) -> None:
    curves = [
        [None, float("nan"), 1.0, 1.0, 0.0],
        [0.3, 0.3, 0.3],
        [0.5],
        [],
        [None, None],
    ]
    rows = [{"qid": i, "pred_saliency_scores": curve} for i, curve in enumerate(curves)]
    out = tmp_path / "out.jsonl"
    found = qa("pick", "--predictions", lines(tmp_path / "in.jsonl", rows), "--out", out)
    windows = [[w[:2] for w in row["pred_relevant_windows"]] for row in picked(out)]

    assert windows == [[[4, 8]], [[0, 6]], [[0, 2]], [], []]
    assert picked(out)[0]["pred_saliency_scores"] == [None, None, 1, 1, 0]
    assert "2 curves without any known value got none" in found.stdout


def test_tvsum_is_read_likewise(tmp_path: Path) -> None:
    truth, predictions = tmp_path / "truth.json", tmp_path / "predictions.json"
    truth.write_text(json.dumps([{"video": "v", "shots": [[1, 2, 3, 4, 5, 1, 1]]}]), "utf-8")
    predictions.write_text(json.dumps([{"video": "v", "scores": [1, 2, 3, 4, 5, 0, 0]}]), "utf-8")
    arguments = ("evaluate", "--format", "tvsum", "--predictions", predictions, "--truth", truth)
    document = json.loads(qa(*arguments, "--json").stdout)

    assert document["kendall"] > 0.9
    assert document["f1"] == 1
    assert document["videos"] == document["intervals"]["kendall"]["count"] == 1
    assert "Kendall tau-b, each rater" in qa(*arguments).stdout


@pytest.mark.parametrize(
    ("name", "text", "code", "told"),
    [
        ("nowhere.jsonl", None, 2, "nowhere.jsonl: is not a file"),
        ("p.jsonl", '{"qid": 1, "pred_saliency_scores": [1]}\n{"qid', 1, "p.jsonl, line 2: is not JSON"),
        ("p.jsonl", '{"qid": 1}', 1, "p.jsonl, line 1: pred_saliency_scores: Field required"),
        (
            "p.jsonl",
            '{"qid": 1, "pred_saliency_scores": ["x"]}',
            1,
            "p.jsonl, line 1: pred_saliency_scores.0",
        ),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(tmp_path: Path, name, text, code, told) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    found = qa("pick", "--predictions", tmp_path / name, "--out", tmp_path / "out.jsonl")

    assert found.exit_code == code
    assert told in found.stderr
    assert found.stderr.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    rows = lines(tmp_path / "in.jsonl", [{"qid": 1, "pred_saliency_scores": [1, 0]}])
    found = qa("pick", "--predictions", rows, "--out", tmp_path / "no" / "out.jsonl")

    assert found.exit_code == 1
    assert found.stderr.count("\n") == 1
    assert "out.jsonl" in found.stderr
