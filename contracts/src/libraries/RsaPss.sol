// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice RSASSA-PSS verification (RFC 8017, sections 8.1.2 and 9.1.2) for one set of parameters: a modulus of 2048 bits,
/// exponent 65537, SHA-256, MGF1 with SHA-256, a salt of 32 bytes. OpenZeppelin's RSA is PKCS#1 v1.5 alone.
library RsaPss {
    uint256 private constant MODULUS_BYTES = 256;
    bytes private constant EXPONENT = hex"010001";
    /// @dev Of the 256 bytes of the encoded message, 223 are the masked data block, 32 the hash, and one this trailer.
    uint256 private constant TRAILER = 0xbc;
    uint256 private constant TOP_BIT = 1 << 255;

    /// @notice 2048 bits, the highest one set, and odd. Whether it has two large factors cannot be seen.
    function isModulus(bytes memory modulus) internal pure returns (bool) {
        if (modulus.length != MODULUS_BYTES) return false;
        uint256[8] memory n = abi.decode(modulus, (uint256[8]));
        return n[0] & TOP_BIT != 0 && n[7] & 1 == 1;
    }

    /// @param modulus for which `isModulus` holds
    function verify(bytes memory modulus, bytes memory message, bytes memory signature) internal view returns (bool) {
        if (signature.length != MODULUS_BYTES || !_isBelow(signature, modulus)) return false;
        (bool isDone, bytes memory encoded) = Math.tryModExp(signature, EXPONENT, modulus);
        return isDone && _isEncodingOf(abi.decode(encoded, (uint256[8])), message);
    }

    /// @dev EMSA-PSS-VERIFY for 2047 bits. The words are of 32 bytes, as are the blocks of the mask, so each is taken off
    /// its word: words 0 to 5 end with the zeros, the byte 1 and the first byte of the salt; word 6 holds the rest of the
    /// salt and the first byte of the hash, word 7 the rest of the hash and the trailer.
    function _isEncodingOf(uint256[8] memory words, bytes memory message) private pure returns (bool) {
        if (words[7] & 0xff != TRAILER || words[0] & TOP_BIT != 0) return false;
        bytes32 hash = bytes32(words[6] << 248 | words[7] >> 8);
        for (uint32 i; i < 7; ++i) {
            words[i] ^= uint256(sha256(abi.encodePacked(hash, i)));
        }
        words[0] &= ~TOP_BIT;
        if (words[0] | words[1] | words[2] | words[3] | words[4] != 0 || words[5] >> 8 != 1) return false;
        bytes32 salt = bytes32(words[5] << 248 | words[6] >> 8);
        return hash == sha256(abi.encodePacked(bytes8(0), sha256(message), salt));
    }

    /// @dev Two numbers of 256 bytes. Without it, adding the modulus would give a second signature for each.
    function _isBelow(bytes memory one, bytes memory other) private pure returns (bool) {
        uint256[8] memory a = abi.decode(one, (uint256[8]));
        uint256[8] memory b = abi.decode(other, (uint256[8]));
        for (uint256 i; i < 8; ++i) {
            if (a[i] != b[i]) return a[i] < b[i];
        }
        return false;
    }
}
