"""The coder `hf`: a causal language model of Hugging Face with an entropy coder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_choice, check_count
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes
from kolmo._core.memory import bytes_of, cached
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import code_bits
from kolmo.coders.limits import too_large
from kolmo.coders.neural.inference.segments import Segments, cut, split_header
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.neural.inference.token_inference import TokenInference
    from kolmo.coders.neural.pretrained import Pretrained

_STAMP_BYTES = 4
_DTYPES = ("float32", "bfloat16", "auto")
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class HuggingFaceCoder(Coder):
    """A pretrained causal language model, such as GPT-2, Llama or Qwen, with an entropy coder.

    Each token costs its surprisal under the model. The first token follows the token that marks the start of a text, or
    else the one that marks its end; a model with neither predicts the first token uniformly. The entropy coder gives
    each of V tokens a probability of at least 2^-24, which costs at most 1.45 V / 2^24 bits per token: 0.0044 at 50,000
    tokens. The stated length includes this. It does not include the model; `model_bits` is its size.

    Bytes that the tokenizer does not restore exactly are coded at 8 bits per byte: bytes that are not UTF-8, unknown
    characters, and those that the tokenizer changes, such as capitals that it converts to lower case. Data are cut into
    segments of tokens and of these raw bytes; the lengths of the segments are coded too, in one byte each up to 127. A
    part that is not restored is halved, at a line or a word if possible, until it is restored or a single character;
    fewer than 16 bytes between raw bytes are coded as raw bytes as well. The model reads the tokens as if there were
    no raw bytes between them. Text that spells a special token may be coded as that token.

    The tokens of long data are cut into pieces that are coded in parallel, each from the same state. A primed model has
    read the tokens of the context; data begin with a new token.

    The stated length is computed in batches. A stream is coded step by step, and its length differs by less than 0.1%
    and 8 bytes in float32, in bfloat16 by less than 0.9%. It starts with a stamp of four bytes that depends on the
    model, the device, the processor and the versions of the libraries, because floating-point results depend on these;
    a stream with another stamp is not decoded.

    Parameters
    ----------
    model : str
        A folder as ``save_pretrained`` writes it, or, with a revision, a name on the Hugging Face hub. Only safetensors
        are read, and no code of the model is executed.
    revision : str, optional
        The commit on the hub: 40 hex digits, so that the model cannot change. The model's page shows it under
        "History".
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    dtype : {"float32", "bfloat16", "auto"}
        Type of the numbers in which the model computes; ``"auto"`` takes the type of the stored weights.
    stride : int, optional
        Number of tokens by which the window of the model moves; by default half of its context length. A longer stride
        is faster, with fewer tokens of context per prediction.
    context_length : int, optional
        Number of tokens that the model sees, if less than the most it can.
    piece : int
        Tokens per piece.

    Examples
    --------
    >>> HuggingFaceCoder("no-such-folder", context_length=512).dtype
    'float32'
    """

    model: str = field(default="", kw_only=False)
    revision: str | None = None
    device: str = "auto"
    dtype: str = "float32"
    stride: int | None = None
    context_length: int | None = None
    piece: int = 2**13

    name: ClassVar[str] = "hf"
    loads: ClassVar[tuple[str, ...]] = ("model", "revision")

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ParameterError(
                "model of the coder 'hf': expected a folder (hf:model=FOLDER) or a name on the hub with its commit "
                f"(hf:model=NAME,revision=COMMIT), got {self.model!r}"
            )
        if self.revision is not None and not (isinstance(self.revision, str) and _COMMIT.fullmatch(self.revision)):
            raise ParameterError(
                f"revision: expected a full commit hash of 40 hex digits, got {self.revision!r}; "
                f"https://huggingface.co/{self.model}/commits/main lists them"
            )
        if not isinstance(self.device, str):
            raise ParameterError(f"device: expected a name such as 'cpu', got {self.device!r}")
        check_choice("dtype", self.dtype, _DTYPES)
        for name, low in (("stride", 1), ("context_length", 2)):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), low, 2**24)
        check_count("piece", self.piece, 16, 2**30)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=64.0, tolerance=1e-3 if self.dtype == "float32" else 9e-3)

    def versions(self) -> dict[str, str]:
        return {key: str(value) for key, value in self._environment().items() if key != "coder"}

    @property
    def model_bits(self) -> float:
        """Size of the weights as they are stored, in bits."""
        return self._loaded().model_bits

    @property
    def model_label(self) -> str:
        return (
            os.path.basename(os.path.realpath(self.model)) if self.revision is None else f"{self.model}@{self.revision}"
        )

    @property
    def model_digest(self) -> str:
        return self._loaded().digest

    @classmethod
    def digest_of_model(cls, folder: Path) -> str:
        import_extra("torch", extra="hf", purpose="the coder 'hf'")
        import_extra("transformers", extra="hf", purpose="the coder 'hf'")
        from kolmo.coders.neural.pretrained import digest_of_folder

        return digest_of_folder(folder)

    def token_surprisals(self, data: Any, *, context: Any = b"") -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the number of bytes and the surprisal in bits of each token.

        Parameters
        ----------
        data : str or bytes-like
        context : str or bytes-like
            The bytes read first.

        Returns
        -------
        sizes : ndarray of shape (n_tokens,)
            A raw byte counts as a token. A character of several tokens counts for the last of them. The sizes sum to
            the size of the data.
        bits : ndarray of shape (n_tokens,)
            They sum to the code length without the stamp and the lengths of the segments.
        """
        import numpy as np

        tokenizer = self._loaded().tokenizer
        segments = cut(tokenizer, as_bytes(data))
        symbols = segments.symbols()
        by_piece = self._inference(as_bytes(context)).surprisals(self._pieces(symbols))
        by_segment = np.split(
            np.concatenate([np.empty(0), *by_piece]), np.cumsum([len(part) for part in segments.tokens])
        )
        sizes: list[NDArray[np.intp]] = [np.empty(0, np.intp)]
        bits = [np.empty(0)]
        for tokens, raw, token_bits in zip(segments.tokens, [*segments.raw, b""], by_segment, strict=False):
            sizes += [tokenizer.sizes(tokenizer.text(tokens)), np.ones(len(raw), np.intp)]
            bits += [token_bits, np.full(len(raw), 8.0)]
        return np.concatenate(sizes), np.concatenate(bits)

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        inference, tokenizer = self._inference(context), self._loaded().tokenizer
        segments = [cut(tokenizer, item) for item in items]
        pieces = [self._pieces(part.symbols()) for part in segments]
        sums = iter(
            [float(bits.sum()) for bits in inference.surprisals([piece for group in pieces for piece in group])]
        )
        return np.array(
            [
                8.0 * (_STAMP_BYTES + len(part.header()))
                + code_bits(sum(map(len, group)), sum(next(sums) for _ in group))
                for part, group in zip(segments, pieces, strict=True)
            ]
        )

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(self._lengths(context, [data])[0])

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            inference, tokenizer = self._inference(context), self._loaded().tokenizer
            from kolmo.coders.neural.inference import byte_coding, token_coding

            segments = cut(tokenizer, data)
            code = token_coding.encode(inference, segments.symbols(), self.piece)
            return byte_coding.stamp(self._environment()) + segments.header() + code

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            inference, tokenizer = self._inference(context), self._loaded().tokenizer
            import numpy as np

            from kolmo.coders.neural.inference import byte_coding, token_coding

            byte_coding.check_stamp(payload[:_STAMP_BYTES], self._environment())
            sizes, raw, code = split_header(payload[_STAMP_BYTES:], max_size)
            symbols = token_coding.decode(inference, sum(sizes), self.piece, code)
            tokens = [part.tolist() for part in np.split(symbols, np.cumsum(sizes)[:-1])]
            parts = [tokenizer.text(part).encode("utf-8", "replace") for part in tokens]
            data = b"".join(part for pair in zip(parts, [*raw, b""], strict=True) for part in pair)
            if len(data) > max_size:
                raise too_large(max_size)
            if cut(tokenizer, data) != Segments(tokens, raw):
                raise DecodeError("the payload is corrupt: its tokens are not those that its bytes are encoded as")
            return data

        return decode

    def _pieces(self, symbols: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        return [symbols[start : start + self.piece] for start in range(0, len(symbols), self.piece)]

    def _loaded(self) -> Pretrained:
        import_extra("torch", extra="hf", purpose="the coder 'hf'")
        import_extra("transformers", extra="hf", purpose="the coder 'hf'")
        from kolmo.coders.neural.devices import best_device
        from kolmo.coders.neural.pretrained import hub_folder, load

        folder = Path(self.model) if self.revision is None else hub_folder(self.model, self.revision)
        return load(folder, best_device(self.device), self.dtype)

    def _inference(self, context: bytes) -> TokenInference:
        """Return the model after reading a context; it is cached."""
        return _primed_inference(self, self._loaded(), context)

    def _environment(self) -> dict[str, Any]:
        digest = self._loaded().digest
        import tokenizers
        import transformers

        from kolmo.coders.neural import devices
        from kolmo.coders.neural.inference import byte_coding

        # the stamp of a stream depends on these keys: they stay as they are, whatever the parameters are called
        names = {"dtype": "dtype", "stride": "stride", "context": "context_length", "piece": "piece"}
        parameters = {key: getattr(self, name) for key, name in names.items()}
        libraries = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
        return (
            {"model": digest[:16], "coder": parameters}
            | libraries
            | byte_coding.environment(devices.best_device(self.device))
        )


@cached(size=lambda primed: bytes_of([part for name, part in vars(primed).items() if name != "model"]))
def _primed_inference(coder: HuggingFaceCoder, loaded: Pretrained, context: bytes) -> TokenInference:
    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.inference.token_inference import TokenInference

    lengths = (coder.context_length, loaded.context_length)
    length = min((each for each in lengths if each is not None), default=0)
    if not length:
        raise ParameterError(f"the model {coder.model} does not state its context length; pass context_length=1024")
    stride = min(coder.stride or length // 2, length - 1)
    symbols = cut(loaded.tokenizer, context).symbols()
    return TokenInference(
        model=loaded.model,
        device=best_device(coder.device),
        n_symbols=loaded.tokenizer.n_symbols,
        start=loaded.start,
        context_length=length,
        stride=stride,
        context=symbols[max(0, len(symbols) - (length - stride - 1)) :],
    )
