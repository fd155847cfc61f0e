"""The whole machine in a few lines: the decoder that every code length of the machine takes for granted."""

from __future__ import annotations

import zlib
from functools import lru_cache

DECODER = """\
def t(n):global b;x=b[:n];b=b[n:];return int("0"+x,2)
def u(n):w=n.bit_length();s=(1<<w)-n;x=t(w-1);return x if x<s else 2*x+t(1)-s
def h(n):return 1<<n|t(n)
def g(n=0):return h(n)if t(1)else g(n+1)
def q():
 if A<33:return u(A)
 if t(1)<1:return 1+t(4)
 if t(1)<1:return-1-t(4)
 x=u(A-32);return x and x+16
def l(n):
 r=[]
 while n:k=min(n,256);x=t((A**k-1).bit_length());r+=[x//A**j%A for j in range(k)][::-1];n-=k
 return r
def e(n):
 k=0
 for o in O*(n>1)or"l":
  if o>" "and k<1:break
  k=k-1 if o>" "else 2*k+t(1)
 if o=="k":r=[t(1)]
 if o=="l":r=l(n)
 if o=="f":k=1+u(n-1);r=e(k)+e(n-k)
 if o=="v":r=e(n)[::-1]
 if o=="j":k=2+t(2);r=e(k*n-k+1)[::k]
 if o in"ae":k=u(A);w=o<"b"or u(A);d=q()if o<"b"else u(A);r=[k]+[k:=(w*k+d)%A for j in range(n)]
 if o=="s":k=0;r=[k:=(k+x)%A for x in e(n)]
 if o=="b":k=u(A);r=[(k+x)%A for x in e(n)]
 if o=="o":k=1+u(A-1);r=[x%k for x in e(n)]
 if o=="n":r=[A-1-x for x in e(n)]
 if o=="i":r=[0]*n;r[::2]=e(n-n//2);r[1::2]=e(n//2)
 if o=="x":k=9+g()if t(1)else 2+t(3);w=u(A);r=e(n);r[k-1::k]=[w]*(n//k)
 if o=="p":k=u(n);w=A>2 and u(A);r=e(n);r[k]=w if A>2 else 1-r[k]
 if o=="y":k=u(len(c));r=c[k:]+c[:k]
 if o=="r":k=[j for j in range(1,n)if n%j];k=k and t(1)and k or[j for j in range(1,n)if n%j<1];r=e(k[u(len(k))])
 if o=="m":
  k=2+u(A-1);h=[l(g())if j<k else[j]for j in range(A)];r=[0]
  for k in range(128):r=r[n-1:]and r or sum([h[x]for x in r],[])
 return[r[j%len(r)]for j in range(n)]
O=("  k lfrm px vnis","  k lfrm p vnisxy","  a lfr sxio vj bpn em","  a lfr sxio vj bp emny")[2*(A>2)+(c>[])]
r=e(h(g()-1)-1 if A<3 else t(6)if t(1)<1 else 64+t(8)if t(1)<1 else 319+h(g()-1))
"""
"""A program of Python that takes the bits `b`, the number of symbols `A` and the context `c`, and prints into `r`."""


@lru_cache(1)
def decoder_bits() -> int:
    """Return the size of the decoder, compressed, in bits: the constant of the invariance theorem."""
    return 8 * len(zlib.compress(DECODER.encode("ascii"), 9))
