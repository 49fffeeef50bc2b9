// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Headers from a certified one down, parent by parent, to the one that is wanted. `docs/proofs.md`, "Finality".
library Headers {
    using BlockHeader for Memory.Slice[];
    using SafeCast for uint256;

    struct Header {
        bytes32 hash;
        bytes32 receiptsRoot;
        uint64 number;
        uint64 timestamp;
    }

    uint256 private constant HEADERS_MAX = 256;
    uint256 private constant HEADER_MAX_BYTES = 1024;
    uint256 private constant FIELDS = 21;

    error BadHeaderCount(uint256 given, uint256 allowed);
    error BadHeaderLength(uint256 index, uint256 bytesGiven, uint256 bytesAllowed);
    error WrongHeaderHash(uint256 index, bytes32 expected, bytes32 found);
    error WrongHeaderNumber(uint256 index, uint256 child, uint256 found);
    error HeaderMalformed(uint256 index, uint256 fields);

    /// @notice The last of `encoded`.
    /// @param expected the certified hash
    function descend(bytes32 expected, bytes[] calldata encoded) internal pure returns (Header memory last) {
        uint256 count = encoded.length;
        if (count == 0 || count > HEADERS_MAX) revert BadHeaderCount(count, HEADERS_MAX);
        for (uint256 i; i < count; ++i) {
            bytes memory rlp = encoded[i];
            if (rlp.length > HEADER_MAX_BYTES) revert BadHeaderLength(i, rlp.length, HEADER_MAX_BYTES);
            bytes32 hash = keccak256(rlp);
            if (hash != expected) revert WrongHeaderHash(i, expected, hash);
            // Only now is it known to be a header that validators made, or the parent of one.
            Memory.Slice[] memory fields = BlockHeader.parseHeader(rlp);
            if (fields.length != FIELDS) revert HeaderMalformed(i, fields.length);
            uint64 number = fields.getNumber().toUint64();
            if (i != 0 && (last.number == 0 || number != last.number - 1)) {
                revert WrongHeaderNumber(i, last.number, number);
            }
            last = Header(hash, fields.getReceiptsRoot(), number, fields.getTimestamp().toUint64());
            expected = fields.getParentHash();
        }
    }
}
