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


_LETTERS, _PRODUCTIONS, _LARGEST_GROWTH = 16, 4, 0.85


def grammar(n_symbols: int, size: int, *, seed: int) -> tuple[bytes, float]:
    """Return sentences of a random probabilistic grammar, a line each, and the entropy rate in bits per letter.

    Each of the `n_symbols` nonterminal symbols has four productions, which start with different letters and go on with
    none, one, one or two symbols. A sentence is thus read in one way only, so its entropy is that of its derivation:
    that of the production, and of the sentences of its symbols. The letters of a sentence are counted likewise, and the
    line end after it, which costs nothing.
    """
    random = np.random.default_rng(seed)
    chances, firsts, rests = productions(n_symbols, random)
    children = np.eye(n_symbols) - _children(chances, rests)
    entropy = np.linalg.solve(children, -(chances * np.log2(np.maximum(chances, 1e-300))).sum(1))
    length = np.linalg.solve(children, np.ones(n_symbols))
    below = [row[:-1].cumsum().tolist() for row in chances]
    drawn, stack = bytearray(), [0]
    while len(drawn) < size:
        if not stack:
            drawn += b"\n"
            stack = [0]
            continue
        symbol = stack.pop()
        production = bisect_right(below[symbol], random.random())
        drawn.append(ord("a") + int(firsts[symbol, production]))
        stack.extend(reversed(rests[symbol][production]))
    return bytes(drawn[:size]), float(entropy[0] / (length[0] + 1))


def productions(n_symbols: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[list[list[int]]]]:
    """Return the chances of the productions of each symbol, their first letters, and the symbols that follow."""
    chances = random.dirichlet(np.full(_PRODUCTIONS, 1.0), size=n_symbols)
    firsts = np.array([random.choice(_LETTERS, _PRODUCTIONS, replace=False) for _ in range(n_symbols)])
    rests = [[random.integers(n_symbols, size=count).tolist() for count in (0, 1, 1, 2)] for _ in range(n_symbols)]
    while np.abs(np.linalg.eigvals(_children(chances, rests))).max() > _LARGEST_GROWTH:  # ends with probability 1
        chances[:, 0] += 0.1
        chances /= chances.sum(1, keepdims=True)
    return chances, firsts, rests


def _children(chances: np.ndarray, rests: list[list[list[int]]]) -> np.ndarray:
    """Return how many of each symbol (column) a symbol (row) brings forth on average."""
    n = len(chances)
    return np.array(
        [
            sum(chance * np.bincount(rest, minlength=n) for chance, rest in zip(chances[row], rests[row], strict=True))
            for row in range(n)
        ]
    )
