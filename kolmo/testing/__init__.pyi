# The public names; the package imports each when it is first used.
from kolmo.testing.coders import check_coder as check_coder
from kolmo.testing.measures import check_measure as check_measure
