"""Whether the work is carried out elsewhere: by flows on a Prefect server."""

from __future__ import annotations

import json

from editron_core.config import Settings

ANSWER_S = 5.0


def flows_answer(settings: Settings) -> bool:
    """Whether a Prefect server answers that knows our flows: the given one, or the one of this home."""
    import httpx

    api = settings.prefect_api_url or _recorded(settings)
    if not api:
        return False
    wanted = {"deployments": {"name": {"any_": [settings.deployment]}}}
    try:
        answer = httpx.post(f"{api.removesuffix('/')}/deployments/count", json=wanted, timeout=ANSWER_S)
        return answer.status_code == httpx.codes.OK and int(answer.text) > 0
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


def _recorded(settings: Settings) -> str:
    """The address that `editron flows` leaves for its server."""
    try:
        return str(json.loads((settings.home / "prefect" / "server.json").read_text("utf-8"))["api"])
    except (OSError, ValueError, KeyError):  # none was ever started here
        return ""
