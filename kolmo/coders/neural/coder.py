"""A trained model as a coder: two parts, the weights and the code they give."""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.predictive import Cursor, PredictiveCoder, length_bits
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from kolmo.coders.neural.folder import SavedModel
    from kolmo.coders.neural.inference.bytes import Reader

_STAMP_BITS = 32.0
_KEPT_MODELS, _KEPT_READERS = 8, 32
_WORDS_OF_BITS = (32, 8, 4)


@dataclass(frozen=True, kw_only=True)
class NeuralCoder(PredictiveCoder):
    """A language model of bytes, trained beforehand, and an entropy coder.

    Its code lengths do not hold the model; `model_bits` says what that costs. Data are cut into pieces that are coded
    side by side, each from the same start.

    The stated length is the ideal one, by the fastest way to evaluate the model. The real code takes the steps that its
    decoder takes, and is longer or shorter by less than 0.1 % and 8 bytes. It starts with four bytes by which
    another model, device, processor or version of torch is refused, since these may compute other numbers.

    Parameters
    ----------
    model : str
        The folder that ``kolmo train`` made.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    stride : int, optional
        How many bytes a model with a window reads before it begins anew from the end of what it has; half the window
        unless told otherwise. A longer stride takes less time, and sees less.
    piece : int
        Bytes of a piece.
    bits : {32, 8, 4}
        Bits a weight; fewer make `model_bits` smaller and the code longer.
    passes : int
        How often the weights are tuned on what the coder is primed with. With 0 it is read as a context, of which a
        model with a window sees only the end.

    Examples
    --------
    >>> NeuralCoder("no-such-folder").bits
    32
    """

    model: str = field(default="", kw_only=False)
    device: str = "auto"
    stride: int | None = None
    piece: int = 2**15
    bits: int = 32
    passes: int = 0

    name: ClassVar[str] = "neural"

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ParameterError(
                f"the coder 'neural' needs a model: neural:model=FOLDER, a folder that 'kolmo train' made, but "
                f"{self.model!r} came"
            )
        if not isinstance(self.device, str):
            raise ParameterError(f"device must be a name such as 'cpu', but {self.device!r} came")
        if self.stride is not None:
            check_integer("stride", self.stride, 1, 2**16)
        check_integer("piece", self.piece, 16, 2**30)
        check_integer("passes", self.passes, 0, 1000)
        if self.bits not in _WORDS_OF_BITS:
            raise ParameterError(f"bits must be 32, 8 or 4, but {self.bits!r} came")

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=64.0, tolerance=1e-3)

    def versions(self) -> dict[str, str]:
        facts = self._environment()
        return {key: str(value) for key, value in facts.items() if key != "coder"}

    @property
    def model_bits(self) -> float:
        """What it takes to write down the weights, in bits."""
        return _loaded(self.model, self.device, self.bits)[2]

    @property
    def saved(self) -> SavedModel:
        """What the folder says of its model."""
        return _loaded(self.model, self.device, self.bits)[1]

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        import numpy as np

        reader = self._reader(as_bytes(context))
        return np.concatenate([np.empty(0), *reader.surprisals(self._pieces(as_bytes(data)))])

    def _cursor(self, context: bytes) -> Cursor:
        return _NeuralCursor(self, self._reader(context).copy())

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        pieces = [self._pieces(item) for item in items]
        bits = self._reader(context).surprisals([piece for group in pieces for piece in group])
        ends = np.cumsum([len(group) for group in pieces])
        sums = np.split(np.array([part.sum() for part in bits]), ends[:-1]) if items else []
        fixed = [length_bits(item) + _STAMP_BITS for item in items]
        lengths: NDArray[np.float64] = np.array([own.sum() for own in sums]) + np.array(fixed)
        return lengths

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(self._lengths(context, [data])[0])

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            from kolmo.coders.neural.inference import byte_code as coding

            stamp = coding.stamp(self._environment())
            return join_length(len(data), stamp + coding.encode(self._reader(context), self._pieces(data)))

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            from kolmo.coders.neural.inference import byte_code as coding

            size, stream = split_length(payload, max_size)
            facts = self._environment()
            if stream[:4] != coding.stamp(facts):
                here = ", ".join(f"{key} {value}" for key, value in facts.items())
                raise DecodeError(
                    "the payload was written by another model or setting, or where numbers may come out otherwise, or "
                    f"it is damaged; here is {here}; read it with what wrote it"
                )
            # 256 symbols of which each has at least 2^-24: no byte takes less than 2^-16 bits
            if size > (len(stream) + 8) * 2**19:
                raise DecodeError(f"{len(stream):,} bytes cannot hold {size:,}: the payload is truncated or corrupt")
            sizes = [min(self.piece, size - start) for start in range(0, size, self.piece)]
            return b"".join(coding.decode(self._reader(context), sizes, stream[4:]))

        return decode

    def _pieces(self, data: bytes) -> list[bytes]:
        return [data[start : start + self.piece] for start in range(0, len(data), self.piece)]

    def _reader(self, context: bytes) -> Reader:
        """Return the reader that all calls with this context copy; nobody moves it."""
        return _primed_reader(self, _loaded(self.model, self.device, self.bits)[1].digest, context)

    def _environment(self) -> dict[str, Any]:
        torch = import_extra("torch", extra="neural", purpose="the coder 'neural'")
        from kolmo.coders.neural import folder
        from kolmo.coders.neural.inference import byte_code as coding
        from kolmo.coders.neural.training import loop as training

        own = {key: value for key, value in self.config.items() if key not in ("id", "model", "device")}
        facts = coding.environment(training.best_device(self.device))
        if self.passes:
            facts["threads"] = torch.get_num_threads()  # those that tune
        return {"model": folder.read_config(Path(self.model)).digest[:16], "coder": own} | facts


