# The public names; the package imports each when it is first used.
from kolmo.trees.cluster import linkage_tree as linkage_tree, mds as mds, neighbor_joining as neighbor_joining
from kolmo.trees.quartets import (
    TreeScore as TreeScore,
    quartet_score as quartet_score,
    quartet_tree as quartet_tree,
)
from kolmo.trees.tree import Tree as Tree
