"""
Outliers: what normal data do not predict
=========================================

A coder that has read a day of a log needs few bits for one more normal line, even if it holds new numbers, and many
bits for a line of another kind. No parser and no features are needed.

The log is made by the script: three kinds of messages with times, users, addresses and durations that differ in every
line. Then come lines that a person would want to see.
"""

import random

import matplotlib.pyplot as plt
import numpy as np

from kolmo import CodeLengthOutlier

generator = random.Random(3)


def normal_line() -> str:
    time = f"2026-03-{generator.randint(1, 28):02} {generator.randint(0, 23):02}:{generator.randint(0, 59):02}"
    user, address = (
        generator.choice(["ada", "bob", "cyd", "dan", "eve"]),
        f"10.0.{generator.randint(0, 9)}.{generator.randint(1, 254)}",
    )
    jobs = " ".join(f"job-{generator.randint(100, 999)}" for _ in range(generator.randint(1, 8)))
    return generator.choice(
        [
            f"{time} INFO login of {user} from {address}",
            f"{time} INFO {jobs} finished in {generator.randint(2, 900)} ms",
            f"{time} DEBUG cache: {generator.randint(100, 9999)} hits, {generator.randint(1, 99)} misses at {address}",
        ]
    )


normal, new = [normal_line() for _ in range(600)], [normal_line() for _ in range(300)]
strange = [
    "2026-03-29 02:11 ERROR disk /dev/sda1: I/O error, sector 48829",
    "2026-03-29 02:12 INFO login of root from 203.0.113.77",
    "Traceback (most recent call last):",
    "2026-03-29 02:14 DEBUG cache: -1 hits, NaN misses at 10.0.3.8",
    "2026-03-29 02:15 INFO job-117 finished in 86400000 ms, status 139 (segmentation fault), core dumped",
    "GET /../../etc/passwd HTTP/1.1",
]

# %%
# The rate of false alarms is stated beforehand, 1%, and the threshold follows from normal lines that were held out.
detector = CodeLengthOutlier(false_alarm_rate=0.01).fit(normal)
flagged = detector.predict(new) == -1
print(f"normal lines flagged: {flagged.sum()} of {len(new)}")
for line, answer, score in zip(strange, detector.predict(strange), detector.score_samples(strange), strict=True):
    print(f"{'outlier' if answer == -1 else 'normal':8} score {-score:6.2f}  {line}")

# %%
# Long lines need more bits than short ones, so the threshold grows with the size of a line.
correction = detector.correction_


def bits_of(lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.array([len(line) for line in lines])
    bits = correction.centre(sizes) - detector.score_samples(lines) * (sizes + 1) ** correction.exponent
    return sizes, bits


figure, axes = plt.subplots(figsize=(7.6, 4.6))
axes.plot(*bits_of(new), ".", color="C0", label="new normal line")
axes.plot(*bits_of(strange), "D", color="C1", markersize=7, label="planted line")
sizes = np.arange(20, 115)
axes.plot(
    sizes,
    correction.centre(sizes) - detector.offset_ * (sizes + 1) ** correction.exponent,
    "--",
    color="black",
    label="threshold, 1% false alarms",
)
axes.set(
    xlabel="length of the line, bytes",
    ylabel="code length given the normal lines, bits",
    xlim=(15, 120),
    ylim=(0, None),
)
axes.set_title("Code length of log lines given normal lines, by their size")
figure.legend(loc="outside lower center", ncols=3)
plt.show()