class _NeuralCursor(Cursor):
    """A reader of one lane."""

    def __init__(self, coder: NeuralCoder, reader: Reader) -> None:
        self.coder, self.reader = coder, reader

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.reader.read(data)

    def copy(self) -> Self:
        return type(self)(self.coder, self.reader.copy())

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        logits = self.reader.predictions()[0].astype(np.float64)
        chances = np.exp(logits - logits.max())
        shares: NDArray[np.float64] = chances / chances.sum()
        return shares

    def encode(self, data: bytes) -> bytes:
        from kolmo.coders.neural.inference import byte_code as coding

        return coding.encode(self.reader, [data])

    def decode(self, payload: bytes, size: int) -> bytes:
        from kolmo.coders.neural.inference import byte_code as coding

        return coding.decode(self.reader, [size], payload)[0] if size else b""


def _loaded(folder: str, device: str, bits: int) -> tuple[torch.nn.Module, SavedModel, float]:
    """Return the model of a folder on its device, what the folder says of it, and its bits; read anew if it changed."""
    import_extra("torch", extra="neural", purpose="the coder 'neural'")
    from kolmo.coders.neural.folder import read_config
    from kolmo.coders.neural.training.loop import best_device

    return _model_of(folder, read_config(Path(folder)).digest, best_device(device), bits)


@functools.lru_cache(_KEPT_MODELS)
def _model_of(folder: str, _digest: str, device: torch.device, bits: int) -> tuple[torch.nn.Module, SavedModel, float]:
    from kolmo.coders.neural.folder import load_model
    from kolmo.coders.neural.inference.quantize import quantize

    model, saved = load_model(Path(folder))
    model_bits = quantize(model, bits)
    return model.to(device), saved, model_bits


@functools.lru_cache(_KEPT_READERS)
def _primed_reader(coder: NeuralCoder, _digest: str, context: bytes) -> Reader:
    from kolmo.coders.neural.inference.bytes import Reader
    from kolmo.coders.neural.training.loop import best_device
    from kolmo.coders.neural.tuning import tune

    model, _, _ = _loaded(coder.model, coder.device, coder.bits)
    device = best_device(coder.device)
    if context and coder.passes:
        model = copy.deepcopy(model)
        tune(model, context, passes=coder.passes, device=device)
    reader = Reader.begin(model, device, coder.stride)
    reader.see(context)
    return reader
