# The public names; the package imports each when it is first used.
from kolmo.testing.coders import check_coder as check_coder
from kolmo.testing.metrics import check_metric as check_metric
