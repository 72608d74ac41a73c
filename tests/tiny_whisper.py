"""A real Whisper that is tiny: two layers of random weights and a byte tokenizer, built in a second, offline.

It loads through CTranslate2 like any other, detects a language, times its words and is deterministic;
what it says is nonsense.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEADS, LAYERS, INNER = 64, 2, 2, 128
MELS, AUDIO_STEPS, TEXT_STEPS = 80, 1500, 448
TIMESTAMPS = 1501


def build(folder: Path, seed: int = 0) -> Path:
    """Write the model into `folder` (made if need be) and return it."""
    from ctranslate2.specs import whisper_spec

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    spec = whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    weights = _Weights(np.random.default_rng(seed))
    weights.fill_encoder(spec.encoder)
    weights.fill_decoder(spec.decoder, tokenizer.get_vocab_size())
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
    tokenizer = Tokenizer(models.BPE(vocab={char: n for n, char in enumerate(alphabet)}, merges=[]))
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

    def fill_decoder(self, decoder: Any, words: int) -> None:
        embeddings = decoder.embeddings
        first = embeddings[0] if isinstance(embeddings, list) else embeddings
        first.weight = self.some(words, WIDTH)
        decoder.projection.weight = first.weight
        decoder.position_encodings.encodings = self.some(TEXT_STEPS, WIDTH)
        decoder.scale_embeddings = False
        self.norm(decoder.layer_norm)
        for layer in decoder.layer:
            self.self_attention(layer.self_attention)
            self.cross_attention(layer.attention)
            self.feed_forward(layer.ffn)
