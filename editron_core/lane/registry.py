"""Which profile is meant, whether it is what it was registered as, and where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from editron_core.domain import codec
from editron_core.domain.registry import ProfileStage, Promotion, RegisteredProfile
from editron_core.errors import DefinitionError, NotFound, StoreError, Tampered, UsageError
from editron_core.score import profile as profiles
from editron_core.score.profile import Profile
from editron_core.store import Store

PROMOTE = "editron profiles promote {} --as NAME --why TEXT takes it there, a step at a time"
UNHASHED = ("name", "description")
"""What a profile's document holds besides what is hashed."""


def find(store: Store, wanted: str) -> Profile:
    """The profile that a person means: a shipped name or hash, a TOML file, a registered hash (4 digits or
    more are enough where they are unique) or the name of the only profile registered under it.

    A file or a shipped profile that was changed since it was registered is another profile. Raises
    DefinitionError where there is none, UsageError where there are several, StoreError as `opened`.
    """
    if wanted in profiles.shipped() or (wanted.endswith(".toml") and Path(wanted).is_file()):
        return profiles.load(wanted)
    shipped = next((one for one in map(profiles.load, profiles.shipped()) if one.hash == wanted), None)
    if shipped is not None:
        return shipped
    named = store.profiles.list(name=wanted)
    if len(named) > 1:
        known = ", ".join(f"{one.hash[:12]} ({one.stage})" for one in named)
        raise UsageError(
            "is the name of several profiles", subject=wanted, remedy=f"name one by its hash: {known}"
        )
    try:
        return opened(store, named[0] if named else store.profiles.get(wanted))
    except NotFound as error:
        raise DefinitionError(
            "is neither a shipped profile, a file nor registered",
            subject=f"profile {wanted}",
            remedy=f"shipped are {', '.join(profiles.shipped())}; editron profiles list shows all",
        ) from error


def applied(store: Store, name: str) -> Profile:
    """The profile of a name that stands in production, else the one that `find` knows by it.

    Raises DefinitionError, UsageError and StoreError as these do.
    """
    held = store.profiles.production(name)
    return opened(store, held) if held else find(store, name)


def promoted(store: Store, wanted: str, knobs: dict[str, float]) -> Profile:
    """The profile that production may score with: the promoted one of that name.

    What counts is the hash: a hash or a file names it as well, and a knob that is turned makes another
    profile. Raises UsageError, naming the command that promotes, where it does not stand at production.
    """
    held = store.profiles.production(wanted)
    if held is None and wanted in profiles.shipped():
        raise UsageError(
            "production scores with a promoted profile only, and none of this name is promoted",
            subject=f"profile {wanted}",
            remedy=PROMOTE.format(wanted),
        )
    base = opened(store, held) if held else find(store, wanted)
    turned = base.with_knobs(**knobs)
    stage = _stage(store, turned.hash)
    if stage is not ProfileStage.PRODUCTION:
        why = "turned knobs make another profile, which" if turned.hash != base.hash else "this profile"
        raise UsageError(
            f"production scores with a promoted profile only, and {why} stands at {stage}",
            subject=f"profile {turned.name}",
            remedy="leave the knobs alone" if turned.hash != base.hash else PROMOTE.format(wanted),
        )
    opened(store, store.profiles.get(turned.hash))
    return turned


def opened(store: Store, entry: RegisteredProfile) -> Profile:
    """The profile of a registered document, which must be what was registered.

    Raises StoreError where the document does not hash to its id, where its stage is not the one that its
    last promotion led to, or where this version of Editron reads it as another profile.
    """
    subject = f"profile {entry.name} {entry.hash[:12]}"
    kept = {key: value for key, value in entry.document.items() if key not in UNHASHED}
    if codec.content_hash(kept) != entry.hash or entry.document.get("name") != entry.name:
        raise Tampered(
            "was changed in the database: its document no longer hashes to its id",
            subject=subject,
            remedy="restore the database from a backup, or promote the profile anew from its file",
        )
    last = last_step(store, entry.hash)
    if entry.stage is not (last.went_to if last else ProfileStage.RESEARCH):
        raise Tampered(
            f"was changed in the database: no promotion led it to {entry.stage}",
            subject=subject,
            remedy="restore the database from a backup",
        )
    profile = profiles.parse(entry.document, source=subject)
    if profile.hash != entry.hash:
        raise StoreError(
            "was registered by a version of Editron that scores otherwise",
            subject=subject,
            remedy="promote it anew from its file",
        )
    return profile


def last_step(store: Store, profile_hash: str) -> Promotion | None:
    """The last promotion of a profile; null where it was never promoted."""
    steps = store.promotions.list(profile_hash=profile_hash)
    return steps[-1] if steps else None


def history(store: Store, name: str | None = None) -> list[dict[str, Any]]:
    """Every step of the profiles of one name or of all, JSON-ready, the oldest first."""
    names = {entry.hash: entry.name for entry in store.profiles.list(name=name)}
    return [
        {"name": names[step.profile_hash], "hash": step.profile_hash, **codec.dump(step)}
        for step in store.promotions.list(name=name)
    ]


def standing(store: Store, profile_hash: str) -> dict[str, Any]:
    """Where a profile stands, how it came there and how it was judged, JSON-ready."""
    return {
        "stage": _stage(store, profile_hash).value,
        "promotions": [step for step in history(store) if step["hash"] == profile_hash],
        "qa_runs": codec.dump(store.qa_runs.list(profile_hash=profile_hash)),
    }


def listing(store: Store) -> list[dict[str, Any]]:
    """Every profile that ships or is registered, JSON-ready: where it stands, since when and by whom.

    Shipped ones first. One that was never used or promoted stands at research.
    """
    registered = {entry.hash: entry for entry in store.profiles.list()}
    steps = {step.profile_hash: step for step in store.promotions.list()}  # the last one of each stays
    rows = []
    for shipped in map(profiles.load, profiles.shipped()):
        entry = registered.pop(shipped.hash, None)
        row = entry or RegisteredProfile(shipped.hash, shipped.name, shipped.to_data(), ProfileStage.RESEARCH)
        rows.append(_row(row, steps.get(row.hash), shipped=True))
    return [*rows, *(_row(entry, steps.get(entry.hash), shipped=False) for entry in registered.values())]


def _row(entry: RegisteredProfile, step: Promotion | None, *, shipped: bool) -> dict[str, Any]:
    since = step.created_at if step else entry.created_at
    return {
        "name": entry.name,
        "hash": entry.hash,
        "stage": entry.stage.value,
        "shipped": shipped,
        "since": since.isoformat() if since else None,
        "by": step.author if step else None,
        "description": entry.document.get("description", ""),
    }


def _stage(store: Store, profile_hash: str) -> ProfileStage:
    try:
        return store.profiles.get(profile_hash).stage
    except NotFound:
        return ProfileStage.RESEARCH
