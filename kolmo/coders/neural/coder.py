"""The coder `neural`: a trained byte-level language model with an entropy coder."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_count
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes
from kolmo._core.memory import cached, clearable
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import check_ratio, join_length, split_length
from kolmo.coders.predictive import Cursor, PredictiveCoder, stream_bits
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from kolmo.coders.neural.folder import FileState, SavedNetwork
    from kolmo.coders.neural.inference.byte_inference import InferenceState

_STAMP_BITS = 32.0
_CACHED_MODELS = 8
_WEIGHT_BITS = (32, 8, 4)


@dataclass(frozen=True, kw_only=True)
class NeuralCoder(PredictiveCoder):
    """A trained byte-level language model with an entropy coder.

    Code lengths do not include the model; `model_bits` is its size. Data are cut into pieces that are coded in
    parallel, each from the same state.

    The stated length is the sum of the surprisals, computed in batches. A stream is coded step by step, and its length
    differs by less than 0.1% and 8 bytes. It starts with a stamp of four bytes that depends on the model, the device,
    the processor and the version of torch, because floating-point results depend on these; a stream with another stamp
    is not decoded.

    Parameters
    ----------
    model : str
        The folder that ``kolmo train`` wrote. Its weights are checked by their SHA-256 when they are loaded, and
        loaded again when their size or time of modification changes.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    stride : int, optional
        Number of bytes by which the window of a Transformer moves; by default half of its context length. A longer
        stride is faster, with fewer bytes of context per prediction.
    piece : int
        Bytes per piece.
    bits : {32, 8, 4}
        Bits per weight; fewer bits make `model_bits` smaller and the code longer.
    passes : int
        Number of passes in which the weights are fine-tuned on the context that the coder is primed with. With 0 the
        model reads the context; a Transformer then sees only its end.

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
    loads: ClassVar[tuple[str, ...]] = ("model",)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ParameterError(
                f"model of the coder 'neural': expected a folder that 'kolmo train' wrote (neural:model=FOLDER), got "
                f"{self.model!r}"
            )
        if not isinstance(self.device, str):
            raise ParameterError(f"device: expected a name such as 'cpu', got {self.device!r}")
        if self.stride is not None:
            check_count("stride", self.stride, 1, 2**16)
        check_count("piece", self.piece, 16, 2**30)
        check_count("passes", self.passes, 0, 1000)
        if self.bits not in _WEIGHT_BITS:
            raise ParameterError(f"bits: expected 32, 8 or 4, got {self.bits!r}")

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=64.0, tolerance=1e-3)

    def versions(self) -> dict[str, str]:
        facts = self._environment()
        return {key: str(value) for key, value in facts.items() if key != "coder"}

    @property
    def model_bits(self) -> float:
        """Size of the quantised weights, in bits."""
        return _loaded(self.model, self.device, self.bits)[2]

    @property
    def model_label(self) -> str:
        return os.path.basename(os.path.realpath(self.model))

    @property
    def model_digest(self) -> str:
        return self.saved.digest

    @classmethod
    def digest_of_model(cls, folder: Path) -> str:
        import_extra("torch", extra="neural", purpose="the coder 'neural'")
        from kolmo.coders.neural.folder import read_config

        return read_config(folder).digest

    @property
    def saved(self) -> SavedNetwork:
        """The description of the model in its folder."""
        return _loaded(self.model, self.device, self.bits)[1]

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        import numpy as np

        state = self._state(as_bytes(context))
        return np.concatenate([np.empty(0), *state.surprisals(self._pieces(as_bytes(data)))])

    def _cursor(self, context: bytes) -> Cursor:
        return _NeuralCursor(self, self._state(context).copy())

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        pieces = [self._pieces(item) for item in items]
        bits = self._state(context).surprisals([piece for group in pieces for piece in group])
        ends = np.cumsum([len(group) for group in pieces])
        sums = np.split(np.array([part.sum() for part in bits]), ends[:-1]) if items else []
        return np.array(
            [_STAMP_BITS + stream_bits(item, float(part.sum())) for item, part in zip(items, sums, strict=True)]
        )

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(self._lengths(context, [data])[0])

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            from kolmo.coders.neural.inference import byte_coding

            stamp = byte_coding.stamp(self._environment())
            return join_length(len(data), stamp + byte_coding.encode(self._state(context), self._pieces(data)))

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            from kolmo.coders.neural.inference import byte_coding

            size, stream = split_length(payload, max_size)
            byte_coding.check_stamp(stream[:4], self._environment())
            check_ratio(len(stream) - 4, size)
            sizes = [min(self.piece, size - start) for start in range(0, size, self.piece)]
            return b"".join(byte_coding.decode(self._state(context), sizes, stream[4:]))

        return decode

    def _pieces(self, data: bytes) -> list[bytes]:
        return [data[start : start + self.piece] for start in range(0, len(data), self.piece)]

    def _state(self, context: bytes) -> InferenceState:
        """Return the state after a context; it is cached, so callers copy it before they read on."""
        return _primed_state(self, _loaded(self.model, self.device, self.bits)[1].digest, context)

    def _environment(self) -> dict[str, Any]:
        torch = import_extra("torch", extra="neural", purpose="the coder 'neural'")
        from kolmo.coders.neural import devices, folder
        from kolmo.coders.neural.inference import byte_coding

        parameters = {key: value for key, value in self.config.items() if key not in ("id", "model", "device")}
        facts = byte_coding.environment(devices.best_device(self.device))
        if self.passes:
            facts["threads"] = torch.get_num_threads()  # fine-tuning uses all of them
        return {"model": folder.read_config(Path(self.model)).digest[:16], "coder": parameters} | facts


