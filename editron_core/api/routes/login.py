"""Signing in: a browser gives its key once, and gets a session in a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from editron_core.api import auth, pages
from editron_core.api.auth import Keyring
from editron_core.api.deps import Caller, Viewer, public
from editron_core.api.problem import Refused
from editron_core.api.shapes import Shape
from editron_core.domain.access import Role

router = APIRouter(tags=["sign in"])
START = "/"
Following = Annotated[str, Query(alias="next", max_length=2000)]


class Myself(Shape):
    """Who calls."""

    name: str
    role: Role
    key_id: str | None


@router.get("/login", dependencies=[Depends(public)], response_class=HTMLResponse, include_in_schema=False)
def ask(request: Request, following: Following = START) -> Response:
    """The page that asks for a key; whoever needs none is led on."""
    who: Caller | None = request.state.caller
    return RedirectResponse(_local(following), 303) if who else pages.login(_local(following))


@router.post("/login", dependencies=[Depends(public)], response_class=HTMLResponse, include_in_schema=False)
def sign_in(
    request: Request,
    key: Annotated[str, Form(max_length=200)],
    following: Annotated[str, Form(alias="next", max_length=2000)] = START,
) -> Response:
    """Exchange a key for a session."""
    ring: Keyring = request.app.state.keyring
    try:
        session, _ = ring.session(key.strip())
    except Refused:
        request.app.state.rates.login(request.client.host if request.client else "")
        return pages.login(_local(following), "That is no key that is valid.", 401)
    answer = RedirectResponse(_local(following), 303)
    answer.set_cookie(
        auth.COOKIE,
        session,
        max_age=auth.SESSION_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout", dependencies=[Depends(public)], include_in_schema=False)
def sign_out(request: Request) -> Response:
    """End the session of this browser: who kept its cookie does not get in with it either."""
    ring: Keyring = request.app.state.keyring
    found = auth.credential(request.headers)
    if found is not None:
        ring.end(found)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(auth.COOKIE, path="/")
    return answer


@router.get("/api/me")
def show_me(who: Viewer) -> Myself:
    """Who calls, and what they may do."""
    return Myself.model_validate(who)


def _local(place: str) -> str:
    """A path of ours; the start for anything that would lead elsewhere."""
    fine = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if fine and "\\" not in place else START
