import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from py_ecc.bls import G2ProofOfPossession
from py_ecc.bls.g2_primitives import pubkey_to_G1, signature_to_G2
from py_ecc.bls.point_compression import modular_squareroot_in_FQ2
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381 import b2, curve_order, field_modulus

from tests.helpers.bls import G1_INFINITY, G2_INFINITY, PROOF, SIGNATURE, Point, encoded, g1, g2, public_key, sign
from tests.helpers.reverts import reverts

ADD = "0x000000000000000000000000000000000000000b"
PAIRING = "0x000000000000000000000000000000000000000F"

MESSAGE = b"\x22" * 32
SECRET = 0x1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF

# RFC 9380, J.10.1: BLS12381G2_XMD:SHA-256_SSWU_RO_.
RFC_DST = b"QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"
RFC_VECTORS = {
    b"": (
        "0141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a",
        "05cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d",
        "0503921d7f6a12805e72940b963c0cf3471c7b2a524950ca195d11062ee75ec076daf2d4bc358c4b190c0c98064fdd92",
        "12424ac32561493f3fe3c260708a12b7c620e7be00099a974e259ddc7d1f6395c3c811cdd19f1e8dbf3e9ecfdcbab8d6",
    ),
    b"abc": (
        "02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6",
        "139cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8",
        "1787327b68159716a37440985269cf584bcb1e621d3a7202be6ea05c4cfe244aeb197642555a0645fb87bf7466b2ba48",
        "00aa65dae3c8d732d10ecd2c50f8a1baf3001578f71c694e03866e9f3d49ac1e1ce70dd94a733534f106d4cec0eddd16",
    ),
    b"abcdef0123456789": (
        "121982811d2491fde9ba7ed31ef9ca474f0e1501297f68c298e9f4c0028add35aea8bb83d53c08cfc007c1e005723cd0",
        "190d119345b94fbd15497bcba94ecf7db2cbfd1e1fe7da034d26cbba169fb3968288b3fafb265f9ebd380512a71c3f2c",
        "05571a0f8d3c08d094576981f4a3b8eda0a8e771fcdcc8ecceaf1356a6acf17574518acb506e435b639353c2e14827c8",
        "0bb5e7572275c567462d91807de765611490205a941a5a6af3b1691bfe596c31225d3aabdf15faff860cb4ef17c7c3be",
    ),
    b"q128_" + b"q" * 128: (
        "19a84dd7248a1066f737cc34502ee5555bd3c19f2ecdb3c7d9e24dc65d4e25e50d83f0f77105e955d78f4762d33c17da",
        "0934aba516a52d8ae479939a91998299c76d39cc0c035cd18813bec433f587e2d7a4fef038260eef0cef4d02aae3eb91",
        "14f81cd421617428bc3b9fe25afbb751d934a00493524bc4e065635b0555084dd54679df1536101b2c979c0152d09192",
        "09bcccfa036b4847c9950780733633f13619994394c23ff0b32fa6b795844f4a0673e20282d07bc69641cee04f5e5662",
    ),
    b"a512_" + b"a" * 512: (
        "01a6ba2f9a11fa5598b2d8ace0fbe0a0eacb65deceb476fbbcb64fd24557c2f4b18ecfc5663e54ae16a84f5ab7f62534",
        "11fca2ff525572795a801eed17eb12785887c7b63fb77a42be46ce4a34131d71f7a73e95fee3f812aea3de78b4d01569",
        "0b6798718c8aed24bc19cb27f866f1c9effcdbf92397ad6448b5c9db90d2b9da6cbabf48adc1adf59a1a28344e79d57e",
        "03a47f8e6d1763ba0cad63d6114c0accbef65707825a511b251a660a9b3994249ae4e63fac38b23da0c398689ee2ab52",
    ),
}


@pytest.fixture(scope="module")
def bls(owner: AccountAPI) -> ContractInstance:
    return owner.deploy(project.BlsCalls)


