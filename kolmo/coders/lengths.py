"""Code lengths and surprisals of data in one call, for any coder by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def code_length(data: Any, *, coder: CoderLike = "deflate", context: Any = None) -> float:
    """Return the code length L(data), or L(data | context), in bits.

    It is an upper bound on the Kolmogorov complexity of the data, up to the size of the coder.

    Parameters
    ----------
    data : str or bytes-like
        Text is encoded as UTF-8.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    context : str or bytes-like, optional
        Data that the coder reads first.

    Returns
    -------
    float
        Bits.

    Raises
    ------
    DataError
        If `data` is neither text nor bytes.
    PrimingError
        If `context` is given and the coder cannot be primed.

    See Also
    --------
    kolmo.coders.Coder.code_lengths : The code lengths of many items, in parallel.
    surprisals : The bits of each byte.

    Examples
    --------
    >>> code_length("naïve", coder="uniform")
    56.0
    >>> text = "the cat sat on the mat"
    >>> code_length(text, context="a cat sat on a mat") < code_length(text)
    True
    """
    made = make_coder(coder)
    return (made if context is None else made.prime(context)).code_length(data)


def surprisals(data: Any, *, coder: CoderLike = "mix", context: Any = b"") -> NDArray[np.float64]:
    """Return the surprisal of every byte, -log2 of its probability given the bytes before it.

    Parameters
    ----------
    data : str or bytes-like
        Text is encoded as UTF-8.
    coder : str, mapping or Coder
        A predictive coder: ``ngram``, ``mix``, ``gru``, ``neural``, ``hf``, or a mixture of them.
    context : str or bytes-like
        Data that the coder reads first.

    Returns
    -------
    ndarray of shape (n_bytes,)
        Bits. Their sum is the code length, except for the few bytes that encode the size of the data.

    Raises
    ------
    ParameterError
        If the coder is not predictive.

    Examples
    --------
    >>> bits = surprisals("a rose is a rose is a rose", coder="ngram")
    >>> bool(bits[:10].mean() > bits[10:].mean())
    True
    """
    return check_predictive(make_coder(coder)).surprisals(data, context=context)


def check_predictive(coder: Coder) -> PredictiveCoder:
    """Return the coder, or raise an error if it is not predictive."""
    if not isinstance(coder, PredictiveCoder):
        raise ParameterError(
            f"expected a predictive coder, such as 'ngram' or 'mix', got {str(coder)!r}, which has no surprisal for "
            "each byte"
        )
    return coder
