"""Alerts and dashboard: they name what exists, and each alert was made to fire and to stay silent."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from editron_core.config import ROOT, Settings
from editron_core.domain.job import RenderPriority
from editron_core.telemetry import METRICS
from editron_core.telemetry.stages import Outcome
from flows.schedules import served

FOLDER = ROOT / "flows" / "observability"
FROM_PROMETHEUS = {"up": ("instance", "job")}
SERIES = {name: metric.labels for metric in METRICS.values() for name in metric.series} | FROM_PROMETHEUS
NAME = re.compile(r"\b(?:editron_\w+|up)\b(?=\s*[{\[)]|\s|$)")
SELECTOR = re.compile(r"\b(editron_\w+|up)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
GROUPING = re.compile(r"\b(?:by|on|without) \(([^)]*)\)")
VALUES = {
    "outcome": {*get_args(Outcome), "timed_out", "stopped"},
    "priority": set(RenderPriority),
    "flow": set(served()),
    "job": {"editron"},
}
"""What labels that name a choice of ours may hold."""


def faults(expression: str) -> Iterator[str]:
    """What an expression names that nobody exports."""
    named = set(NAME.findall(expression))
    if not named:
        yield f"names no metric: {expression}"
    for name in named - set(SERIES):
        yield f"no metric {name}"
    labels = {"le"} if any(name.endswith("_bucket") for name in named) else set()
    labels |= {label for name in named for label in SERIES.get(name, ())}
    for name, inside in SELECTOR.findall(expression):
        for label, value in MATCHER.findall(inside):
            if label not in SERIES.get(name, ()):
                yield f"{name} has no label {label}"
            known = VALUES.get(label)
            if known and not any(re.fullmatch(value, one) for one in known):
                yield f"{label} is never {value}"
    for group in GROUPING.findall(expression):
        for label in (word.strip() for word in group.split(",")):
            if label and label not in labels:
                yield f"no label {label} in {expression}"


def rules(path: Path = FOLDER / "alerts.yml") -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def queries() -> list[str]:
    panels = json.loads((FOLDER / "grafana-dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        reason = "needs promtool: apt-get install prometheus"
        if Settings().require_promtool:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_names_what_exists(rule: dict[str, Any]) -> None:
    assert not list(faults(rule["expr"]))
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_has_its_section_in_the_runbook(rule: dict[str, Any]) -> None:
    place, _, anchor = rule["annotations"]["runbook"].partition("#")
    titles = re.findall(r"^### (\w+)$", (ROOT / place).read_text(), re.MULTILINE)
    assert titles.count(rule["alert"]) == 1
    assert anchor == rule["alert"].lower()


@pytest.mark.parametrize("query", queries())
def test_the_dashboard_asks_for_what_exists(query: str) -> None:
    assert not list(faults(query))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("editron_dead_letters", "editron_dead_leters"),
        ("editron_stage_seconds_bucket", "editron_stage_seconds"),
        ("editron_stages_total", "editron_stages"),
        ("by (stage)", "by (stages)"),
        ('outcome="failed"', 'result="failed"'),
        ('outcome="failed"', 'outcome="failing"'),
        ('priority="rush"', 'priority="urgent"'),
        ('flow="poll_sources"', 'flow="poll"'),
    ],
)
def test_what_is_misspelt_is_found(before: str, after: str) -> None:
    expressions = [*(rule["expr"] for rule in rules()), *queries()]
    changed = [one.replace(before, after) for one in expressions if before in one]
    assert changed
    assert all(list(faults(one)) for one in changed)


def test_the_dashboard_shows_every_metric() -> None:
    shown = {name for query in queries() for name in NAME.findall(query)}
    missing = [metric.name for metric in METRICS.values() if not set(metric.series) & shown]
    assert not missing


def test_each_alert_is_made_to_fire_and_to_stay_silent() -> None:
    told: dict[str, set[bool]] = {rule["alert"]: set() for rule in rules()}
    for test in yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]:
        for case in test["alert_rule_test"]:
            told[case["alertname"]].add(bool(case["exp_alerts"]))
    assert {name: seen for name, seen in told.items() if seen != {True, False}} == {}


def test_promtool_finds_that_each_alert_does_as_said(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", "alerts.test.yml"], cwd=FOLDER, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_configuration_and_every_query(promtool: str, tmp_path: Path) -> None:
    records = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "q", "rules": records}]}))
    for words in (["config", str(FOLDER / "prometheus.yml")], ["rules", str(tmp_path / "queries.yml")]):
        done = subprocess.run([promtool, "check", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_that_never_fire_are_found(promtool: str, tmp_path: Path) -> None:
    shutil.copy(FOLDER / "alerts.test.yml", tmp_path)
    broken = re.sub(r"expr: (.*)", "expr: vector(1) > 2", (FOLDER / "alerts.yml").read_text())
    broken = re.sub(r"(vector\(1\) > 2)(\n {10}.*)+", r"\1", broken)  # of those with several lines
    (tmp_path / "alerts.yml").write_text(broken)
    done = subprocess.run(
        [promtool, "test", "rules", "alerts.test.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    failed = set(re.findall(r"alertname: (\w+)", done.stdout + done.stderr))
    assert failed == {rule["alert"] for rule in rules()}
