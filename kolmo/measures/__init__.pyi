# The public names; the package imports each when it is first used.
from kolmo.measures.auditing import Audit as Audit, Span as Span, audit as audit
from kolmo.measures.axioms import AXIOMS as AXIOMS, Cell as Cell, Excess as Excess
from kolmo.measures.cautions import set_doubts as set_doubts
from kolmo.measures.cluster import embed as embed, hierarchy as hierarchy, neighbor_joining as neighbor_joining
from kolmo.measures.distance import (
    Neighbors as Neighbors,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.measures.formulas import MEASURES as MEASURES, Measure as Measure
from kolmo.measures.gain import Gain as Gain
from kolmo.measures.growth import gain_curve as gain_curve
from kolmo.measures.joint import (
    JointGain as JointGain,
    joint_gain as joint_gain,
    joint_gains as joint_gains,
    random_set as random_set,
)
from kolmo.measures.matrix import centered as centered, symmetric as symmetric
from kolmo.measures.multiset import multiset_ncd as multiset_ncd
from kolmo.measures.paired import PairedGain as PairedGain, paired_gain as paired_gain
from kolmo.measures.quartets import quartet_score as quartet_score, quartet_tree as quartet_tree
from kolmo.measures.self_test import doubts as doubts
from kolmo.measures.trained import (
    Saving as Saving,
    TrainedGain as TrainedGain,
    TrainedRow as TrainedRow,
    trained_gain as trained_gain,
)
from kolmo.measures.trees import Tree as Tree