def on_curve(x: int) -> tuple[FQ, FQ, FQ] | None:
    y = pow(x**3 + 4, (field_modulus + 1) // 4, field_modulus)
    return (FQ(x), FQ(y), FQ(1)) if (y * y - x**3 - 4) % field_modulus == 0 else None


def outside_g1() -> Point:
    """On the curve, but not in the subgroup, as one point of 2^125 is."""
    return next(g1(point) for point in map(on_curve, range(1, 100)) if point)


def outside_g2() -> Point:
    """On the curve, but not in the subgroup."""
    for x in range(1, 100):
        y = modular_squareroot_in_FQ2(FQ2([x, 1]) ** 3 + b2)
        if y is not None:
            return g2((FQ2([x, 1]), y, FQ2.one()))
    raise AssertionError


def raised(point: Point, index: int) -> Point:
    """With the field's modulus added to one coordinate: the same point in another encoding."""
    coordinate = (point[index] << 256) + point[index + 1] + field_modulus
    return (*point[:index], *divmod(coordinate, 2**256), *point[index + 2 :])


# --- hashing ---


@pytest.mark.parametrize("message", RFC_VECTORS)
def test_hash_to_g2__is_that_of_rfc_9380(bls: ContractInstance, message: bytes) -> None:
    expected = b"".join(bytes(16) + bytes.fromhex(each) for each in RFC_VECTORS[message])
    assert encoded(tuple(bls.hashToG2(message, RFC_DST))) == expected


@pytest.mark.parametrize("message", [bytes(32), b"\xff" * 32, MESSAGE])
def test_hash_to_g2__of_a_digest__is_that_of_py_ecc(bls: ContractInstance, message: bytes) -> None:
    assert tuple(bls.hashToG2(message, SIGNATURE)) == sign(1, message)


# --- verifying ---


def test_verify__a_signature_of_py_ecc__is_taken(bls: ContractInstance) -> None:
    key = g1(pubkey_to_G1(G2ProofOfPossession.SkToPk(SECRET)))
    signature = g2(signature_to_G2(G2ProofOfPossession.Sign(SECRET, MESSAGE)))
    assert bls.verify(key, MESSAGE, SIGNATURE, signature) is True


def test_verify__an_aggregate_of_py_ecc__is_taken_for_the_sum_of_keys(bls: ContractInstance) -> None:
    signatures = [G2ProofOfPossession.Sign(secret, MESSAGE) for secret in (SECRET, 7)]
    signature = g2(signature_to_G2(G2ProofOfPossession.Aggregate(signatures)))
    assert bls.verify(bls.add(public_key(SECRET), public_key(7)), MESSAGE, SIGNATURE, signature) is True


@pytest.mark.parametrize(
    ("key", "message", "dst", "signature"),
    [
        (public_key(8), MESSAGE, SIGNATURE, sign(7, MESSAGE)),
        (public_key(7), b"\x23" * 32, SIGNATURE, sign(7, MESSAGE)),
        (public_key(7), MESSAGE, PROOF, sign(7, MESSAGE)),
        (public_key(7), MESSAGE, SIGNATURE, sign(8, MESSAGE)),
        (public_key(7), MESSAGE, SIGNATURE, sign(-7, MESSAGE)),
        (public_key(7), MESSAGE, SIGNATURE, G2_INFINITY),
        (G1_INFINITY, MESSAGE, SIGNATURE, sign(7, MESSAGE)),
        (G1_INFINITY, MESSAGE, SIGNATURE, G2_INFINITY),
    ],
    ids=[
        "another key",
        "another message",
        "another scheme",
        "another signature",
        "the negated signature",
        "the signature at infinity",
        "the key at infinity",
        "both at infinity",
    ],
)
def test_verify__anything_else__is_no_signature(
    bls: ContractInstance, key: Point, message: bytes, dst: bytes, signature: Point
) -> None:
    assert bls.verify(key, message, dst, signature) is False


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        ((*public_key(7)[:3], public_key(7)[3] ^ 1), sign(7, MESSAGE)),
        (outside_g1(), sign(7, MESSAGE)),
        (raised(public_key(7), 0), sign(7, MESSAGE)),
        (raised(public_key(7), 2), sign(7, MESSAGE)),
        ((public_key(7)[0] | 1 << 128, *public_key(7)[1:]), sign(7, MESSAGE)),
        (public_key(7), (*sign(7, MESSAGE)[:7], sign(7, MESSAGE)[7] ^ 1)),
        (public_key(7), outside_g2()),
        (public_key(7), raised(sign(7, MESSAGE), 4)),
        (public_key(7), (*sign(7, MESSAGE)[:6], sign(7, MESSAGE)[6] | 1 << 255, sign(7, MESSAGE)[7])),
    ],
    ids=[
        "key off the curve",
        "key outside the subgroup",
        "x above the modulus",
        "y above the modulus",
        "x with a bit too many",
        "signature off the curve",
        "signature outside the subgroup",
        "signature above the modulus",
        "signature with a bit too many",
    ],
)
def test_verify__an_invalid_point__reverts(bls: ContractInstance, key: Point, signature: Point) -> None:
    with reverts(bls.PrecompileFailed, precompile=PAIRING):
        bls.verify(key, MESSAGE, SIGNATURE, signature)


