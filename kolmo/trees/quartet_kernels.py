"""Numba kernels of quartet trees: the cost of a tree, and hill climbing over trees.

A tree of n leaves is an array of shape (2n - 2, 3) with the neighbours of each node. The leaves come first, and use
only the first of their three places.
"""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, jit, u64

NODES, LEFT, RIGHT, START, SIZE, LEAVES, TOWARDS, WAITING = range(8)
"""Rows of scratch, with one place per node."""
N_SCRATCH = 8
WITHIN, ALL = range(2)
"""Rows of sums: of distances between the leaves below a node, and from these to all leaves."""
N_SUMS = 2
TRIES = 16


@jit
def bounds(D: Any, found: Any) -> None:
    """Write the sums, over all quartets, of the minimum and of the maximum cost of the three pairings."""
    least, most = 0.0, 0.0
    size = len(D)
    for a in range(size - 3):
        for b in range(a + 1, size - 2):
            for c in range(b + 1, size - 1):
                for d in range(c + 1, size):
                    one = D[u64(a), u64(b)] + D[u64(c), u64(d)]
                    two = D[u64(a), u64(c)] + D[u64(b), u64(d)]
                    three = D[u64(a), u64(d)] + D[u64(b), u64(c)]
                    least += min(one, two, three)
                    most += max(one, two, three)
    found[0], found[1] = least, most


@jit
def cost(D: Any, totals: Any, tree: Any, scratch: Any, sums: Any, found: Any) -> None:
    """Write the sum, over all quartets, of the cost of the pairing in the tree."""
    found[0] = _cost(D, totals, tree, scratch, sums)


@jit
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
    """Mutate the tree at random and keep improvements, until `patience` steps in a row bring none.

    `thresholds` is the distribution of the number of mutations per step: entry k is the probability of at most k + 1,
    in units of 2**-31. `random` is the nonzero state of the generator, `best` the cost of the tree, and `counts` the
    steps since the last improvement. At most `steps` steps are made.
    """
    for _ in range(steps):
        if counts[0] >= patience:
            return
        for node in range(len(tree)):
            for place in range(3):
                trial[u64(node), u64(place)] = tree[u64(node), u64(place)]
        drawn = _drawn(random)
        number = i64(0)
        while number < len(thresholds) - 1 and drawn >= thresholds[u64(number)]:
            number += 1
        for _change in range(number + 1):
            _mutate(trial, scratch, random)
        now = _cost(D, totals, trial, scratch, sums)
        if now < best[0] - margin:
            best[0], counts[0] = now, 0
            for node in range(len(tree)):
                for place in range(3):
                    tree[u64(node), u64(place)] = trial[u64(node), u64(place)]
        else:
            counts[0] += 1


@inline
def _drawn(random: Any) -> Any:
    """Return a random number of 31 bits, by Marsaglia's xorshift with Vigna's multiplier."""
    state = random[0]
    state ^= state >> u64(12)
    state ^= state << u64(25)
    state ^= state >> u64(27)
    random[0] = state
    return i64((state * u64(0x2545F4914F6CDD1D)) >> u64(33))


