"""The whole machine in a few lines: the decoder that every code length of the machine takes for granted."""

from __future__ import annotations

import zlib
from functools import lru_cache

DECODER = """\
def D(b,A,c=[]):
 i=0
 def t(n):nonlocal i;i+=n;return int("0"+b[i-n:i],2)
 def u(n):w=n.bit_length()-1;s=(2<<w)-n;x=t(w);return x if x<s else 2*x+t(1)-s
 def g():
  z=0
  while t(1)<1:z+=1
  return 1<<z|t(z)
 def d():w=g()-1;return 1<<w|t(w)
 def l(n):
  r=[]
  while n:k=min(n,256);x=t((A**k-1).bit_length());r+=[x//A**(k-j-1)%A for j in range(k)];n-=k
  return r
 def q():
  if A<33:return u(A)
  if t(1)<1:return 1+t(4)
  if t(1)<1:return-1-t(4)
  x=u(A-32);return x and x+16
 O={w[1:]:w[0]for w in(
"k00 l010 f011 r100 m101 p1100 v11010 n11011 i11100 s11101 x11110 y11111"if A<3 else
"a00 l010 f011 r100 s1010 x1011 i1100 o1101 v11100 j11101 b111100 p111101 e1111100 m1111101 y1111110 n1111111").split()}
 if not c:O["1111"if A<3 else "111111"]="xn"[A>2]
 def e(n):
  if n<2:return l(n)
  o=""
  while o not in O:o+=str(t(1))
  o=O[o]
  if o=="k":return[t(1)]*n
  if o=="l":return l(n)
  if o=="a":s=u(A);d=q();return[(s+d*j)%A for j in range(n)]
  if o=="e":
   r=[u(A)];f=u(A);a=u(A)
   while len(r)<n:r+=[(f*r[-1]+a)%A]
   return r
  if o=="m":
   h={j:[j]for j in range(A)};h.update([(j,l(g()))for j in range(2 if A<3 else 2+u(A-1))]);r=[0];z=v=0
   while len(r)<n and z<A and v<128:w=sum([h[x]for x in r],[]);z=(z+1)*(len(w)==len(r));r=w;v+=1
   return(r*n)[:n]
  if o=="y":s=u(len(c));return((c[s:]+c[:s])*n)[:n]
  if o=="f":k=1+u(n-1);return e(k)+e(n-k)
  if o=="r":
   v,h=[[p for p in range(1,n)if(n%p>0)==j]for j in(0,1)]
   if h and t(1):v=h
   return(e(v[u(len(v))])*n)[:n]
  if o=="i":a=e(n-n//2);r=e(n//2);return[(r if j%2 else a)[j//2]for j in range(n)]
  if o=="j":s=2+t(2);return e(s*n-s+1)[::s]
  k=9+g()if o=="x"and t(1)else 2+t(3)if o=="x"else u(n)if o=="p"else u(A)if o=="b"else 1+u(A-1)if o=="o"else 0
  w=u(A)if o=="x"or o=="p"and A>2 else -1
  r=e(n)
  if o=="v":return r[::-1]
  if o=="s":
   for j in range(1,n):r[j]=(r[j]+r[j-1])%A
  if o=="n":r=[A-1-x for x in r]
  if o=="b":r=[(x+k)%A for x in r]
  if o=="o":r=[x%k for x in r]
  if o=="x":r[k-1::k]=[w]*(n//k)
  if o=="p":r[k]=w if A>2 else 1-r[k]
  return r
 return e(d()-1 if A<3 else t(6)if t(1)<1 else 64+t(8)if t(1)<1 else 319+d())
"""


@lru_cache(1)
def decoder_bits() -> int:
    """Return the size of the decoder, compressed, in bits: the constant of the invariance theorem."""
    return 8 * len(zlib.compress(DECODER.encode("ascii"), 9))