def test_verify__an_invalid_point__burns_only_a_part_of_the_gas(bls: ContractInstance, owner: AccountAPI) -> None:
    """The pairing burns the 411,600 that it is given."""
    call = (outside_g1(), MESSAGE, SIGNATURE, sign(7, MESSAGE))
    receipt = bls.verify.transact(*call, sender=owner, gas=10**7, raise_on_revert=False)
    assert receipt.failed
    assert 411_600 < receipt.gas_used < 411_600 + 120_000


def test_verify__with_too_little_gas_for_the_pairing__reverts(bls: ContractInstance, owner: AccountAPI) -> None:
    with reverts(bls.PrecompileFailed, precompile=PAIRING):
        bls.verify.transact(public_key(7), MESSAGE, SIGNATURE, sign(7, MESSAGE), sender=owner, gas=180_000)


# --- points ---


@pytest.mark.parametrize(("a", "b"), [(7, 8), (7, 7), (SECRET, curve_order - 1), (7, 0), (0, 0), (7, -7)])
def test_add__is_the_sum_of_the_secrets(bls: ContractInstance, a: int, b: int) -> None:
    assert tuple(bls.add(public_key(a), public_key(b))) == public_key(a + b)


@pytest.mark.parametrize(
    "point", [(*public_key(7)[:3], public_key(7)[3] ^ 1), raised(public_key(7), 0)], ids=["off the curve", "raised"]
)
def test_add__an_invalid_point__reverts(bls: ContractInstance, point: Point) -> None:
    with reverts(bls.PrecompileFailed, precompile=ADD):
        bls.add(public_key(7), point)


@pytest.mark.parametrize("secret", [0, *range(1, 9), SECRET])
def test_negated__is_that_of_the_secret(bls: ContractInstance, secret: int) -> None:
    assert tuple(bls.negated(public_key(secret))) == public_key(-secret)


def test_negated__is_tried_with_and_without_a_borrow() -> None:
    assert {public_key(secret)[3] > field_modulus % 2**256 for secret in range(1, 9)} == {True, False}


def test_negated__of_the_low_word_of_the_modulus__borrows_nothing(bls: ContractInstance) -> None:
    """No point of the curve is known to have it: the coordinates are made up."""
    high, low = divmod(field_modulus, 2**256)
    assert tuple(bls.negated((1, 2, 3, low))) == (1, 2, high - 3, 0)


def test_is_infinity__looks_at_every_word(bls: ContractInstance) -> None:
    assert bls.isInfinity(G1_INFINITY) is True
    for index in range(4):
        assert bls.isInfinity(tuple(int(i == index) for i in range(4))) is False