@inline
def _cost(D: Any, totals: Any, tree: Any, scratch: Any, sums: Any) -> Any:
    """Return the cost of a tree over all quartets, in the time of one pass over the distances.

    In the tree, a quartet is paired as uv|wx if a path separates u and v from w and x. The path starts at an inner node
    with u and v in two of its branches and w and x in the third. So at each inner node, every distance between two of
    its branches counts once for each pair of leaves in the third branch.
    """
    count = i64(len(D))
    n_nodes, n_leaves, n_waiting = i64(0), i64(0), i64(1)
    # leaf 0 is the root
    scratch[WAITING, 0], scratch[TOWARDS, u64(tree[0, 0])] = tree[0, 0], 0
    while n_waiting > 0:
        n_waiting -= 1
        node = i64(scratch[WAITING, u64(n_waiting)])
        scratch[NODES, u64(n_nodes)] = node
        n_nodes += 1
        scratch[START, u64(node)] = n_leaves
        if node < count:
            scratch[LEAVES, u64(n_leaves)] = node
            n_leaves += 1
            continue
        side = i64(LEFT)
        for place in range(3):
            neighbor = i64(tree[u64(node), u64(place)])
            if neighbor != scratch[TOWARDS, u64(node)]:
                scratch[u64(side), u64(node)] = neighbor
                side = i64(RIGHT)
                scratch[TOWARDS, u64(neighbor)] = node
                scratch[WAITING, u64(n_waiting)] = neighbor
                n_waiting += 1
    total = 0.0
    for number in range(n_nodes - 1, -1, -1):
        node = i64(scratch[NODES, u64(number)])
        if node < count:
            scratch[SIZE, u64(node)] = 1
            sums[WITHIN, u64(node)], sums[ALL, u64(node)] = 0.0, totals[u64(node)]
            continue
        left, right = u64(scratch[LEFT, u64(node)]), u64(scratch[RIGHT, u64(node)])
        n_left, n_right = i64(scratch[SIZE, left]), i64(scratch[SIZE, right])
        n_rest = count - n_left - n_right
        between = 0.0
        for one in range(scratch[START, left], scratch[START, left] + n_left):
            row = u64(scratch[LEAVES, u64(one)])
            for other in range(scratch[START, right], scratch[START, right] + n_right):
                between += D[row, u64(scratch[LEAVES, u64(other)])]
        left_to_rest = sums[ALL, left] - 2.0 * sums[WITHIN, left] - between
        right_to_rest = sums[ALL, right] - 2.0 * sums[WITHIN, right] - between
        total += between * (n_rest * (n_rest - 1) / 2.0)
        total += left_to_rest * (n_right * (n_right - 1) / 2.0)
        total += right_to_rest * (n_left * (n_left - 1) / 2.0)
        sums[WITHIN, u64(node)] = sums[WITHIN, left] + sums[WITHIN, right] + between
        sums[ALL, u64(node)] = sums[ALL, left] + sums[ALL, right]
        scratch[SIZE, u64(node)] = n_left + n_right
    return total


@inline
def _mutate(tree: Any, scratch: Any, random: Any) -> None:
    """Swap two leaves, swap two subtrees, or move a subtree to another branch."""
    n_nodes = i64(len(tree))
    kind = _drawn(random) % 3
    among = (n_nodes + 2) // 2 if kind == 0 else n_nodes
    for _ in range(TRIES):
        one, other = _drawn(random) % among, _drawn(random) % among
        if one == other:
            continue
        _point(tree, other, scratch)
        # the path from one to the other: the neighbours of both ends on it, and its length
        beside, last, length = i64(scratch[TOWARDS, u64(one)]), one, i64(1)
        while scratch[TOWARDS, u64(last)] != other:
            last = i64(scratch[TOWARDS, u64(last)])
            length += 1
        if length < 3:
            continue  # both have the same neighbour, so that a swap changes nothing
        if kind < 2:
            _replace(tree, beside, one, other)
            _replace(tree, last, other, one)
            _replace(tree, one, beside, last)
            _replace(tree, other, last, beside)
        else:
            _move(tree, one, beside, other, last)
        return


@inline
def _point(tree: Any, goal: Any, scratch: Any) -> None:
    """Write, for each node, the neighbour towards the goal."""
    n_waiting = i64(1)
    scratch[WAITING, 0], scratch[TOWARDS, u64(goal)] = goal, -1
    while n_waiting > 0:
        n_waiting -= 1
        node = i64(scratch[WAITING, u64(n_waiting)])
        for place in range(3):
            neighbor = i64(tree[u64(node), u64(place)])
            if neighbor >= 0 and neighbor != scratch[TOWARDS, u64(node)]:
                scratch[TOWARDS, u64(neighbor)] = node
                scratch[WAITING, u64(n_waiting)] = neighbor
                n_waiting += 1


@inline
def _replace(tree: Any, node: Any, before: Any, after: Any) -> None:
    for place in range(3):
        if tree[u64(node), u64(place)] == before:
            tree[u64(node), u64(place)] = after
            return


@inline
def _move(tree: Any, one: Any, joint: Any, other: Any, last: Any) -> None:
    """Remove a subtree with its joint, close the gap, and insert the joint into the branch from `other` to `last`."""
    near, far = i64(-1), i64(-1)
    for place in range(3):
        neighbor = i64(tree[u64(joint), u64(place)])
        if neighbor != one:
            near, far = far, neighbor
    _replace(tree, near, joint, far)
    _replace(tree, far, joint, near)
    _replace(tree, other, last, joint)
    _replace(tree, last, other, joint)
    tree[u64(joint), 0], tree[u64(joint), 1], tree[u64(joint), 2] = one, other, last
