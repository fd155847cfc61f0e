"""Forms of two or three inputs: the number of parameters N, the training tokens D, and the unique tokens U."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.laws.forms.base import Coefficient, Form, Inputs, Parameter

_ALPHA = Parameter("alpha", 0.01, 3.0, "log", "exponent of N")
_BETA = Parameter("beta", 0.01, 3.0, "log", "exponent of D")
_FLOOR = Coefficient("E", meaning="loss of infinite models on infinite data")


def _repeated(
    inputs: Inputs, alpha: float, beta: float, ratio: float, reuse_d: float, reuse_n: float
) -> Sequence[NDArray[np.float64]]:
    """Return the features of the data-constrained law: repeated tokens and excess parameters decay in value."""
    n, d, unique = inputs
    repeats = np.maximum(d / unique - 1, 0)
    data = unique * (1 + reuse_d * -np.expm1(-repeats / reuse_d))
    # the parameters that are optimal for the unique tokens, by the same law without repetition
    g = (alpha / (beta * ratio)) ** (1 / (alpha + beta))
    useful = np.minimum(n, g * (unique * g) ** (beta / alpha))
    excess = n / useful - 1
    size = useful * (1 + reuse_n * -np.expm1(-excess / reuse_n))
    return np.ones_like(n), size**-alpha + ratio * data**-beta


def _saturating(inputs: Inputs, alpha: float, beta: float, n0: float, d0: float) -> Sequence[NDArray[np.float64]]:
    h = (inputs[0] / n0) ** -alpha + (inputs[1] / d0) ** -beta
    return np.ones_like(h), h / (1 + h)


SURFACES: dict[str, Form] = {
    form.name: form
    for form in (
        Form(
            "chinchilla",
            "E + A N^-alpha + B D^-beta",
            (_FLOOR, Coefficient("A"), Coefficient("B")),
            lambda inputs, alpha, beta: (np.ones_like(inputs[0]), inputs[0] ** -alpha, inputs[1] ** -beta),
            (_ALPHA, _BETA),
            inputs=("N", "D"),
            source="Hoffmann et al., 'Training compute-optimal large language models', 2022",
        ),
        Form(
            "kaplan",
            "A (N^(-alpha/beta) + r / D)^beta",
            (Coefficient("A"),),
            lambda inputs, alpha, beta, r: ((inputs[0] ** (-alpha / beta) + r / inputs[1]) ** beta,),
            (_ALPHA, _BETA, Parameter("r", 1e-12, 1e12, "log", "weight of the data")),
            inputs=("N", "D"),
            source="Kaplan et al., 'Scaling laws for neural language models', 2020",
        ),
        Form(
            "saturating",
            "E + (L0 - E) h / (1 + h), h = a N^-alpha + b D^-beta",
            (_FLOOR, Coefficient("L0 - E", meaning="fall of the loss")),
            _saturating,
            (
                _ALPHA,
                _BETA,
                Parameter("n0", lambda inputs: 1e-4 * inputs[0].min(), lambda inputs: 10 * inputs[0].max(), "log"),
                Parameter("d0", lambda inputs: 1e-4 * inputs[1].min(), lambda inputs: 10 * inputs[1].max(), "log"),
            ),
            inputs=("N", "D"),
        ),
        Form(
            "data-constrained",
            "E + A (N'^-alpha + r D'^-beta), D' = U + U R_D (1 - exp(-(D/U - 1) / R_D)), and N' alike",
            (_FLOOR, Coefficient("A")),
            _repeated,
            (
                _ALPHA,
                _BETA,
                Parameter("r", 1e-6, 1e6, "log", "B / A"),
                Parameter("R_D", 0.5, 500.0, "log", "repetitions of the data until their value has fallen to 1/e"),
                Parameter("R_N", 0.5, 500.0, "log", "the same for parameters beyond the optimum"),
            ),
            inputs=("N", "D", "U"),
            source="Muennighoff et al., 'Scaling data-constrained language models', NeurIPS 2023",
        ),
    )
}
"""The forms of several inputs by name."""
