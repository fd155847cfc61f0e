"""
Coin flips: most strings have no short description
==================================================

x
"""

import matplotlib.pyplot as plt

plt.plot([1, 2])
