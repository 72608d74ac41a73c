"""The guess at a text's language is right where it is made, and not made where it is not plain."""

from __future__ import annotations

import pytest

from editron_core.analyze import language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("And so my fellow Americans, ask not what your country can do for you.", "en"),
        ("Ahora puedo hablar en español y nunca sabrás que esto es inglés.", "es"),
        ("Wir müssen über das Wetter reden, und das ist nicht schön.", "de"),
        ("Merci à tous d'être venus, c'est une belle soirée pour nous dans les Alpes.", "fr"),
        ("Non lo so, ma questo è il più bel giorno della mia vita.", "it"),
        ("Vreau să vă mulțumesc că ați venit și nu este ușor pentru noi.", "ro"),
        ("今日は新しい店を開きます。", "ja"),
        ("안녕하세요, 오늘 새 가게를 엽니다.", "ko"),
        ("你好，今天我们开一家新的商店。", "zh"),
        ("Καλημέρα σας, τι κάνετε;", "el"),
        ("Привет, как дела?", "und"),
        ("Blorp zint quax", "und"),
        ("", "und"),
    ],
)
def test_a_plain_text_is_recognised(text: str, expected: str) -> None:
    assert language.detect(text) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("ger", "de"),
        ("final", None),
        ("v2", None),
    ],
)
def test_codes_are_told_from_other_parts_of_a_name(code: str, expected: str | None) -> None:
    assert language.from_code(code) == expected
