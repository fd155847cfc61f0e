"""Numba kernels of quartet trees: what a tree costs, and a climb from tree to better tree.

A tree of n leaves is an array of shape (2n - 2, 3) that holds the neighbours of each node: the leaves come first, and
have only the first of their three places filled.
"""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import kernel, part
from kolmo.coders.deflate.index import at, integer

NODES, LEFT, RIGHT, START, SIZE, LEAVES, TOWARDS, WAITING = range(8)
"""Rows of scratch, each as long as there are nodes."""
N_SCRATCH = 8
WITHIN, ALL = range(2)
"""Rows of sums: distances between the leaves below a node, and from them to all leaves."""
N_SUMS = 2
TRIES = 16


@kernel
def bounds(D: Any, found: Any) -> None:
    """Write the sums, over all quartets of items, of the cost of the cheapest and of the dearest of three pairings."""
    least, most = 0.0, 0.0
    size = len(D)
    for a in range(size - 3):
        for b in range(a + 1, size - 2):
            for c in range(b + 1, size - 1):
                for d in range(c + 1, size):
                    one = D[at(a), at(b)] + D[at(c), at(d)]
                    two = D[at(a), at(c)] + D[at(b), at(d)]
                    three = D[at(a), at(d)] + D[at(b), at(c)]
                    least += min(one, two, three)
                    most += max(one, two, three)
    found[0], found[1] = least, most


@kernel
def cost(D: Any, totals: Any, tree: Any, scratch: Any, sums: Any, found: Any) -> None:
    """Write the sum, over all quartets of items, of the cost of the pairing that the tree has."""
    found[0] = _cost(D, totals, tree, scratch, sums)


@kernel
def climb(
    D: Any,
    totals: Any,
    tree: Any,
    trial: Any,
    scratch: Any,
    sums: Any,
    thresholds: Any,
    random: Any,
    best: Any,
    counts: Any,
    margin: float,
    patience: int,
    steps: int,
) -> None:
    """Change the tree at random, and keep what is cheaper, until nothing was for so many steps.

    `thresholds` says how many changes are made at once: entry k is the chance, in 2**31sts, of k + 1 or fewer. `random`
    is the state of the generator, never zero; `best` is the tree's cost, and `counts` the steps since it fell. At most
    `steps` are taken.
    """
    for _ in range(steps):
        if counts[0] >= patience:
            return
        for node in range(len(tree)):
            for place in range(3):
                trial[at(node), at(place)] = tree[at(node), at(place)]
        drawn = _drawn(random)
        number = integer(0)
        while number < len(thresholds) - 1 and drawn >= thresholds[at(number)]:
            number += 1
        for _change in range(number + 1):
            _mutate(trial, scratch, random)
        now = _cost(D, totals, trial, scratch, sums)
        if now < best[0] - margin:
            best[0], counts[0] = now, 0
            for node in range(len(tree)):
                for place in range(3):
                    tree[at(node), at(place)] = trial[at(node), at(place)]
        else:
            counts[0] += 1


@part
def _drawn(random: Any) -> Any:
    """Return a random number of 31 bits, by Marsaglia's xorshift with Vigna's multiplier."""
    state = random[0]
    state ^= state >> at(12)
    state ^= state << at(25)
    state ^= state >> at(27)
    random[0] = state
    return integer((state * at(0x2545F4914F6CDD1D)) >> at(33))


