"""
BLS signatures by py_ecc, in the form that the precompiles of EIP-2537 take points.

Secrets add up: the signatures of some operators together are one signature by the sum of their secrets.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from py_ecc.bls.hash_to_curve import hash_to_G2
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381.optimized_curve import G1, curve_order, is_inf, multiply, normalize
from py_ecc.typing import Optimized_Point3D

from tests.helpers.typed_data import Types, digest

SIGNATURE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
PROOF = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

BLS_KEY: Types = {"BLSKey": ("address operator", "bytes publicKey")}

# Coordinates of 64 bytes, each as two words.
Point = tuple[int, ...]

G1_INFINITY: Point = (0,) * 4
G2_INFINITY: Point = (0,) * 8


def public_key(secret: int) -> Point:
    """In G1."""
    return g1(multiply(G1, secret % curve_order))


def sign(secrets: int | Iterable[int], message: bytes, dst: bytes = SIGNATURE) -> Point:
    """By one secret or by several together, in G2."""
    secret = secrets if isinstance(secrets, int) else sum(secrets)
    return g2(multiply(_hashed(message, dst), secret % curve_order))


def key_proof(secret: int, domain: Mapping[str, Any], operator: Any, dst: bytes = PROOF) -> Point:
    """That the key is the operator's, for an AVS of that EIP-712 domain."""
    return sign(secret, digest(domain, BLS_KEY, (operator, encoded(public_key(secret)))), dst)


def g1(point: Optimized_Point3D[FQ]) -> Point:
    """A point of py_ecc."""
    return G1_INFINITY if is_inf(point) else _words(int(each) for each in normalize(point))


def g2(point: Optimized_Point3D[FQ2]) -> Point:
    """A point of py_ecc."""
    return G2_INFINITY if is_inf(point) else _words(int(each) for pair in normalize(point) for each in pair.coeffs)


def encoded(point: Point) -> bytes:
    """As the precompiles take it."""
    return b"".join(word.to_bytes(32) for word in point)


@cache
def _hashed(message: bytes, dst: bytes) -> Optimized_Point3D[FQ2]:
    return hash_to_G2(message, dst, sha256)  # type: ignore[arg-type] # as py_ecc itself calls it


def _words(coordinates: Iterable[int]) -> Point:
    return tuple(word for each in coordinates for word in divmod(each, 2**256))
