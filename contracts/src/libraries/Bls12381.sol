// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice BLS signatures over BLS12-381 with signatures in G1 and public keys in G2, by the precompiles of EIP-2537.
/// @dev Points come in as the 48 or 96 bytes that are printed and sent everywhere (compressed), together with the y
/// coordinate that compression leaves out: to check it costs nothing, to compute it costs more than the pairing.
/// Structs are laid out so that `abi.encode` gives what the precompiles read: 64 bytes a field element.
library Bls12381 {
    struct Fp {
        uint256 high;
        uint256 low;
    }

    struct G1 {
        Fp x;
        Fp y;
    }

    /// @dev c0 + c1·u
    struct Fp2 {
        Fp c0;
        Fp c1;
    }

    struct G2 {
        Fp2 x;
        Fp2 y;
    }

    uint256 internal constant FP_BYTES = 48;

    // The field's modulus p, and (p − 1) / 2: a y above it is the larger of the two with the same x.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    // The first three bits of a compressed point.
    uint256 private constant IS_COMPRESSED = 0x80 << 120;
    uint256 private constant IS_IDENTITY = 0x40 << 120;
    uint256 private constant IS_LARGER = 0x20 << 120;
    uint256 private constant FLAGS = IS_COMPRESSED | IS_IDENTITY | IS_LARGER;

    address private constant G1_ADD = address(0x0b);
    address private constant G2_MSM = address(0x0e);
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant MAP_FP_TO_G1 = address(0x10);
    /// @dev A precompile that refuses its input keeps all the gas it was given, so it is given what it costs (102,900 for
    /// two pairs, the most expensive) and some room.
    uint256 private constant PRECOMPILE_GAS = 150_000;

    /// @dev The generator of G2, negated, so that two pairings that are equal multiply to one.
    bytes private constant NEGATIVE_G2 = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
        hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";

    /// @dev Two field elements of 64 bytes each (RFC 9380, section 8.8.1).
    uint16 private constant UNIFORM_BYTES = 128;

    error PointMalformed(bytes32 what);
    error PointRefused(bytes32 what);
    error PrecompileMissing(address precompile);

    /// @notice Reads a compressed point and its y. Whether it is on the curve and in the subgroup, `isSigned` checks.
    function readG1(bytes32 what, bytes calldata compressed, bytes calldata y) internal pure returns (G1 memory p) {
        if (compressed.length != FP_BYTES || y.length != FP_BYTES) revert PointMalformed(what);
        p.x = _readFp(compressed);
        p.y = _readFp(y);
        _takeFlags(what, p.x, _isLarger(p.y));
        if (_isZero(p.x) && _isZero(p.y)) revert PointMalformed(what);
    }

    /// @notice Reads a compressed point and its y, both with c1 before c0, and checks that it is on the curve, in the
    /// subgroup and not the identity.
    function readG2(bytes32 what, bytes calldata compressed, bytes calldata y) internal view returns (G2 memory p) {
        if (compressed.length != 2 * FP_BYTES || y.length != 2 * FP_BYTES) revert PointMalformed(what);
        p.x = Fp2(_readFp(compressed[FP_BYTES:]), _readFp(compressed[:FP_BYTES]));
        p.y = Fp2(_readFp(y[FP_BYTES:]), _readFp(y[:FP_BYTES]));
        _takeFlags(what, p.x.c1, _isLarger(_isZero(p.y.c1) ? p.y.c0 : p.y.c1));
        if (_isZero(p.x.c0) && _isZero(p.x.c1) && _isZero(p.y.c0) && _isZero(p.y.c1)) revert PointMalformed(what);
        // Once itself: of the precompiles that take a point of G2, this one must check its subgroup.
        (bool ok, bytes memory same) = _call(G2_MSM, abi.encode(p, uint256(1)), 256);
        if (!ok || keccak256(same) != keccak256(abi.encode(p))) revert PointRefused(what);
    }

    /// @notice Whether e(signature, G2 generator) = e(hash_to_G1(message), key). Reverts with PointRefused if the
    /// signature is not a point of G1.
    function isSigned(G2 memory key, bytes memory message, bytes memory tag, G1 memory signature)
        internal
        view
        returns (bool)
    {
        bytes memory pairs = bytes.concat(abi.encode(hashToG1(message, tag), key, signature), NEGATIVE_G2);
        (bool ok, bytes memory result) = _call(PAIRING_CHECK, pairs, 32);
        if (!ok) revert PointRefused("signature");
        return abi.decode(result, (uint256)) == 1;
    }

    /// @notice `hash_to_curve` of RFC 9380, suite BLS12381G1_XMD:SHA-256_SSWU_RO_.
    /// @param tag the domain separation tag, at most 255 bytes
    function hashToG1(bytes memory message, bytes memory tag) internal view returns (G1 memory p) {
        bytes32[4] memory uniform = expand(message, tag);
        // The precompile clears the cofactor of each, which is the same as clearing it of the sum.
        bytes memory first = _sure(MAP_FP_TO_G1, abi.encode(_reduce(uniform[0], uniform[1])));
        bytes memory second = _sure(MAP_FP_TO_G1, abi.encode(_reduce(uniform[2], uniform[3])));
        return abi.decode(_sure(G1_ADD, bytes.concat(first, second)), (G1));
    }

    /// @notice `expand_message_xmd` of RFC 9380 with SHA-256, to 128 bytes.
    function expand(bytes memory message, bytes memory tag) internal pure returns (bytes32[4] memory uniform) {
        bytes memory end = abi.encodePacked(tag, uint8(tag.length));
        bytes32 seed = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, UNIFORM_BYTES, uint8(0), end));
        uniform[0] = sha256(abi.encodePacked(seed, uint8(1), end));
        for (uint8 i = 1; i < 4; ++i) {
            uniform[i] = sha256(abi.encodePacked(seed ^ uniform[i - 1], i + 1, end));
        }
    }

    /// @dev 64 bytes modulo p.
    function _reduce(bytes32 high, bytes32 low) private view returns (Fp memory) {
        return abi.decode(Math.modExp(abi.encode(high, low), hex"01", abi.encode(P_HIGH, P_LOW)), (Fp));
    }

    /// @dev 48 bytes; that they are less than p, the precompiles check.
    function _readFp(bytes calldata b) private pure returns (Fp memory) {
        return Fp(uint128(bytes16(b[:16])), uint256(bytes32(b[16:48])));
    }

    /// @dev Checks the flags of a compressed x against the y that belongs to it, and removes them.
    function _takeFlags(bytes32 what, Fp memory x, bool isLarger) private pure {
        uint256 expected = isLarger ? IS_COMPRESSED | IS_LARGER : IS_COMPRESSED;
        if (x.high & FLAGS != expected) revert PointMalformed(what);
        x.high &= ~FLAGS;
    }

    function _isLarger(Fp memory y) private pure returns (bool) {
        return y.high > HALF_HIGH || (y.high == HALF_HIGH && y.low > HALF_LOW);
    }

    function _isZero(Fp memory a) private pure returns (bool) {
        return a.high == 0 && a.low == 0;
    }

    /// @dev Where there is no precompile, a call succeeds and answers nothing.
    function _call(address precompile, bytes memory input, uint256 bytesExpected)
        private
        view
        returns (bool ok, bytes memory output)
    {
        (ok, output) = precompile.staticcall{gas: PRECOMPILE_GAS}(input);
        if (ok && output.length != bytesExpected) revert PrecompileMissing(precompile);
    }

    /// @dev For input that cannot be refused; answers a point of G1.
    function _sure(address precompile, bytes memory input) private view returns (bytes memory output) {
        bool ok;
        (ok, output) = _call(precompile, input, 128);
        if (!ok) revert PrecompileMissing(precompile);
    }
}
