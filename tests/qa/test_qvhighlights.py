"""QVHighlights: the published figures, and the rules that they follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from editron_core.errors import SourceError, UsageError
from editron_core.qa import qvhighlights
from editron_core.qa.retrieval import IOUS

QUERY = {"qid": 1, "duration": 20, "relevant_clip_ids": [], "saliency_scores": []}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def evaluate(tmp_path: Path, predictions: list[dict], truth: list[dict]) -> qvhighlights.Evaluation:
    return qvhighlights.evaluate(
        lines(tmp_path / "predictions.jsonl", predictions), lines(tmp_path / "truth.jsonl", truth)
    )


def test_the_figures_are_those_of_the_official_script(benchmarks: Path) -> None:
    folder = benchmarks / "qvhighlights_120"
    found = qvhighlights.evaluate(folder / "predictions.jsonl", folder / "ground_truth.jsonl").document()
    expected = json.loads((folder / "expected_metrics.json").read_text("utf-8"))

    assert found == expected
    assert list(found) == list(expected)


def test_a_query_counts_in_each_range_with_only_its_true_windows_of_that_length(tmp_path: Path) -> None:
    truth = [{**QUERY, "duration": 150, "relevant_windows": [[0, 10], [20, 50], [60, 100]]}]
    predictions = [{"qid": 1, "pred_relevant_windows": [[0, 10, 0.9], [60, 100, 0.8]]}]
    found = evaluate(tmp_path, predictions, truth).document()

    assert found["short"]["MR-R1"]["0.95"] == 100  # 10 s is short still
    assert found["middle"]["MR-R1"]["0.5"] == 0  # and 30 s is middle
    assert found["middle"]["MR-mAP"]["average"] == 0
    assert found["long"]["MR-R1"]["0.5"] == 0  # the first window is the short one
    assert found["long"]["MR-mAP"]["average"] == 50  # found second
    assert found["full"]["MR-mAP"]["average"] == pytest.approx(66.67)
    assert found["brief"]["MR-full-mAP"] == pytest.approx(66.67)


def test_a_range_without_a_query_has_no_figure(tmp_path: Path) -> None:
    truth = [{**QUERY, "relevant_windows": [[0, 10]]}]
    found = evaluate(tmp_path, [{"qid": 1, "pred_relevant_windows": [[0, 10, 1]]}], truth).document()

    assert found["long"]["MR-mAP"] == dict.fromkeys([*map(str, IOUS), "average"])
    assert found["brief"]["MR-long-mAP"] is None
    assert "HL-min-Fair" not in found


def test_only_ten_windows_count_and_none_is_a_miss(tmp_path: Path) -> None:
    truth = [{**QUERY, "qid": i, "relevant_windows": [[0, 10]]} for i in (1, 2)]
    wrong = [[12, 20, 0.5]] * 10
    predictions = [
        {"qid": 1, "pred_relevant_windows": [*wrong, [0, 10, 0.9]]},
        {"qid": 2, "pred_relevant_windows": []},
    ]
    found = evaluate(tmp_path, predictions, truth)

    assert found.document()["brief"]["MR-full-mAP"] == 0
    assert found.intervals()["MR-full-mAP"].count == 2


def test_highlights_by_eye(tmp_path: Path) -> None:
    # Clip 0 is VeryGood to one rater of three, clip 1 Fair to all; four clips, the last has no score: 0.
    truth = [
        {
            **QUERY,
            "duration": 8,
            "relevant_windows": [[0, 4]],
            "relevant_clip_ids": [0, 1],
            "saliency_scores": [[4, 1, 1], [2, 2, 2]],
        }
    ]
    found = evaluate(tmp_path, [{"qid": 1, "pred_saliency_scores": [0.9, -0.5, 0.3]}], truth).document()

    assert found["HL-min-VeryGood"] == {"HL-mAP": 33.33, "HL-Hit1": 100}
    # Order 0 2 3 1. The first rater finds 0 and 1 at ranks 1 and 4, the others 1 at rank 4.
    assert found["HL-min-Fair"] == {"HL-mAP": round(100 * (0.75 + 0.25 + 0.25) / 3, 2), "HL-Hit1": 100}
    assert "full" not in found


def test_the_best_clip_lies_beyond_the_video(tmp_path: Path) -> None:
    truth = [
        {
            **QUERY,
            "duration": 4,
            "relevant_windows": [[0, 4]],
            "relevant_clip_ids": [0, 1],
            "saliency_scores": [[4, 4, 4], [4, 4, 4]],
        }
    ]
    found = evaluate(tmp_path, [{"qid": 1, "pred_saliency_scores": [0, 0, 1]}], truth).document()

    assert found["HL-min-Fair"] == {"HL-mAP": 100, "HL-Hit1": 0}


def test_intervals_are_over_queries_and_hold_the_figure(benchmarks: Path) -> None:
    folder = benchmarks / "qvhighlights_120"
    found = qvhighlights.evaluate(folder / "predictions.jsonl", folder / "ground_truth.jsonl")
    brief = found.document()["brief"]

    for name, one in found.intervals().items():
        assert one.mean == pytest.approx(brief[name], abs=0.005)
        assert one.low < one.mean < one.high
        assert one.count == 120


TRUTH = [{**QUERY, "relevant_windows": [[0, 10]]}, {**QUERY, "qid": 2, "relevant_windows": [[0, 10]]}]
GOOD = [{"qid": 1, "pred_relevant_windows": [[0, 9, 1]]}, {"qid": 2, "pred_relevant_windows": [[0, 9, 1]]}]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"qid": 3}, "predictions.jsonl, line 2: the truth has no 3"),
        ({"qid": 1}, r"line 2: 1 stands in .*predictions.jsonl, line 1 already"),
        ({"qid": None}, "line 2: qid"),
        ({"pred_relevant_windows": [[0, 9]]}, "line 2: pred_relevant_windows.0.2: Field required"),
        ({"pred_relevant_windows": [[0, float("nan"), 1]]}, r"line 2: pred_relevant_windows.0.1: .*finite"),
        ({"pred_relevant_windows": None}, "line 2: has no pred_relevant_windows, unlike the first"),
        ({"pred_relevant_windows": 7}, "line 2: pred_relevant_windows: "),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path, change: dict, told: str) -> None:
    with pytest.raises(SourceError, match=told) as caught:
        evaluate(tmp_path, [GOOD[0], {**GOOD[1], **change}], TRUTH)
    assert "\n" not in str(caught.value)


def test_a_query_without_a_line_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"predictions.jsonl: holds nothing for 2 \(.*truth.jsonl, line 2\)"
    ):
        evaluate(tmp_path, GOOD[:1], TRUTH)


def test_truth_that_does_not_hold_together_is_told(tmp_path: Path) -> None:
    bare = [{**TRUTH[0], "relevant_windows": []}, TRUTH[1]]
    with pytest.raises(SourceError, match=r"truth.jsonl, line 1: has no relevant_windows"):
        evaluate(tmp_path, GOOD, bare)
    beyond = [{**TRUTH[0], "relevant_clip_ids": [10], "saliency_scores": [[1, 1, 1]]}]
    with pytest.raises(SourceError, match=r"line 1: .* do not fit 10 clips"):
        evaluate(tmp_path, [{"qid": 1, "pred_saliency_scores": [1]}], beyond)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"duration": float("inf")}, "duration: .*finite"),
        ({"duration": 0}, "duration: "),
        ({"relevant_windows": [[4, 4]]}, "relevant_windows: a window must end after it starts"),
    ],
)
def test_truth_that_cannot_be_is_told(tmp_path: Path, change: dict, told: str) -> None:
    with pytest.raises(SourceError, match=f"truth.jsonl, line 1: {told}"):
        evaluate(tmp_path, GOOD, [{**TRUTH[0], **change}, TRUTH[1]])


def test_predictions_without_anything_to_score_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 1: holds neither"):
        evaluate(tmp_path, [{"qid": 1}, {"qid": 2}], TRUTH)


def test_a_missing_file_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.jsonl: is not a file"):
        qvhighlights.evaluate(tmp_path / "nowhere.jsonl", lines(tmp_path / "truth.jsonl", TRUTH))
