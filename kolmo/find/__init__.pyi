# The public names; the package imports each when it is first used.
from kolmo.find.drawn_pairs import source_pairs as source_pairs
from kolmo.find.duplicates import (
    Duplicate as Duplicate,
    DuplicateReport as DuplicateReport,
    Removed as Removed,
    find_duplicates as find_duplicates,
)
from kolmo.find.leaks import Leak as Leak, LeakReport as LeakReport, find_leaks as find_leaks
from kolmo.find.length_correction import LengthCorrection as LengthCorrection
from kolmo.find.outlier_report import OutlierReport as OutlierReport
from kolmo.find.outliers import CodeLengthOutlier as CodeLengthOutlier
from kolmo.find.pairs import Control as Control
from kolmo.find.passages import Passage as Passage
from kolmo.find.same_source import SameSourceVerifier as SameSourceVerifier
from kolmo.find.same_source_report import SameSourceReport as SameSourceReport
from kolmo.find.targets.ranking import rank_for_target as rank_for_target
from kolmo.find.targets.results import (
    Candidate as Candidate,
    GreedyStep as GreedyStep,
    Mixture as Mixture,
    SelectedShare as SelectedShare,
    TargetRanking as TargetRanking,
    TargetSelection as TargetSelection,
)
from kolmo.find.targets.selection import select_for_target as select_for_target
