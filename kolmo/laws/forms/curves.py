"""Forms of one input: the loss as a function of a size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.laws.forms.base import Coefficient, Form, Inputs, Parameter


def _ones(inputs: Inputs) -> NDArray[np.float64]:
    return np.ones_like(inputs[0])


def _smallest(factor: float) -> Callable[[Inputs], float]:
    return lambda inputs: factor * float(inputs[0].min())


def _largest(factor: float) -> Callable[[Inputs], float]:
    return lambda inputs: factor * float(inputs[0].max())


def _m4(inputs: Inputs, alpha: float, x0: float, a: float) -> Sequence[NDArray[np.float64]]:
    """Return 1 and the u in (0, 1) with u / (1 - u)^alpha = (x / x0)^-a, found by Newton's method for logit u."""
    target = a * np.log(x0 / inputs[0])
    logit = np.where(target < 0, target, target / max(alpha, 1e-3))
    for _ in range(100):
        share = 1 / (1 + np.exp(-logit))
        error = -np.logaddexp(0, -logit) + alpha * np.logaddexp(0, logit) - target
        step = np.minimum(np.maximum(error / (1 - share + alpha * share), -20.0), 20.0)
        logit = logit - step
        if np.abs(step).max() < 1e-7:  # the error of the next value is of the order of the square
            break
    return _ones(inputs), 1 / (1 + np.exp(-logit))


EXPONENT = Parameter("a", 1e-3, 5.0, "log", "exponent")

CURVES: dict[str, Form] = {
    form.name: form
    for form in (
        Form(
            "constant",
            "the loss at the largest x",
            (Coefficient("last", is_signed=True, meaning="loss at the largest x"),),
            lambda inputs: (_ones(inputs),),
            rule=lambda inputs, y: [float(y[np.argmax(inputs[0])])],
        ),
        Form(
            "linear",
            "E + b x",
            (Coefficient("E", is_signed=True), Coefficient("b", is_signed=True)),
            lambda inputs: (_ones(inputs), inputs[0]),
        ),
        Form(
            "logarithm",
            "E + b log(x)",
            (Coefficient("E", is_signed=True), Coefficient("b", is_signed=True)),
            lambda inputs: (_ones(inputs), np.log(inputs[0])),
        ),
        Form(
            "exponential",
            "E + A exp(-x / s)",
            (Coefficient("E"), Coefficient("A")),
            lambda inputs, s: (_ones(inputs), np.exp(-inputs[0] / s)),
            (Parameter("s", _smallest(0.1), _largest(10), "log", "size at which the excess has fallen to 1/e"),),
        ),
        Form(
            "power",
            "A x^-a",
            (Coefficient("A"),),
            lambda inputs, a: (inputs[0] ** -a,),
            (EXPONENT,),
        ),
        Form(
            "power+offset",
            "E + A x^-a",
            (Coefficient("E", meaning="loss at infinite size"), Coefficient("A")),
            lambda inputs, a: (_ones(inputs), inputs[0] ** -a),
            (EXPONENT,),
        ),
        Form(
            "shifted power",
            "A (x + c)^-a",
            (Coefficient("A"),),
            lambda inputs, a, c: ((inputs[0] + c) ** -a,),
            (EXPONENT, Parameter("c", _smallest(1e-3), _largest(10), "log", "shift of the size")),
        ),
        Form(
            "shifted power+offset",
            "E + A (x + c)^-a",
            (Coefficient("E", meaning="loss at infinite size"), Coefficient("A")),
            lambda inputs, a, c: (_ones(inputs), (inputs[0] + c) ** -a),
            (EXPONENT, Parameter("c", _smallest(1e-3), _largest(10), "log", "shift of the size")),
        ),
        Form(
            "M3",
            "A (1/x + g)^a",
            (Coefficient("A"),),
            lambda inputs, a, g: ((1 / inputs[0] + g) ** a,),
            (
                EXPONENT,
                Parameter(
                    "g",
                    lambda inputs: 1e-6 / float(inputs[0].max()),
                    lambda inputs: 10 / float(inputs[0].min()),
                    "log",
                    "1 / the size at which the curve levels off",
                ),
            ),
            source="Alabdulmohsin, Neyshabur and Zhai, 'Revisiting neural scaling laws in language and vision', 2022",
        ),
        Form(
            "M4",
            "E + (L0 - E) u, u / (1 - u)^alpha = (x / x0)^-a",
            (Coefficient("E", meaning="loss at infinite size"), Coefficient("L0 - E", meaning="fall of the loss")),
            _m4,
            (
                Parameter("alpha", 1e-3, 20.0, "log", "how late the fall begins"),
                Parameter("x0", _smallest(1e-3), _largest(1e3), "log", "size at which the loss falls"),
                EXPONENT,
            ),
            source="Alabdulmohsin, Neyshabur and Zhai, 'Revisiting neural scaling laws in language and vision', 2022",
        ),
        Form(
            "BNSL",
            "E + A x^-a (1 + (x/d)^(1/f))^(-c f)",
            (Coefficient("E", meaning="loss at infinite size"), Coefficient("A")),
            lambda inputs, a, c, d, f: (
                _ones(inputs),
                inputs[0] ** -a * np.exp(-c * f * np.logaddexp(0, np.log(inputs[0] / d) / f)),
            ),
            (
                Parameter("a", -1.0, 3.0, "linear", "exponent before the break"),
                Parameter("c", -3.0, 8.0, "linear", "change of the exponent"),
                Parameter("d", _smallest(0.5), _largest(2), "log", "size of the break"),
                Parameter("f", 0.02, 2.0, "log", "width of the break"),
            ),
            source="Caballero, Gupta, Rish and Krueger, 'Broken neural scaling laws', ICLR 2023",
        ),
        Form(
            "logistic",
            "E + A / (1 + (x/x0)^k)",
            (Coefficient("E"), Coefficient("A")),
            lambda inputs, x0, k: (_ones(inputs), 1 / (1 + np.exp(k * np.log(inputs[0] / x0)))),
            (
                Parameter("x0", _smallest(0.1), _largest(10), "log", "size of half of the fall"),
                Parameter("k", 0.1, 30.0, "log", "steepness"),
            ),
        ),
    )
}
"""The forms of one input by name."""
