"""What is deployed by hand: as far as its form can be checked without building anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from editron_core.config import ROOT, Settings

FOLDER = ROOT / "flows/deploy"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())


def _composes() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60).returncode == 0


NOT_OURS = {"FOOTAGE", "DATABASE_PASSWORD_FILE", "EDITRON_IMAGE", "EDITRON_LIMIT"}


def test_every_setting_that_is_deployed_exists() -> None:
    named = set(re.findall(r"\bEDITRON_[A-Z_]+", (FOLDER / "compose.yaml").read_text()))
    named |= set(re.findall(r"\bEDITRON_[A-Z_]+", (FOLDER / "Dockerfile").read_text()))
    named |= set(re.findall(r"\bEDITRON_[A-Z_]+", (ROOT / "flows/README.md").read_text()))
    known = {f"EDITRON_{name.upper()}" for name in Settings.model_fields}
    assert named - NOT_OURS <= known


def test_the_example_names_what_compose_asks_for_and_holds_no_secret() -> None:
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (FOLDER / "compose.yaml").read_text()))
    lines = (FOLDER / ".env.example").read_text().splitlines()
    given = {line.split("=")[0] for line in lines if line and not line.startswith("#")}
    assert given == wanted
    assert not any(re.search(r"(PASSWORD|TOKEN|KEY)=", line) for line in lines)


def test_services_refer_to_what_there_is_and_open_nothing_beyond_this_host() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert "image" in service, name
        assert set(service.get("depends_on", {})) <= set(services)
        for other, rule in service.get("depends_on", {}).items():
            assert rule["condition"] != "service_healthy" or "healthcheck" in services[other]
        for secret in service.get("secrets", ()):
            assert (secret if isinstance(secret, str) else secret["source"]) in COMPOSE["secrets"]
        for mount in service.get("volumes", ()):
            place = mount.split(":")[0]
            assert place in COMPOSE["volumes"] or place.startswith((".", "$"))
            assert not place.startswith("./") or (FOLDER / place).is_file()
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_the_api_is_served_to_the_host_with_its_health_asked_for() -> None:
    api, worker = COMPOSE["services"]["api"], COMPOSE["services"]["worker"]
    assert api["command"][:4] == ["editron", "serve", "--host", "0.0.0.0"]
    assert "/healthz" in api["healthcheck"]["test"][-1]
    assert worker["environment"].items() <= api["environment"].items()
    assert (api["volumes"], api["secrets"]) == (worker["volumes"], worker["secrets"])


@pytest.mark.skipif(not _composes(), reason="needs docker compose")
def test_docker_compose_understands_the_file(tmp_path: Path) -> None:
    (tmp_path / "password").touch()
    said = subprocess.run(
        ["docker", "compose", "-f", str(FOLDER / "compose.yaml"), "config", "--format", "json"],
        env={**os.environ, "FOOTAGE": "/srv", "DATABASE_PASSWORD_FILE": str(tmp_path / "password")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    services = json.loads(said.stdout)["services"]
    assert set(services) == {"postgres", "prefect", "worker", "api"}
    assert services["api"]["environment"]["EDITRON_DATABASE_URL"].startswith("postgresql://")


def test_the_image_runs_as_nobody_special_and_copies_only_what_is_there() -> None:
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    assert "USER editron" in lines
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / name).exists() for name in line.split()[1:-1])


def test_a_kubernetes_job_asks_for_its_gpu() -> None:
    from prefect.utilities.templating import apply_values

    template = json.loads((ROOT / "flows/deploy/kubernetes.json").read_text())
    file = yaml.safe_load((ROOT / "flows/prefect.yaml").read_text())
    (variables,) = {
        json.dumps(d["work_pool"]["job_variables"]) for d in file["deployments"] if d["name"] == "kubernetes"
    }
    properties = template["variables"]["properties"]
    given: dict[str, Any] = json.loads(variables)
    assert given.keys() <= properties.keys()
    values = {name: facts["default"] for name, facts in properties.items() if "default" in facts} | given
    manifest = apply_values(template["job_configuration"], values)["job_manifest"]
    pod = manifest["spec"]["template"]["spec"]
    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "Job")
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert pod["containers"][0]["image"] == "editron:0.1.0"