class _NeuralCursor(Cursor):
    """A cursor on an inference state with a batch size of 1."""

    def __init__(self, coder: NeuralCoder, state: InferenceState) -> None:
        self.coder, self.state = coder, state

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.state.read(data)

    def copy(self) -> Self:
        return type(self)(self.coder, self.state.copy())

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.neural.inference.frequencies import coded_probability

        logits = self.state.predictions()[0].astype(np.float64)
        weights = np.exp(logits - logits.max())
        probabilities: NDArray[np.float64] = coded_probability(weights / weights.sum(), len(weights))
        return probabilities

    def encode(self, data: bytes) -> bytes:
        from kolmo.coders.neural.inference import byte_coding

        return byte_coding.encode(self.state, [data])

    def decode(self, payload: bytes, size: int) -> bytes:
        from kolmo.coders.neural.inference import byte_coding

        return byte_coding.decode(self.state, [size], payload)[0] if size else b""


def _loaded(folder: str, device: str, bits: int) -> tuple[torch.nn.Module, SavedNetwork, float]:
    """Return the model in a folder, its description, and its size in bits; it is read again if the folder changed."""
    import_extra("torch", extra="neural", purpose="the coder 'neural'")
    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.folder import read_config, weights_state

    saved = read_config(Path(folder))
    return _model_of(folder, saved.digest, weights_state(Path(folder)), best_device(device), bits)


@clearable
@functools.lru_cache(_CACHED_MODELS)
def _model_of(
    folder: str, _digest: str, _state: FileState, device: torch.device, bits: int
) -> tuple[torch.nn.Module, SavedNetwork, float]:
    from kolmo.coders.neural.folder import load_language_model
    from kolmo.coders.neural.inference.quantization import quantize

    model, saved = load_language_model(Path(folder))
    model_bits = quantize(model, bits)
    return model.to(device), saved, model_bits


@cached()
def _primed_state(coder: NeuralCoder, _digest: str, context: bytes) -> InferenceState:
    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.inference.byte_inference import InferenceState
    from kolmo.coders.neural.training.optimizers import fine_tune

    model, _, _ = _loaded(coder.model, coder.device, coder.bits)
    device = best_device(coder.device)
    if context and coder.passes:
        model = copy.deepcopy(model)
        fine_tune(model, context, passes=coder.passes, device=device)
    state = InferenceState.begin(model, device, coder.stride)
    state.read_context(context)
    return state
