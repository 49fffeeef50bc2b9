// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls12381} from "./Bls12381.sol";

/// @notice A certificate: a threshold signature over the proposal that names a block. `docs/proofs.md`, "Certificate".
library Certificates {
    uint256 private constant VARINT_MAX_BYTES = 10;
    uint256 private constant HASH_BYTES = 32;
    uint256 private constant SIGNATURE_BYTES = 48;
    uint256 private constant CERTIFICATE_MAX_BYTES = 3 * VARINT_MAX_BYTES + HASH_BYTES + SIGNATURE_BYTES;
    bytes private constant TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";
    /// @dev The namespace, the same on every network (they differ by their keys), after its length.
    bytes private constant NAMESPACE = "\x12zhengtong_FINALIZE";

    error CertificateMalformed(uint256 bytesGiven);
    error SignatureWrong(bytes32 blockHash);

    /// @notice Checks the signature, and answers the hash of the block that it makes final.
    /// @param signatureY the y coordinate, 48 bytes, of the signature at the certificate's end
    function verify(Bls12381.G2 memory key, bytes calldata certificate, bytes calldata signatureY)
        internal
        view
        returns (bytes32 blockHash)
    {
        blockHash = _blockOf(certificate);
        uint256 split = certificate.length - SIGNATURE_BYTES;
        Bls12381.G1 memory signature = Bls12381.readG1("signature", certificate[split:], signatureY);
        // A proposal has one encoding, so what was signed is what stands here.
        bytes memory message = bytes.concat(NAMESPACE, certificate[:split]);
        if (!Bls12381.isSigned(key, message, TAG, signature)) revert SignatureWrong(blockHash);
    }

    /// @dev Epoch, view and parent view, then the hash, then the signature, and nothing else.
    function _blockOf(bytes calldata c) private pure returns (bytes32) {
        if (c.length > CERTIFICATE_MAX_BYTES) revert CertificateMalformed(c.length);
        uint256 end;
        for (uint256 i; i < 3; ++i) {
            end = _skipVarint(c, end);
        }
        if (c.length != end + HASH_BYTES + SIGNATURE_BYTES) revert CertificateMalformed(c.length);
        return bytes32(c[end:end + HASH_BYTES]);
    }

    /// @dev The end of an unsigned LEB128 integer of at most 64 bits in its shortest form.
    function _skipVarint(bytes calldata c, uint256 start) private pure returns (uint256) {
        for (uint256 i; i < VARINT_MAX_BYTES && start + i < c.length; ++i) {
            uint8 b = uint8(c[start + i]);
            if (b >= 0x80) continue;
            bool isShortest = b != 0 || i == 0;
            bool isWithin64Bits = i < VARINT_MAX_BYTES - 1 || b == 1;
            if (isShortest && isWithin64Bits) return start + i + 1;
            break;
        }
        revert CertificateMalformed(c.length);
    }
}
