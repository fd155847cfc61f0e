"""The forms of scaling laws: formulas with named parameters, some of which enter linearly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Inputs = Sequence[NDArray[np.float64]]
"""One array for each input of a form, such as the sizes of models and of data."""
Bound = float | Callable[[Inputs], float]


@dataclass(frozen=True)
class Parameter:
    """A parameter that does not enter linearly: it is searched.

    Parameters
    ----------
    name : str
    low, high : float or callable
        Its range; a callable computes an end from the inputs.
    scale : {"linear", "log"}
        The scale of the search; "log" is for positive parameters.
    meaning : str
        What it states, with its unit.
    """

    name: str
    low: Bound
    high: Bound
    scale: Literal["linear", "log"] = "linear"
    meaning: str = ""

    def range(self, inputs: Inputs) -> tuple[float, float]:
        """Return the ends of its range for these inputs."""
        low, high = (end(inputs) if callable(end) else end for end in (self.low, self.high))
        return float(low), float(high)


@dataclass(frozen=True)
class Coefficient:
    """A parameter that enters linearly: it is solved for.

    Parameters
    ----------
    name : str
    is_signed : bool
        Whether it may be negative.
    meaning : str
        What it states, with its unit.
    """

    name: str
    is_signed: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Form:
    """A formula for a loss: the sum of features of the inputs, each times a coefficient.

    Parameters
    ----------
    name : str
        Short name.
    formula : str
        The formula, as documentation and plots print it.
    coefficients : tuple of Coefficient
        The parameters that enter linearly, one for each feature.
    features : callable
        ``features(inputs, *parameters)`` returns a sequence of arrays, one for each coefficient.
    parameters : tuple of Parameter
        The parameters that do not enter linearly.
    inputs : tuple of str
        The names of the inputs.
    source : str
        The paper.
    rule : callable, optional
        ``rule(inputs, y)`` returns all parameters; a form with a rule is not fitted by search.

    Examples
    --------
    A form of one's own takes a few lines:

    >>> import numpy as np
    >>> root = Form(
    ...     name="root",
    ...     formula="E + A / sqrt(x)",
    ...     coefficients=(Coefficient("E"), Coefficient("A")),
    ...     features=lambda inputs: (np.ones_like(inputs[0]), inputs[0] ** -0.5),
    ... )
    >>> root.predict([np.array([4.0, 100.0])], {"E": 1.0, "A": 2.0}).tolist()
    [2.0, 1.2]
    """

    name: str
    formula: str
    coefficients: tuple[Coefficient, ...]
    features: Callable[..., Sequence[NDArray[np.float64]]]
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[str, ...] = ("x",)
    source: str = ""
    rule: Callable[[Inputs, NDArray[np.float64]], Sequence[float]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parameters, coefficients first."""
        return (*(each.name for each in self.coefficients), *(each.name for each in self.parameters))

    @property
    def meanings(self) -> dict[str, str]:
        """What each parameter states."""
        return {each.name: each.meaning for each in self.coefficients} | {
            each.name: each.meaning for each in self.parameters
        }

    def matrix(self, inputs: Inputs, parameters: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the features as columns, shape (n, n_coefficients)."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            columns = self.features(inputs, *parameters)
        return np.stack([np.broadcast_to(column, inputs[0].shape) for column in columns], axis=1)

    def predict(self, inputs: Inputs, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the losses at these inputs.

        Parameters
        ----------
        inputs : sequence of ndarray
            An array for each input.
        values : mapping of str to float
            All parameters by name.

        Returns
        -------
        ndarray
        """
        numbers = [values[name] for name in self.names]
        split = len(self.coefficients)
        found: NDArray[np.float64] = self.matrix(inputs, numbers[split:]) @ np.array(numbers[:split])
        return found
