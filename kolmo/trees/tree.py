"""Trees whose leaves are items: what hierarchical clustering finds in a matrix of distances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.matrices import check_different
from kolmo.errors import DataError
from kolmo.trees import newick


@dataclass(frozen=True)
class Tree:
    """A tree with named leaves, and with lengths of branches where there are any.

    The leaves are nodes 0 to n - 1, in the order of `leaves`; every other node has a higher number than its children,
    and the last is the root. An unrooted tree is kept as is the custom in phylogenetics: its root is any inner node
    and has three branches, where that of a rooted tree has two.

    Parameters
    ----------
    leaves : tuple of str
        The names, all different.
    parents : tuple of int
        The parent of each node; that of the root, the last, is -1.
    lengths : tuple of float, optional
        The length of the branch above each node, 0 for the root. Neighbor joining can give some below zero.

    Raises
    ------
    DataError
        If this is no such tree.

    References
    ----------
    Felsenstein, "Inferring Phylogenies", Sinauer, 2004.

    Examples
    --------
    >>> tree = Tree.from_newick("((cat:1,dog:1):2,(ape:2,man:2):1);")
    >>> tree.leaves
    ('cat', 'dog', 'ape', 'man')
    >>> sorted(sorted(clade) for clade in tree.clades())
    [['ape', 'man'], ['cat', 'dog']]
    >>> tree.newick()
    '((cat:1.0,dog:1.0):2.0,(ape:2.0,man:2.0):1.0);'
    """

    leaves: tuple[str, ...]
    parents: tuple[int, ...]
    lengths: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_different(self.leaves)
        parents, last = self.parents, len(self.parents) - 1
        rising = all(parent > max(node, len(self.leaves) - 1) for node, parent in enumerate(parents[:-1]))
        inner = set(range(len(self.leaves), last + 1))
        if not self.leaves or not parents or parents[-1] != -1 or not rising or not inner == set(parents[:-1]):
            raise DataError(
                f"parents must name, for each of the {len(self.leaves)} leaves and of the nodes above them, a node "
                f"with a higher number, and -1 for the root, which is last; but this came: {str(parents)[:100]}"
            )
        if self.lengths is not None and (
            len(self.lengths) != len(parents) or not all(math.isfinite(length) for length in self.lengths)
        ):
            raise DataError(f"lengths must be {len(parents)} finite numbers, one for each node")

    @classmethod
    def from_children(
        cls,
        root: int,
        children: Mapping[int, Sequence[int]],
        names: Mapping[int, str] | Sequence[str],
        lengths: Mapping[int, float] | None = None,
    ) -> Tree:
        """Make a tree of nodes that are numbered in any way.

        Parameters
        ----------
        root : int
            The node to begin at.
        children : mapping
            The nodes below each inner node; those without any are leaves.
        names : mapping or sequence of str
            The names of the leaves. A sequence gives their order too; in a mapping it is that of the tree.
        lengths : mapping, optional
            The length of the branch above each node.

        Returns
        -------
        Tree
        """
        order = _preorder(root, children)
        below = [node for node in order if not children.get(node)]
        leaves = below if isinstance(names, Mapping) else list(range(len(names)))
        inner = [node for node in reversed(order) if children.get(node)]
        number = {node: place for place, node in enumerate([*leaves, *inner])}
        parents = [-1] * len(number)
        for node in inner:
            for child in children[node]:
                parents[number[child]] = number[node]
        long = None if lengths is None else tuple(float(lengths.get(node, 0.0)) for node in number)
        return cls(tuple(names[node] for node in leaves), tuple(parents), long)

    @classmethod
    def from_newick(cls, text: str) -> Tree:
        """Read a tree in the Newick format.

        Parameters
        ----------
        text : str
            One tree, ended by a semicolon. Comments in brackets and labels of inner nodes are passed over; where only
            some branches have lengths, the others get 0.

        Returns
        -------
        Tree

        Raises
        ------
        DataError
            If the text is no such tree, or is longer or nested deeper than any tree that can be meant: 16 Mi
            characters, 10,000 levels.

        Examples
        --------
        >>> Tree.from_newick("(Homo_sapiens, 'it''s a cat', dog);").leaves
        ('Homo sapiens', "it's a cat", 'dog')
        """
        parsed = newick.parse(text)
        parsed.lengths.pop(0, None)  # a root has no branch above it
        return cls.from_children(0, parsed.children, parsed.names, parsed.lengths or None)

    def newick(self) -> str:
        """Return the tree in the Newick format.

        Returns
        -------
        str
            Names with blanks or signs of the format are quoted. Numbers are written in full: reading them gives the
            same lengths.

        References
        ----------
        Olsen, "Interpretation of the Newick's 8:45 tree format standard", 1990.

        Examples
        --------
        >>> Tree(("a", "it's b", "c"), (3, 3, 3, -1)).newick()
        "(a,'it''s b',c);"
        """
        return newick.write(len(self.parents) - 1, self.children, self.leaves, self.lengths)

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """The nodes right below each inner node, by the first of the leaves below them; the root comes last."""
        first = list(range(len(self.parents)))
        below: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parents[:-1]):
            below.setdefault(parent, []).append(node)
            first[parent] = min(first[parent], first[node])
        return {node: sorted(nodes, key=first.__getitem__) for node, nodes in sorted(below.items())}

    @property
    def binary(self) -> bool:
        """Whether every inner node has two children, or the root three."""
        root = len(self.parents) - 1
        return all(len(below) == 2 or (node == root and len(below) == 3) for node, below in self.children.items())

    def leaf_order(self) -> list[int]:
        """Return the leaves as a drawing has them from top to bottom.

        Returns
        -------
        list of int
            Positions in `leaves`.

        Examples
        --------
        >>> Tree(("a", "b", "c"), (3, 4, 3, 4, -1)).leaf_order()
        [0, 2, 1]
        """
        return [node for node in _preorder(len(self.parents) - 1, self.children) if node < len(self.leaves)]

    def clades(self) -> set[frozenset[str]]:
        """Return the groups of leaves that the tree has: those below each inner node but the root.

        Returns
        -------
        set of frozenset of str
            They depend on where the root is; see `splits`.

        Examples
        --------
        >>> Tree.from_newick("((a,b),c);").clades() == {frozenset({"a", "b"})}
        True
        """
        return {frozenset(self.leaves[leaf] for leaf in self._below[node]) for node in self._inner()}

    def splits(self) -> set[frozenset[str]]:
        """Return the partitions of the leaves in two that branches make, which do not depend on the root.

        Two trees with the same leaves have the same topology if they have the same splits.

        Returns
        -------
        set of frozenset of str
            Of each partition, the side without the leaf whose name sorts first; both sides have two leaves or more.

        Examples
        --------
        >>> Tree.from_newick("((a,b),(c,d));").splits() == Tree.from_newick("(((a,b),c),d);").splits()
        True
        """
        first, everything = min(self.leaves), frozenset(self.leaves)
        sides = (everything - clade if first in clade else clade for clade in self.clades())
        return {side for side in sides if 2 <= len(side) <= len(everything) - 2}

    def cophenetic(self) -> NDArray[np.float64]:
        """Return the lengths of the paths between leaves; a branch without a length counts 1.

        Returns
        -------
        float64 ndarray of shape (n, n)
            Rows and columns are in the order of `leaves`.

        Examples
        --------
        >>> Tree.from_newick("((a:1,b:2):1,c:4);").cophenetic()
        array([[0., 3., 6.],
               [3., 0., 7.],
               [6., 7., 0.]])
        """
        depth = self.depths()
        paths = np.zeros((len(self.leaves), len(self.leaves)))
        for node, below in self.children.items():
            for number, child in enumerate(below):
                one = self._below[child]
                for other in (self._below[sibling] for sibling in below[:number]):
                    rows, columns = np.ix_(one, other)
                    paths[rows, columns] = depth[rows] + depth[columns] - 2 * depth[node]
        return paths + paths.T

    def depths(self) -> NDArray[np.float64]:
        """Return how far each node is from the root; a branch without a length counts 1.

        Returns
        -------
        float64 ndarray of shape (n_nodes,)

        Examples
        --------
        >>> Tree.from_newick("((a:1,b:2):1,c:4);").depths()
        array([2., 3., 4., 1., 0.])
        """
        depth = np.zeros(len(self.parents))
        for node in range(len(self.parents) - 2, -1, -1):
            depth[node] = depth[self.parents[node]] + (1.0 if self.lengths is None else self.lengths[node])
        return depth

    def rooted_at_midpoint(self) -> Tree:
        """Return the tree with its root halfway between the two leaves that are farthest apart.

        Returns
        -------
        Tree
            With the same leaves and, but for rounding, the same paths. Without lengths the root stands in the middle
            branch.

        References
        ----------
        Farris, "Estimating phylogenetic trees from distance matrices", The American Naturalist, 1972.

        Examples
        --------
        >>> Tree.from_newick("(a:1,b:2,(c:3,d:4):3);").rooted_at_midpoint().newick()
        '((a:1.0,b:2.0):2.5,(c:3.0,d:4.0):0.5);'
        """
        if len(self.leaves) < 2:
            return self
        paths = self.cophenetic()
        here, there = divmod(int(paths.argmax()), len(paths))
        depth, half = self.depths(), paths[here, there] / 2
        # the branch with the middle is on the side of the deeper leaf, between the node and its parent
        node = max(here, there, key=lambda leaf: (depth[leaf], leaf))
        bottom = depth[node]
        while self.parents[self.parents[node]] != -1 and bottom - depth[self.parents[node]] < half:
            node = self.parents[node]
        below = min(max(half - (bottom - depth[node]), 0.0), max(self._length(node), 0.0))
        return self._rooted_above(node, below)

    def _rooted_above(self, node: int, below: float) -> Tree:
        """Put a root into the branch above a node, at a distance from it."""
        children = {inner: list(nodes) for inner, nodes in self.children.items()}
        lengths = {each: self._length(each) for each in range(len(self.parents) - 1)}
        root, old = len(self.parents), len(self.parents) - 1
        above, rest = self.parents[node], self._length(node) - below
        children[root], lengths[node] = [node, above], below
        children[above].remove(node)
        while above != old:  # the branches between the new root and the old one are turned round
            upper = self.parents[above]
            children[above].append(upper)
            children[upper].remove(above)
            lengths[above], rest = rest, lengths[above]
            above = upper
        lengths[above] = rest
        if len(children[old]) == 1:  # a root between two branches has become part of one
            (only,) = children.pop(old)
            lengths[only] += lengths.pop(old)
            parent = next(inner for inner, nodes in children.items() if old in nodes)
            children[parent] = [only if child == old else child for child in children[parent]]
        return Tree.from_children(root, children, self.leaves, None if self.lengths is None else lengths)

    def _length(self, node: int) -> float:
        return 1.0 if self.lengths is None else self.lengths[node]

    def _inner(self) -> range:
        return range(len(self.leaves), len(self.parents) - 1)

    @cached_property
    def _below(self) -> list[list[int]]:
        """The leaves below each node."""
        below: list[list[int]] = [[leaf] for leaf in range(len(self.leaves))]
        for node in range(len(self.leaves), len(self.parents)):
            below.append([leaf for child in self.children[node] for leaf in below[child]])
        return below


def _preorder(root: int, children: Mapping[int, Sequence[int]]) -> list[int]:
    order, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(reversed(children.get(node, ())))
    return order
