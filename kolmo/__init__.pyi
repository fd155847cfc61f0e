# The public names; the package imports each when it is first used.
from kolmo._core.items import (
    as_bytes as as_bytes,
    as_items as as_items,
)
from kolmo._version import __version__ as __version__
from kolmo.coders.base import Coder as Coder, Tags as Tags
from kolmo.coders.ensembles import (
    best as best,
    mixture as mixture,
)
from kolmo.coders.registry import coder as coder, coder_names as coder_names
from kolmo.data.catalog import load as load
from kolmo.data.corpus import Corpus as Corpus
from kolmo.data.readers import read as read
from kolmo.distances.api import (
    calibrate as calibrate,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.distances.multisets import multiset_ncd as multiset_ncd
from kolmo.errors import KolmoError as KolmoError
from kolmo.evaluation.auditing import audit as audit
from kolmo.evaluation.compression_rates import (
    bits_by_position as bits_by_position,
    compression_rate as compression_rate,
)
from kolmo.evaluation.diagnostics import doubts as doubts
from kolmo.joint.growth_curves import gain_curve as gain_curve
from kolmo.joint.paired_sets import paired_gain as paired_gain
from kolmo.joint.transfer import trained_gain as trained_gain
from kolmo.joint.two_sets import (
    joint_gain as joint_gain,
    joint_gains as joint_gains,
)
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.features import CodeLengthFeatures as CodeLengthFeatures
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier
from kolmo.learn.ngram.classifier import NGramBitsClassifier as NGramBitsClassifier
from kolmo.learn.ngram.vectorizer import NGramBits as NGramBits
from kolmo.trees.cluster import (
    embed as embed,
    hierarchy as hierarchy,
    neighbor_joining as neighbor_joining,
)
from kolmo.trees.quartets import (
    quartet_score as quartet_score,
    quartet_tree as quartet_tree,
)
from kolmo.trees.tree import Tree as Tree
