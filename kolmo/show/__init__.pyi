# The public names; the package imports each when it is first used.
from kolmo.show.tables import Column as Column, Table as Table, matrix_table as matrix_table
