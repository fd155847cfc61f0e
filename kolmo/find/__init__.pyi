# The public names; the package imports each when it is first used.
from kolmo.find.length_correction import LengthCorrection as LengthCorrection
from kolmo.find.outlier_report import OutlierReport as OutlierReport
from kolmo.find.outliers import CodeLengthOutlier as CodeLengthOutlier
