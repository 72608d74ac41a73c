"""A real Whisper that is tiny: two layers of random weights and a byte tokenizer, built in a second, offline.

It loads through CTranslate2 like any other, detects a language, times its words and is deterministic.
What it says is nonsense: its random letters depend on the place in the text, and it ends after 60 of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEADS, LAYERS, INNER = 64, 2, 2, 128
MELS, AUDIO_STEPS, TEXT_STEPS = 80, 1500, 448
TIMESTAMPS = 1501
LETTERS = "etaoinshrdlu"
BYTE_SPACE = "Ġ"
WORD_STEPS = 6
LAST_STEP = 60
"""After this many steps it ends, so that a window takes a moment and not 448 steps."""


def build(folder: Path, seed: int = 0) -> Path:
    """Write the model into `folder` (made if need be) and return it."""
    from ctranslate2.specs import whisper_spec

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    spec = whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    weights = _Weights(np.random.default_rng(seed))
    weights.fill_encoder(spec.encoder)
    weights.fill_decoder(spec.decoder, tokenizer)
    spec.register_vocabulary([tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())])
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokenizer.token_to_id("<|endoftext|>")]
    spec.config.lang_ids = [tokenizer.token_to_id(f"<|{code}|>") for code in _languages()]
    spec.config.alignment_heads = [(1, 0), (1, 1)]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    return folder


def _languages() -> tuple[str, ...]:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    return tuple(_LANGUAGE_CODES)


def _tokenizer() -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    # A lone space is among the symbols that Whisper suppresses, so words begin with tokens of two letters.
    merges = [(BYTE_SPACE, letter) for letter in LETTERS]
    vocabulary = [*alphabet, *(first + second for first, second in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={token: n for n, token in enumerate(vocabulary)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tasks = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    names = ["endoftext", "startoftranscript", *_languages(), *tasks]
    names += [f"{step * 0.02:.2f}" for step in range(TIMESTAMPS)]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    return tokenizer


class _Weights:
    """Fills the parts of a CTranslate2 specification with small random numbers."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def some(self, *shape: int) -> np.ndarray:
        return (self._rng.standard_normal(shape) * 0.02).astype(np.float32)

    def linear(self, part: Any, outputs: int, inputs: int) -> None:
        part.weight = self.some(outputs, inputs)
        part.bias = np.zeros(outputs, np.float32)

    def norm(self, part: Any) -> None:
        part.gamma = np.ones(WIDTH, np.float32)
        part.beta = np.zeros(WIDTH, np.float32)

    def self_attention(self, part: Any) -> None:
        self.norm(part.layer_norm)
        self.linear(part.linear[0], 3 * WIDTH, WIDTH)
        self.linear(part.linear[1], WIDTH, WIDTH)

    def cross_attention(self, part: Any) -> None:
        self.norm(part.layer_norm)
        self.linear(part.linear[0], WIDTH, WIDTH)
        self.linear(part.linear[1], 2 * WIDTH, WIDTH)
        self.linear(part.linear[2], WIDTH, WIDTH)

    def feed_forward(self, part: Any) -> None:
        self.norm(part.layer_norm)
        self.linear(part.linear_0, INNER, WIDTH)
        self.linear(part.linear_1, WIDTH, INNER)

    def fill_encoder(self, encoder: Any) -> None:
        for part, channels in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
            part.weight = self.some(WIDTH, channels, 3)
            part.bias = np.zeros(WIDTH, np.float32)
        encoder.position_encodings.encodings = self.some(AUDIO_STEPS, WIDTH)
        self.norm(encoder.layer_norm)
        for layer in encoder.layer:
            self.self_attention(layer.self_attention)
            self.feed_forward(layer.ffn)

    def fill_decoder(self, decoder: Any, tokenizer: Any) -> None:
        places = self._rng.standard_normal((TEXT_STEPS, WIDTH)).astype(np.float32)
        table = self.some(tokenizer.get_vocab_size(), WIDTH) * 0.01
        begins = [tokenizer.token_to_id(BYTE_SPACE + letter) for letter in LETTERS]
        goes_on = [tokenizer.token_to_id(letter) for letter in LETTERS]
        for code in begins + goes_on:  # only these ever win, and each place in the text prefers another one
            table[code] = self._rng.standard_normal(WIDTH)
        # Two directions of the hidden state are kept for where a word and where the text ends.
        table[:, :2] = 0
        places[:, :2] = -3
        places[::WORD_STEPS, 0] = 3
        places[LAST_STEP:, 1] = 3
        table[begins, 0] = 20
        table[tokenizer.token_to_id("<|endoftext|>"), 1] = 20
        embeddings = decoder.embeddings
        first = embeddings[0] if isinstance(embeddings, list) else embeddings
        first.weight = self.some(*table.shape)
        decoder.projection.weight = table
        decoder.position_encodings.encodings = places
        decoder.scale_embeddings = False
        self.norm(decoder.layer_norm)
        for layer in decoder.layer:
            self.self_attention(layer.self_attention)
            self.cross_attention(layer.attention)
            self.feed_forward(layer.ffn)
