"""Sources whose entropy rate is exact."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np


def markov(order: int, symbols: int, size: int, *, seed: int, concentration: float = 0.5) -> tuple[bytes, float]:
    """Return letters drawn from a random Markov chain, and its entropy rate in bits per letter."""
    random = np.random.default_rng(seed)
    n_states = symbols**order
    chances = random.dirichlet(np.full(symbols, concentration), size=n_states)
    below = [row[:-1].cumsum().tolist() for row in chances]
    drawn, state = np.empty(size, np.uint8), 0
    for place, number in enumerate(random.random(size).tolist()):
        letter = bisect_right(below[state], number)
        drawn[place] = letter
        state = (state * symbols + letter) % n_states
    following = (np.arange(n_states)[:, None] * symbols + np.arange(symbols)) % n_states
    visits = np.full(n_states, 1 / n_states)
    for _ in range(2000):
        after = np.bincount(following.ravel(), (visits[:, None] * chances).ravel(), n_states)
        if np.abs(after - visits).sum() < 1e-13:
            break
        visits = after
    entropy = -(visits[:, None] * chances * np.log2(np.maximum(chances, 1e-300))).sum()
    return (drawn + ord("A")).tobytes(), float(entropy)
