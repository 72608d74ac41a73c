"""Which language a text is in: a light guess for supplied transcripts, `und` where it is not plain."""

from __future__ import annotations

import re
import unicodedata

UNDETERMINED = "und"
ISO_639_1 = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie
    ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv
    mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm
    rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts
    tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
CODES = frozenset(ISO_639_1.split())
LONG_CODES = {
    "eng": "en",
    "spa": "es",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "fre": "fr",
    "ita": "it",
    "por": "pt",
    "nld": "nl",
    "dut": "nl",
    "rus": "ru",
    "jpn": "ja",
    "kor": "ko",
    "zho": "zh",
    "chi": "zh",
    "ara": "ar",
    "hin": "hi",
    "ron": "ro",
    "rum": "ro",
    "swe": "sv",
    "pol": "pl",
}
FUNCTION_WORDS = {
    "en": "the and you that is of to it this was for with are we have what not they be on",
    "es": "el los las que y una es por con para del se no lo como pero más muy está esto",
    "de": "der die das und ist nicht ich wir sie mit ein eine auf für den auch es zu dass wie",
    "fr": "le les des et est une que pas pour vous nous dans je il ce qui avec sur c'est mais",
    "it": "il che di è un una non per sono con gli della questo anche ma come più del si lo",
    "pt": "o os que e é um uma não para com do da em você mas isso como mais eu foi",
    "nl": "de het een en van is dat niet ik je we zijn met voor op maar ook dit wat er",
    "ro": "și este nu că pentru cu un o în pe mai la care sunt din ce am de se să",
    "sv": "och det att är en som på jag inte för med har vi den av till om men ett kan",
    "pl": "i nie to się w na jest że z do co jak ale za tak po czy o dla tylko",
}
SCRIPTS = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "GREEK": "el", "HEBREW": "he", "THAI": "th"}
"""Scripts that one language owns. Cyrillic, Arabic and Devanagari are shared, so they say nothing."""
ENOUGH_SHARE, ENOUGH_LEAD = 0.12, 1.3
SAMPLE = 5000


def from_code(code: str) -> str | None:
    """`en`, `eng`, `en-US` or `en_us` as ISO 639-1; None where it is no language's code."""
    first = re.split(r"[-_]", code.lower(), maxsplit=1)[0]
    return first if first in CODES else LONG_CODES.get(first)


def detect(text: str) -> str:
    """The language of a text by its script and its commonest function words, else `und`."""
    scripts = [unicodedata.name(char, "").split(" ")[0] for char in text[:SAMPLE] if char.isalpha()]
    for script, language in SCRIPTS.items():
        if scripts.count(script) > len(scripts) * 0.2:
            return language
    if scripts and scripts.count("CJK") > len(scripts) * 0.5:
        return "zh"
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())[:SAMPLE]
    hits = {lang: sum(w in common for w in words) for lang, common in _COMMON.items()}
    best, second = sorted(hits, key=lambda lang: (-hits[lang], lang))[:2]
    plain = hits[best] >= max(2, ENOUGH_SHARE * len(words)) and hits[best] >= ENOUGH_LEAD * hits[second]
    return best if plain else UNDETERMINED


_COMMON = {language: frozenset(words.split()) for language, words in FUNCTION_WORDS.items()}
