"""Trees with named leaves, as hierarchical clustering and phylogenetics use them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.matrices import check_different
from kolmo.errors import DataError
from kolmo.trees import newick, text


@dataclass(frozen=True)
class Tree:
    """A tree with named leaves and, optionally, branch lengths; ``str(tree)`` is a drawing in plain text.

    The leaves are nodes 0 to n - 1, in the order of `leaves`. Every inner node has a higher number than its children,
    and the last node is the root. As is usual in phylogenetics, an unrooted tree is stored with any inner node as its
    root, which then has three children; the root of a rooted tree has two.

    Parameters
    ----------
    leaves : tuple of str
        The names; all must be different.
    parents : tuple of int
        The parent of each node; that of the root, the last, is -1.
    lengths : tuple of float, optional
        The length of the branch above each node, 0 for the root. Neighbour joining can give negative lengths.

    Raises
    ------
    DataError
        If the numbers do not form a tree.

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
    >>> print(Tree.from_newick("((cat,dog),ape);"))
    +-+- cat
    | +- dog
    +--- ape
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
                f"expected the parents of {len(self.leaves)} leaves and of the nodes above them, each parent with a "
                f"higher number than its child, and -1 for the root, which is last; got {str(parents)[:100]}"
            )
        if self.lengths is not None and (
            len(self.lengths) != len(parents) or not all(math.isfinite(length) for length in self.lengths)
        ):
            raise DataError(f"expected {len(parents)} finite numbers as lengths, one for each node")

    @classmethod
    def from_children(
        cls,
        root: int,
        children: Mapping[int, Sequence[int]],
        names: Mapping[int, str] | Sequence[str],
        lengths: Mapping[int, float] | None = None,
    ) -> Tree:
        """Return a tree from nodes with any numbers.

        Parameters
        ----------
        root : int
            The root.
        children : mapping
            The children of each inner node; a node without children is a leaf.
        names : mapping or sequence of str
            The names of the leaves. A sequence also gives their order; with a mapping it is that of the tree.
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
        """Return the tree that a text in Newick format describes.

        Parameters
        ----------
        text : str
            One tree, ended by a semicolon. Comments in brackets and labels of inner nodes are ignored. If only some
            branches have lengths, the others get 0.

        Returns
        -------
        Tree

        Raises
        ------
        DataError
            If the text is not a tree in Newick format, or exceeds 16 Mi characters or 10,000 levels.

        Examples
        --------
        >>> Tree.from_newick("(Homo_sapiens, 'it''s a cat', dog);").leaves
        ('Homo sapiens', "it's a cat", 'dog')
        """
        parsed = newick.parse(text)
        parsed.lengths.pop(0, None)  # a root has no branch above it
        return cls.from_children(0, parsed.children, parsed.names, parsed.lengths or None)

    def newick(self, support: Mapping[frozenset[str], float] | None = None) -> str:
        """Return the tree in Newick format.

        Parameters
        ----------
        support : mapping of frozenset of str to float, optional
            The support of splits, as `support` returns it; inner nodes are labelled with it in %.

        Returns
        -------
        str
            Names with spaces or special characters are quoted. Lengths are written with all digits, so reading them
            gives the same numbers.

        References
        ----------
        Olsen, "Interpretation of the Newick's 8:45 tree format standard", 1990.

        Examples
        --------
        >>> Tree(("a", "it's b", "c"), (3, 3, 3, -1)).newick()
        "(a,'it''s b',c);"
        """
        labels = None
        if support is not None:
            splits = {node: self._split(node) for node in self._inner()}
            labels = {node: f"{100 * support[split]:.0f}" for node, split in splits.items() if split in support}
        return newick.write(len(self.parents) - 1, self.children, self.leaves, self.lengths, labels)

    def support(self, trees: Sequence[Tree]) -> dict[frozenset[str], float]:
        """Return the share of other trees, such as those of resampled data, that have each split of this one.

        Parameters
        ----------
        trees : sequence of Tree
            Trees with the same leaves.

        Returns
        -------
        dict of frozenset of str to float
            For each of `splits`.

        Raises
        ------
        DataError
            If there is no tree, or one has other leaves.

        References
        ----------
        Felsenstein, "Confidence limits on phylogenies: an approach using the bootstrap", Evolution, 1985.

        Examples
        --------
        >>> tree, other = Tree.from_newick("((a,b),(c,d));"), Tree.from_newick("((a,c),(b,d));")
        >>> tree.support([tree, tree, other, tree]) == {frozenset({"c", "d"}): 0.75}
        True
        """
        if not trees or any(set(tree.leaves) != set(self.leaves) for tree in trees):
            raise DataError(f"expected at least one other tree of the same {len(self.leaves)} leaves")
        found = [tree.splits() for tree in trees]
        own = sorted(self.splits(), key=sorted)
        return {split: sum(split in each for each in found) / len(found) for split in own}

    def __str__(self) -> str:
        tree = self.rooted_at_midpoint() if len(self.children.get(len(self.parents) - 1, ())) > 2 else self
        depths = None if tree.lengths is None else np.maximum(tree.depths(), 0.0)
        return text.draw(len(tree.parents) - 1, tree.children, tree.leaves, depths)

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """The children of each inner node, ordered by the first leaf below them; the root comes last."""
        first = list(range(len(self.parents)))
        below: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parents[:-1]):
            below.setdefault(parent, []).append(node)
            first[parent] = min(first[parent], first[node])
        return {node: sorted(nodes, key=first.__getitem__) for node, nodes in sorted(below.items())}

    @property
    def binary(self) -> bool:
        """Whether every inner node has two children; the root may have three."""
        root = len(self.parents) - 1
        return all(len(below) == 2 or (node == root and len(below) == 3) for node, below in self.children.items())

    def leaf_order(self) -> list[int]:
        """Return the leaves in the order of a drawing, from top to bottom.

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
        """Return the clades: the set of leaves below each inner node except the root.

        Returns
        -------
        set of frozenset of str
            Clades depend on the root; see `splits`.

        Examples
        --------
        >>> Tree.from_newick("((a,b),c);").clades() == {frozenset({"a", "b"})}
        True
        """
        return {frozenset(self.leaves[leaf] for leaf in self._below[node]) for node in self._inner()}

    def splits(self) -> set[frozenset[str]]:
        """Return the splits: the bipartitions of the leaves by each branch, which do not depend on the root.

        Two trees with the same leaves have the same topology if they have the same splits.

        Returns
        -------
        set of frozenset of str
            For each split, the side without the leaf whose name sorts first. Both sides have at least two leaves.

        Examples
        --------
        >>> Tree.from_newick("((a,b),(c,d));").splits() == Tree.from_newick("(((a,b),c),d);").splits()
        True
        """
        sides = map(self._split, self._inner())
        return {side for side in sides if 2 <= len(side) <= len(self.leaves) - 2}

    def cophenetic(self) -> NDArray[np.float64]:
        """Return the path lengths between leaves (cophenetic distances); without lengths, each branch counts 1.

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
        """Return the distance of each node from the root; without lengths, each branch counts 1.

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
        """Return the tree with its root at the midpoint of the longest path between two leaves.

        Returns
        -------
        Tree
            With the same leaves and, up to rounding, the same path lengths.

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
        # the midpoint is on the side of the deeper leaf, on the branch between the node and its parent
        node = max(here, there, key=lambda leaf: (depth[leaf], leaf))
        bottom = depth[node]
        while self.parents[self.parents[node]] != -1 and bottom - depth[self.parents[node]] < half:
            node = self.parents[node]
        below = min(max(half - (bottom - depth[node]), 0.0), max(self._length(node), 0.0))
        return self._rooted_above(node, below)

    def _rooted_above(self, node: int, below: float) -> Tree:
        """Return the tree with a root on the branch above a node, at a distance from it."""
        children = {inner: list(nodes) for inner, nodes in self.children.items()}
        lengths = {each: self._length(each) for each in range(len(self.parents) - 1)}
        root, old = len(self.parents), len(self.parents) - 1
        above, rest = self.parents[node], self._length(node) - below
        children[root], lengths[node] = [node, above], below
        children[above].remove(node)
        while above != old:  # reverse the branches between the new root and the old one
            upper = self.parents[above]
            children[above].append(upper)
            children[upper].remove(above)
            lengths[above], rest = rest, lengths[above]
            above = upper
        lengths[above] = rest
        if len(children[old]) == 1:  # an old root with one child left is removed, and its two branches become one
            (only,) = children.pop(old)
            lengths[only] += lengths.pop(old)
            parent = next(inner for inner, nodes in children.items() if old in nodes)
            children[parent] = [only if child == old else child for child in children[parent]]
        return Tree.from_children(root, children, self.leaves, None if self.lengths is None else lengths)

    def _split(self, node: int) -> frozenset[str]:
        """Return the side of the branch above a node that lacks the leaf whose name sorts first."""
        below = frozenset(self.leaves[leaf] for leaf in self._below[node])
        return frozenset(self.leaves) - below if min(self.leaves) in below else below

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
