# The public names; the package imports each when it is first used.
from kolmo.show.tables import Column as Column
from kolmo.show.tables import Table as Table
from kolmo.show.tables import matrix_table as matrix_table
