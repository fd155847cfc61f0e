# The public names; the package imports each when it is first used.
from kolmo.complexity.block_decomposition import (
    BlockDecomposition as BlockDecomposition,
    block_complexity as block_complexity,
)
from kolmo.complexity.coding_theorem import (
    CodingTheoremTable as CodingTheoremTable,
    coding_theorem_table as coding_theorem_table,
    compute_table as compute_table,
)
from kolmo.complexity.counting import StringLengths as StringLengths, all_string_lengths as all_string_lengths
from kolmo.complexity.enumeration import ProgramTable as ProgramTable
from kolmo.complexity.lambda_calculus import LambdaLevel as LambdaLevel, lambda_terms as lambda_terms
from kolmo.complexity.randomness import (
    Randomness as Randomness,
    local_complexity as local_complexity,
    prob_random as prob_random,
    string_randomness as string_randomness,
)
from kolmo.complexity.shortest import (
    ShortestProgram as ShortestProgram,
    run_program as run_program,
    shortest_program as shortest_program,
)
