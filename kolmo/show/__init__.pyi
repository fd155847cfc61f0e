# The public names; the package imports each when it is first used.
from kolmo._core.tables import Column as Column, Table as Table, matrix_table as matrix_table
from kolmo.show.maps import gain_map as gain_map, heat_map as heat_map, scatter_map as scatter_map
from kolmo.show.report.writing import report_html as report_html
from kolmo.show.surprisal import surprisal_html as surprisal_html
from kolmo.show.trees import dendrogram as dendrogram
