# The public names; the package imports each when it is first used.
from kolmo import (
    coders as coders,
    complexity as complexity,
    container as container,
    data as data,
    distances as distances,
    evaluation as evaluation,
    find as find,
    joint as joint,
    laws as laws,
    learn as learn,
    profile as profile,
    show as show,
    testing as testing,
    trees as trees,
)
from kolmo._core.items import as_bytes as as_bytes, as_items as as_items
from kolmo._core.memory import clear_caches as clear_caches
from kolmo._core.models.contents import model_info as model_info
from kolmo._core.models.saving import load_model as load_model
from kolmo._version import __version__ as __version__
from kolmo.coders.base import Coder as Coder
from kolmo.coders.lengths import code_length as code_length, surprisals as surprisals
from kolmo.coders.predictive import PredictiveCoder as PredictiveCoder
from kolmo.coders.registry import coder as coder, list_coders as list_coders
from kolmo.coders.tags import CoderTags as CoderTags
from kolmo.complexity.shortest import shortest_program as shortest_program
from kolmo.container.api import compress as compress, decompress as decompress
from kolmo.data.catalog import list_datasets as list_datasets, load_dataset as load_dataset
from kolmo.data.corpus import Corpus as Corpus
from kolmo.data.readers import read as read
from kolmo.distances.api import (
    calibrate_pruning as calibrate_pruning,
    cdm as cdm,
    conditional_cdm as conditional_cdm,
    conditional_ncd as conditional_ncd,
    ncd as ncd,
    pairwise as pairwise,
)
from kolmo.distances.multisets import multiset_ncd as multiset_ncd
from kolmo.distances.sketch_store import SketchStore as SketchStore
from kolmo.distances.sketches import sketch as sketch
from kolmo.errors import KolmoError as KolmoError
from kolmo.evaluation.auditing import audit as audit
from kolmo.evaluation.compression_rates import compression_rate as compression_rate
from kolmo.evaluation.diagnostics import diagnose as diagnose
from kolmo.find.duplicates import find_duplicates as find_duplicates
from kolmo.find.leaks import find_leaks as find_leaks
from kolmo.find.outliers import CodeLengthOutlier as CodeLengthOutlier
from kolmo.find.same_source import SameSourceVerifier as SameSourceVerifier
from kolmo.find.targets.ranking import rank_for_target as rank_for_target
from kolmo.find.targets.selection import select_for_target as select_for_target
from kolmo.joint.growth_curves import gain_curve as gain_curve
from kolmo.joint.many_sets import gain_matrix as gain_matrix, random_control as random_control
from kolmo.joint.paired_sets import paired_gain as paired_gain
from kolmo.joint.transfer import transfer_gain as transfer_gain
from kolmo.joint.two_sets import joint_gain as joint_gain
from kolmo.laws.comparisons import compare_laws as compare_laws
from kolmo.laws.fits import fit_law as fit_law
from kolmo.laws.isoflop import fit_isoflop as fit_isoflop
from kolmo.laws.prequential import data_curve as data_curve
from kolmo.laws.sweeps.study import run_sweep as run_sweep
from kolmo.laws.trends import fit_trend as fit_trend
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.features import CodeLengthVectorizer as CodeLengthVectorizer
from kolmo.learn.label_code.classifier import LabelCodeClassifier as LabelCodeClassifier
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier
from kolmo.learn.ngram.vectorizer import NGramVectorizer as NGramVectorizer
from kolmo.profile.frequencies import spatial_frequencies as spatial_frequencies
from kolmo.profile.influence import training_influence as training_influence
from kolmo.profile.memorization import exposure_curve as exposure_curve
from kolmo.profile.planes import bit_planes as bit_planes
from kolmo.profile.prequential import prequential_curve as prequential_curve
from kolmo.profile.profiling import profile_data as profile_data
from kolmo.profile.reference import ReferenceBand as ReferenceBand
from kolmo.show.report.writing import report_html as report_html
from kolmo.trees.cluster import linkage_tree as linkage_tree, mds as mds, neighbor_joining as neighbor_joining
from kolmo.trees.quartets import quartet_tree as quartet_tree
from kolmo.trees.tree import Tree as Tree
