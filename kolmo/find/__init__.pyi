# The public names; the package imports each when it is first used.
from kolmo.find.drawn_pairs import source_pairs as source_pairs
from kolmo.find.length_correction import LengthCorrection as LengthCorrection
from kolmo.find.outlier_report import OutlierReport as OutlierReport
from kolmo.find.outliers import CodeLengthOutlier as CodeLengthOutlier
from kolmo.find.same_source import SameSourceVerifier as SameSourceVerifier
from kolmo.find.same_source_report import SameSourceReport as SameSourceReport