@part
def _cost(D: Any, totals: Any, tree: Any, scratch: Any, sums: Any) -> Any:
    """Add up, at each inner node, what the leaves on one side of it cost as the partners of those on another.

    Two pairs of leaves are what the tree makes of a quartet if a path joins the one pair to the other. Where it begins
    is a node with u and v in two of its branches, and with w and x in the third: so each distance counts as often as
    pairs can be drawn from the third branch, at every node on its way. This takes the time of looking at all distances
    once, rather than at all quartets.
    """
    count = integer(len(D))
    n_nodes, n_leaves, n_waiting = integer(0), integer(0), integer(1)
    # leaf 0 stands for the root, and is above all others
    scratch[WAITING, 0], scratch[TOWARDS, at(tree[0, 0])] = tree[0, 0], 0
    while n_waiting > 0:
        n_waiting -= 1
        node = integer(scratch[WAITING, at(n_waiting)])
        scratch[NODES, at(n_nodes)] = node
        n_nodes += 1
        scratch[START, at(node)] = n_leaves
        if node < count:
            scratch[LEAVES, at(n_leaves)] = node
            n_leaves += 1
            continue
        side = integer(LEFT)
        for place in range(3):
            neighbor = integer(tree[at(node), at(place)])
            if neighbor != scratch[TOWARDS, at(node)]:
                scratch[at(side), at(node)] = neighbor
                side = integer(RIGHT)
                scratch[TOWARDS, at(neighbor)] = node
                scratch[WAITING, at(n_waiting)] = neighbor
                n_waiting += 1
    total = 0.0
    for number in range(n_nodes - 1, -1, -1):
        node = integer(scratch[NODES, at(number)])
        if node < count:
            scratch[SIZE, at(node)] = 1
            sums[WITHIN, at(node)], sums[ALL, at(node)] = 0.0, totals[at(node)]
            continue
        left, right = at(scratch[LEFT, at(node)]), at(scratch[RIGHT, at(node)])
        n_left, n_right = integer(scratch[SIZE, left]), integer(scratch[SIZE, right])
        n_rest = count - n_left - n_right
        between = 0.0
        for one in range(scratch[START, left], scratch[START, left] + n_left):
            row = at(scratch[LEAVES, at(one)])
            for other in range(scratch[START, right], scratch[START, right] + n_right):
                between += D[row, at(scratch[LEAVES, at(other)])]
        left_to_rest = sums[ALL, left] - 2.0 * sums[WITHIN, left] - between
        right_to_rest = sums[ALL, right] - 2.0 * sums[WITHIN, right] - between
        total += between * (n_rest * (n_rest - 1) / 2.0)
        total += left_to_rest * (n_right * (n_right - 1) / 2.0)
        total += right_to_rest * (n_left * (n_left - 1) / 2.0)
        sums[WITHIN, at(node)] = sums[WITHIN, left] + sums[WITHIN, right] + between
        sums[ALL, at(node)] = sums[ALL, left] + sums[ALL, right]
        scratch[SIZE, at(node)] = n_left + n_right
    return total


@part
def _mutate(tree: Any, scratch: Any, random: Any) -> None:
    """Swap two leaves, swap two subtrees, or move a subtree to another branch."""
    n_nodes = integer(len(tree))
    kind = _drawn(random) % 3
    among = (n_nodes + 2) // 2 if kind == 0 else n_nodes
    for _ in range(TRIES):
        one, other = _drawn(random) % among, _drawn(random) % among
        if one == other:
            continue
        _point(tree, other, scratch)
        # the path from one to the other: what lies next to either, and how many branches it has
        beside, last, length = integer(scratch[TOWARDS, at(one)]), one, integer(1)
        while scratch[TOWARDS, at(last)] != other:
            last = integer(scratch[TOWARDS, at(last)])
            length += 1
        if length < 3:
            continue  # both hang from the same node, and would change places for nothing
        if kind < 2:
            _replace(tree, beside, one, other)
            _replace(tree, last, other, one)
            _replace(tree, one, beside, last)
            _replace(tree, other, last, beside)
        else:
            _move(tree, one, beside, other, last)
        return


@part
def _point(tree: Any, goal: Any, scratch: Any) -> None:
    """Say of each node which neighbour leads to the goal."""
    n_waiting = integer(1)
    scratch[WAITING, 0], scratch[TOWARDS, at(goal)] = goal, -1
    while n_waiting > 0:
        n_waiting -= 1
        node = integer(scratch[WAITING, at(n_waiting)])
        for place in range(3):
            neighbor = integer(tree[at(node), at(place)])
            if neighbor >= 0 and neighbor != scratch[TOWARDS, at(node)]:
                scratch[TOWARDS, at(neighbor)] = node
                scratch[WAITING, at(n_waiting)] = neighbor
                n_waiting += 1


@part
def _replace(tree: Any, node: Any, before: Any, after: Any) -> None:
    for place in range(3):
        if tree[at(node), at(place)] == before:
            tree[at(node), at(place)] = after
            return


@part
def _move(tree: Any, one: Any, joint: Any, other: Any, last: Any) -> None:
    """Take off a subtree and its joint, close the gap, and put the joint into the branch from `other` to `last`."""
    near, far = integer(-1), integer(-1)
    for place in range(3):
        neighbor = integer(tree[at(joint), at(place)])
        if neighbor != one:
            near, far = far, neighbor
    _replace(tree, near, joint, far)
    _replace(tree, far, joint, near)
    _replace(tree, other, last, joint)
    _replace(tree, last, other, joint)
    tree[at(joint), 0], tree[at(joint), 1], tree[at(joint), 2] = one, other, last
