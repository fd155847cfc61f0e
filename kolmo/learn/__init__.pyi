# The public names; the package imports each when it is first used.
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.code_length_features import CodeLengthFeatures as CodeLengthFeatures
from kolmo.learn.gram_classifier import NGramBitsClassifier as NGramBitsClassifier
from kolmo.learn.grams import NGramBits as NGramBits
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier, TieReport as TieReport
