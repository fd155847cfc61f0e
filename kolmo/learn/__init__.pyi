# The public names; the package imports each when it is first used.
from kolmo.learn.code_length import CodeLengthClassifier as CodeLengthClassifier
from kolmo.learn.features import CodeLengthVectorizer as CodeLengthVectorizer
from kolmo.learn.neighbors import NCDClassifier as NCDClassifier, TieReport as TieReport
from kolmo.learn.ngram.classifier import NGramBitsClassifier as NGramBitsClassifier
from kolmo.learn.ngram.vectorizer import NGramBits as NGramBits
