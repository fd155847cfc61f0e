# The public names; the package imports each when it is first used.
from kolmo.complexity.coding_theorem import (
    CodingTheoremTable as CodingTheoremTable,
    coding_theorem_table as coding_theorem_table,
    compute_table as compute_table,
)
from kolmo.complexity.enumeration import ProgramTable as ProgramTable
from kolmo.complexity.shortest import (
    ShortestProgram as ShortestProgram,
    run_program as run_program,
    shortest_program as shortest_program,
)
