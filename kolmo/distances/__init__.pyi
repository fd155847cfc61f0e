# The public names; the package imports each when it is first used.
from kolmo.distances.api import (
    Neighbors as Neighbors,
    calibrate_pruning as calibrate_pruning,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.distances.formulas import METRICS as METRICS, Metric as Metric
from kolmo.distances.matrices import double_centered as double_centered, symmetric as symmetric
from kolmo.distances.multisets import multiset_ncd as multiset_ncd
from kolmo.distances.pruning import PruningReport as PruningReport
from kolmo.distances.sketch_store import (
    SketchMatch as SketchMatch,
    SketchMatches as SketchMatches,
    SketchStore as SketchStore,
)
from kolmo.distances.sketches import Sketch as Sketch, sketch as sketch
