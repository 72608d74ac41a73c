"""How English words sound, for those that the aligner's dictionary lacks: numbers read out, the rest by rule.

The rules are coarse on purpose: an aligner that knows the script needs only a rough idea of each word.
"""

from __future__ import annotations

import re
import unicodedata

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety"
SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))
SYMBOLS = {"%": "percent", "&": "and", "$": "dollars", "€": "euros", "£": "pounds", "+": "plus", "@": "at"}
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
PIECES = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*|[%&$€£+@]")

SOUND_RULES = """
    tion:SH.AH.N sion:ZH.AH.N ough:AO augh:AO eigh:EY tch:CH igh:AY
    sch:SH ch:CH sh:SH th:TH ph:F wh:W ck:K ng:NG qu:K.W gh:G kn:N wr:R
    ee:IY ea:IY oo:UW ou:AW ow:OW oa:OW oi:OY oy:OY ai:EY ay:EY ei:EY ey:IY ie:IY
    au:AO aw:AO ew:Y.UW ue:UW er:ER ir:ER ur:ER ar:AA.R or:AO.R
    a:AE b:B c:K d:D e:EH f:F g:G h:HH i:IH j:JH k:K l:L m:M n:N o:AA p:P q:K r:R s:S t:T
    u:AH v:V w:W x:K.S y:IY z:Z
"""
LETTER_NAMES = """
    a:EY b:B.IY c:S.IY d:D.IY e:IY f:EH.F g:JH.IY h:EY.CH i:AY j:JH.EY k:K.EY l:EH.L m:EH.M n:EH.N
    o:OW p:P.IY q:K.Y.UW r:AA.R s:EH.S t:T.IY u:Y.UW v:V.IY w:D.AH.B.AH.L.Y.UW x:EH.K.S y:W.AY z:Z.IY
"""


def _table(rules: str) -> dict[str, str]:
    pairs = (rule.split(":") for rule in rules.split())
    return {letters: sounds.replace(".", " ") for letters, sounds in pairs}


SOUNDS = _table(SOUND_RULES)
"""Letters to ARPAbet; the longest match wins."""
LETTERS = _table(LETTER_NAMES)
LONGEST = max(map(len, SOUNDS))
VOWELS = frozenset("aeiouy")


def pieces(word: str) -> list[str]:
    """The dictionary words that a written word is read out as: `$5.` is `five dollars`, `Captions.ai` two."""
    found: list[str] = []
    plain = ORDINAL.sub("", word.lower().replace("’", "'"))
    for piece in PIECES.findall(plain):
        if piece[0].isdigit():
            found += number(piece)
        else:
            found.append(SYMBOLS.get(piece, piece))
    if len(found) > 1 and found[0] in ("dollars", "euros", "pounds"):
        found.append(found.pop(0))
    return found


def number(text: str) -> list[str]:
    """A number read out: whole, with decimals digit by digit; beyond a trillion digit by digit."""
    whole, _, decimals = text.replace(",", "").partition(".")
    ones = ONES.split()
    if len(text) == 4 and text.isdigit() and 1100 <= int(text) < 2100 and text[1:3] != "00":
        halves = divmod(int(text), 100)  # a year and its like: nineteen ninety
        said = _whole(halves[0]) + (_whole(halves[1]) if halves[1] else ["hundred"])
    else:
        said = _whole(int(whole)) if len(whole) <= 12 else [ones[int(digit)] for digit in whole]
    return said + (["point", *(ones[int(digit)] for digit in decimals)] if decimals else [])


def _whole(value: int) -> list[str]:
    if value < 20:
        return [ONES.split()[value]]
    if value < 100:
        return [TENS.split()[value // 10], *(_whole(value % 10) if value % 10 else ())]
    for size, name in SCALES:
        if value >= size:
            rest = value % size
            return [*_whole(value // size), name, *(_whole(rest) if rest else ())]
    raise AssertionError("every value from 100 has a scale")


def phones(word: str) -> str:
    """ARPAbet phones for a lower-case word, by rule; spelled out where no syllable can be made of it."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", word) if char in SOUNDS)
    if plain and not VOWELS & set(plain):
        return " ".join(LETTERS[char] for char in plain)
    if len(plain) > 3 and plain.endswith("e") and plain[-2] not in VOWELS:
        plain = plain[:-1]  # a silent e
    found, at = [], 0
    while at < len(plain):
        size = next(n for n in range(LONGEST, 0, -1) if plain[at : at + n] in SOUNDS)
        found.append(SOUNDS[plain[at : at + size]])
        at += size + (plain[at : at + 2] == plain[at] * 2 and size == 1)
    return " ".join(found)
