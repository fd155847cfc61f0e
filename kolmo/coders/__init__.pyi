# The public names; the package imports each when it is first used.
from kolmo.coders.base import Coder as Coder, LowerBounds as LowerBounds, PrimedCoder as PrimedCoder
from kolmo.coders.deflate.lz77 import Lz77 as Lz77
from kolmo.coders.ensembles import Best as Best, Mixture as Mixture, best as best, mixture as mixture
from kolmo.coders.lengths import code_length as code_length, surprisals as surprisals
from kolmo.coders.library.audio import Flac as Flac
from kolmo.coders.library.baselines import Order0 as Order0, Uniform as Uniform
from kolmo.coders.library.brotli import Brotli as Brotli
from kolmo.coders.library.bz2 import Bz2 as Bz2
from kolmo.coders.library.image import Jxl as Jxl, Png as Png, Webp as Webp
from kolmo.coders.library.lz4 import Lz4 as Lz4
from kolmo.coders.library.lzma import Lzma as Lzma, Xz as Xz
from kolmo.coders.library.ppmd import Ppmd as Ppmd
from kolmo.coders.library.zlib import Deflate as Deflate, Gzip as Gzip, Zlib as Zlib
from kolmo.coders.library.zstd import Zstd as Zstd
from kolmo.coders.limits import MAX_DECODED_BYTES as MAX_DECODED_BYTES
from kolmo.coders.mixing.coder import Mix as Mix
from kolmo.coders.ngram.coder import Ngram as Ngram
from kolmo.coders.predictive import Cursor as Cursor, PredictiveCoder as PredictiveCoder
from kolmo.coders.program.coder import Program as Program
from kolmo.coders.registry import (
    all_coders as all_coders,
    coder as coder,
    coder_class as coder_class,
    list_coders as list_coders,
)
from kolmo.coders.tags import CoderTags as CoderTags
