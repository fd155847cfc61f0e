"""
Languages and genomes as trees
==============================

Relatives compress each other. From the joint gains of all pairs follows a tree, without an alignment, a dictionary or
any knowledge of languages and genes. The family trees are known, so the result can be checked.
"""

import numpy as np

from kolmo import gain_matrix, linkage_tree, load_dataset, neighbor_joining
from kolmo.distances import double_centered
from kolmo.show import dendrogram

# %%
# Mitochondrial genomes of twelve mammals, 16,000 bases each. The distance is 1 - 2 x relative joint gain: 0 for equal
# sets, 1 for sets that share nothing.
genomes = load_dataset("mitochondria")
matrix = gain_matrix(dict(zip(genomes.labels, genomes.items, strict=True)), coder="mix:level=1")
tree = neighbor_joining(matrix.distances(), matrix.names)
dendrogram(tree, "genomes.png", title="Tree of 12 mammals by mitochondrial genome (mix:level=1)")

# %%
# The great apes are together, with orangutan first to branch off; so are rat and mouse, cat and seal, whale and cow.
#
# The Universal Declaration of Human Rights in twenty languages, some 12 kB each. A short text is near to everything,
# so the mean distances of both texts are subtracted first (double-centring).
languages = load_dataset("udhr")
matrix = gain_matrix(dict(zip(languages.labels, languages.items, strict=True)), coder="mix:level=1")
distances = double_centered(matrix.distances())
tree = linkage_tree(distances, matrix.names)
dendrogram(tree, "languages.png", title="Tree of 20 languages by one text in each (mix:level=1)")

# %%
# Is the nearest language one of the same branch? Languages without a relative among the twenty do not count.
branches = [row[languages.rows.names.index("group")] for row in languages.rows.cells]
nearest = (distances + np.diag(np.full(len(languages), np.inf))).argmin(axis=1)
judged = [index for index, branch in enumerate(branches) if branches.count(branch) > 1]
right = [index for index in judged if branches[nearest[index]] == branches[index]]
print(f"nearest language of the same branch: {len(right)} of {len(judged)}")
print(
    "others:", *(f"{languages.labels[index]}: {languages.labels[nearest[index]]}" for index in set(judged) - set(right))
)
