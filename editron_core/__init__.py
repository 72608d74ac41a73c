"""Editron's stable logic: footage in, evidence, moments, timelines and deliverables out.

Importing this package is cheap: torch, open_clip, faster_whisper, decord, av and dropbox are
imported inside the functions that need them.
"""

__version__ = "0.1.0"
