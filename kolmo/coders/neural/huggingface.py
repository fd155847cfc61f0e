"""Any causal language model of Hugging Face's as a coder of bytes."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.limits import too_large
from kolmo.coders.neural.inference.segments import Segments, cut, split_header
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.neural.inference.tokens import TokenReader
    from kolmo.coders.neural.pretrained import Pretrained

_STAMP_BYTES = 4
_KEPT = 16
_DTYPES = ("float32", "bfloat16", "auto")
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class HuggingFaceCoder(Coder):
    """A pretrained causal language model, such as GPT-2, Llama or Qwen, and an entropy coder.

    Every token costs the surprisal that the model has at it, the first one too: it comes after the token that begins a
    text, or if there is none after the one that ends it; without either it costs the logarithm of the number of
    tokens. The entropy coder gives each of V tokens a chance of at least 2^-24, which costs up to 1.45 V / 2^24 bits a
    token: 0.0044 at 50,000 tokens. The stated length has that in it. It does not hold the model; `model_bits` says
    what that costs.

    What the tokenizer does not give back exactly is coded at 8 bits a byte: bytes that are no UTF-8, unknown
    characters, and what it changes, such as capitals where it makes them small. Data are cut into segments of tokens
    and of such raw bytes, whose lengths are coded too, one byte each up to 127. A part that is not exact is halved, at
    a line or a word if it can be, until it is exact or a single character; fewer than 16 bytes between raw ones are raw
    as well. The model reads the tokens as if there were no raw bytes between them. Text that spells a special token
    may be coded as that token.

    The tokens of long data are cut into pieces that are coded side by side, each from the same start. A model that was
    primed has read the tokens of the context; data begin with a token of their own.

    The stated length is the ideal one, by the fastest way to evaluate the model. The real code takes the steps that its
    decoder takes, and is longer or shorter by less than 0.1 % and 8 bytes in float32; in bfloat16 by less than 0.9 %.
    It starts with four bytes by which another model, device, processor or version of a library is refused, since these
    may compute other numbers.

    Parameters
    ----------
    model : str
        A folder as ``save_pretrained`` makes it, or, with a revision, a name on the Hugging Face hub. Only
        safetensors are read; no code that comes with a model is run.
    revision : str, optional
        The commit on the hub: 40 hex digits, so that it is always the same model. The model's page shows it under
        "History".
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    dtype : {"float32", "bfloat16", "auto"}
        What the model computes in; with ``"auto"`` what its weights are stored in.
    stride : int, optional
        How many tokens a model reads before it begins anew from the end of what it has; half the window unless told
        otherwise. A longer stride takes less time, and sees less.
    context : int, optional
        The window in tokens, if it should be shorter than the model's.
    piece : int
        Tokens of a piece.

    Examples
    --------
    >>> HuggingFaceCoder("no-such-folder", context=512).dtype
    'float32'
    """

    model: str = field(default="", kw_only=False)
    revision: str | None = None
    device: str = "auto"
    dtype: str = "float32"
    stride: int | None = None
    context: int | None = None
    piece: int = 2**13

    name: ClassVar[str] = "hf"

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ParameterError(
                "the coder 'hf' needs a model: hf:model=FOLDER, or hf:model=NAME,revision=COMMIT for one on the hub, "
                f"but {self.model!r} came"
            )
        if self.revision is not None and not (isinstance(self.revision, str) and _COMMIT.fullmatch(self.revision)):
            raise ParameterError(
                f"revision must be a whole commit hash of 40 hex digits, by which a model cannot change, but "
                f"{self.revision!r} came; https://huggingface.co/{self.model}/commits/main shows it"
            )
        if not isinstance(self.device, str):
            raise ParameterError(f"device must be a name such as 'cpu', but {self.device!r} came")
        if self.dtype not in _DTYPES:
            raise ParameterError(f"dtype must be one of {', '.join(_DTYPES)}, but {self.dtype!r} came")
        for name, low in (("stride", 1), ("context", 2)):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), low, 2**24)
        check_integer("piece", self.piece, 16, 2**30)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=64.0, tolerance=1e-3 if self.dtype == "float32" else 9e-3)

    def versions(self) -> dict[str, str]:
        return {key: str(value) for key, value in self._environment().items() if key != "coder"}

    @property
    def model_bits(self) -> float:
        """What it takes to write down the weights as they are stored, in bits."""
        return self._loaded().model_bits

    def token_surprisals(self, data: Any, *, context: Any = b"") -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return how many bytes each token stands for, and its bits.

        Parameters
        ----------
        data : str or bytes-like
        context : str or bytes-like
            What is read first.

        Returns
        -------
        sizes : ndarray of shape (n_tokens,)
            A raw byte counts as a token. Of tokens that share a character, the last has its bytes. They add up to the
            bytes of the data.
        bits : ndarray of shape (n_tokens,)
            They add up to the code length, but for the stamp and the lengths of the segments.
        """
        import numpy as np

        tokenizer = self._loaded().tokenizer
        segments = cut(tokenizer, as_bytes(data))
        symbols = segments.symbols()
        by_piece = self._reader(as_bytes(context)).surprisals(self._pieces(symbols))
        by_segment = np.split(
            np.concatenate([np.empty(0), *by_piece]), np.cumsum([len(part) for part in segments.tokens])
        )
        sizes: list[NDArray[np.intp]] = [np.empty(0, np.intp)]
        bits = [np.empty(0)]
        for tokens, raw, own in zip(segments.tokens, [*segments.raw, b""], by_segment, strict=False):
            sizes += [tokenizer.sizes(tokenizer.text(tokens)), np.ones(len(raw), np.intp)]
            bits += [own, np.full(len(raw), 8.0)]
        return np.concatenate(sizes), np.concatenate(bits)

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        reader, tokenizer = self._reader(context), self._loaded().tokenizer
        segments = [cut(tokenizer, item) for item in items]
        pieces = [self._pieces(part.symbols()) for part in segments]
        sums = iter([float(bits.sum()) for bits in reader.surprisals([piece for group in pieces for piece in group])])
        return np.array(
            [
                8.0 * (_STAMP_BYTES + len(part.header())) + sum(next(sums) for _ in group)
                for part, group in zip(segments, pieces, strict=True)
            ]
        )

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(self._lengths(context, [data])[0])

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            reader, tokenizer = self._reader(context), self._loaded().tokenizer
            from kolmo.coders.neural.inference import byte_code as coding, token_code as token_coding

            segments = cut(tokenizer, data)
            code = token_coding.encode(reader, segments.symbols(), self.piece)
            return coding.stamp(self._environment()) + segments.header() + code

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            reader, tokenizer = self._reader(context), self._loaded().tokenizer
            import numpy as np

            from kolmo.coders.neural.inference import byte_code as coding, token_code as token_coding

            facts = self._environment()
            if payload[:_STAMP_BYTES] != coding.stamp(facts):
                here = ", ".join(f"{key} {value}" for key, value in facts.items())
                raise DecodeError(
                    "the payload was written by another model or setting, or where numbers may come out otherwise, or "
                    f"it is damaged; here is {here}; read it with what wrote it"
                )
            sizes, raw, code = split_header(payload[_STAMP_BYTES:], max_size)
            symbols = token_coding.decode(reader, sum(sizes), self.piece, code)
            tokens = [part.tolist() for part in np.split(symbols, np.cumsum(sizes)[:-1])]
            parts = [tokenizer.text(part).encode("utf-8", "replace") for part in tokens]
            data = b"".join(part for pair in zip(parts, [*raw, b""], strict=True) for part in pair)
            if len(data) > max_size:
                raise too_large(max_size)
            if cut(tokenizer, data) != Segments(tokens, raw):
                raise DecodeError("the payload is corrupt: what it holds would have been cut into other tokens")
            return data

        return decode

    def _pieces(self, symbols: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        return [symbols[start : start + self.piece] for start in range(0, len(symbols), self.piece)]

    def _loaded(self) -> Pretrained:
        import_extra("torch", extra="hf", purpose="the coder 'hf'")
        import_extra("transformers", extra="hf", purpose="the coder 'hf'")
        from kolmo.coders.neural.pretrained import hub_folder, load
        from kolmo.coders.neural.training.loop import best_device

        folder = Path(self.model) if self.revision is None else hub_folder(self.model, self.revision)
        return load(folder, best_device(self.device), self.dtype)

    def _reader(self, context: bytes) -> TokenReader:
        """Return the model after a context."""
        return _primed_reader(self, self._loaded(), context)

    def _environment(self) -> dict[str, Any]:
        digest = self._loaded().digest
        import tokenizers
        import transformers

        from kolmo.coders.neural.inference import byte_code as coding
        from kolmo.coders.neural.training import loop as training

        own = {key: getattr(self, key) for key in ("dtype", "stride", "context", "piece")}
        libraries = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
        return {"model": digest[:16], "coder": own} | libraries | coding.environment(training.best_device(self.device))


@functools.lru_cache(_KEPT)
def _primed_reader(coder: HuggingFaceCoder, loaded: Pretrained, context: bytes) -> TokenReader:
    from kolmo.coders.neural.inference.tokens import TokenReader
    from kolmo.coders.neural.training.loop import best_device

    window = min((size for size in (coder.context, loaded.window) if size is not None), default=0)
    if not window:
        raise ParameterError(f"the model {coder.model} does not say how many tokens it can see; pass context=1024")
    stride = min(coder.stride or window // 2, window - 1)
    symbols = cut(loaded.tokenizer, context).symbols()
    return TokenReader(
        model=loaded.model,
        device=best_device(coder.device),
        n_symbols=loaded.tokenizer.n_symbols,
        start=loaded.start,
        window=window,
        stride=stride,
        given=symbols[max(0, len(symbols) - (window - stride - 1)) :],
    )
