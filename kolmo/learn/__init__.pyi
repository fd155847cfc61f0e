# The public names; the package imports each when it is first used.
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier, TieReport as TieReport
