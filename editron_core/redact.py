"""Secrets that show themselves to nobody, and texts cleaned of those that this process knows.

A `Secret` is made where its reference is resolved, revealed at the door that needs it, and nothing in
between can print, format, pickle or serialise it. Its value is known from then on: `redact` takes it out
of every text, and log lines, errors and spans all pass through there.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn
from urllib.parse import parse_qsl, quote, quote_plus, unquote

HIDDEN: Final = "[hidden]"
SHORTEST: Final = 4
"""Characters of the shortest value that is looked for in texts: hiding every `a` would make logs
unreadable, and tell the value by the holes."""
URL_PASSWORD: Final = re.compile(r"(://[^\s:/@]*):[^\s/@]+@")
"""The password in any URL, known or not."""
WIDE_PASSWORD: Final = re.compile(r"://(?P<user>[^:/@]*):(?P<password>.*)@")
"""The same where the password was not quoted as it should have been: all up to the last `@`."""
QUERY_PASSWORDS: Final = ("password", "sslpassword", "passwd", "pwd")

_known: frozenset[str] = frozenset()
_pattern: re.Pattern[str] | None = None


class Secret:
    """A value that is shown to nobody who does not ask for it by `reveal`."""

    __slots__ = ("_value", "reference")

    def __init__(self, value: str, reference: str = "") -> None:
        self._value = value
        self.reference = reference
        """Where it came from, such as `env:NAME`; no secret itself."""
        know(value)

    def reveal(self) -> str:
        """The value; for the door that needs it, and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference or HIDDEN})"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, specification: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied: pass its reference on")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self.__reduce__()


def know(value: str) -> None:
    """Take a value out of every text from now on, in the forms that texts quote it in."""
    global _known, _pattern
    if len(value) < SHORTEST or value in _known:
        return
    forms = {
        *(value, quote(value, safe=""), quote(value), quote_plus(value)),
        *(json.dumps(value)[1:-1], repr(value)[1:-1], *value.splitlines()),
    }
    _known |= {form for form in forms if len(form) >= SHORTEST}
    # The longest first, so that no part of one is left over by another that begins alike.
    _pattern = re.compile("|".join(map(re.escape, sorted(_known, key=len, reverse=True))))


def know_url(url: str) -> None:
    """Know the passwords in a database's URL: before the host, and among the options behind it.

    One that repeats the name of the user or the database is public anyway, and no text is searched for it.
    """
    found = WIDE_PASSWORD.search(url if "://" in url else f"://{url}")
    public = {re.sub(r".*/|\?.*", "", url), found["user"] if found else ""}
    passwords = [found["password"], found["password"].partition("@")[0]] if found else []
    passwords += [value for key, value in parse_qsl(url.partition("?")[2]) if key.lower() in QUERY_PASSWORDS]
    for password in passwords:
        for form in (password, unquote(password)):
            if form not in public:
                know(form)


def redact(text: str) -> str:
    """The text with each known secret, and each password in a URL, replaced by `[hidden]`."""
    if _pattern is not None:
        text = _pattern.sub(HIDDEN, text)
    return URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text) if "://" in text else text


def holds(text: str) -> bool:
    """Whether a known secret is in the text."""
    return _pattern is not None and _pattern.search(text) is not None
