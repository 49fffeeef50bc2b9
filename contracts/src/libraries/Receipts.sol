// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @notice A receipt under a header's `receiptsRoot`, and the logs in it. `docs/proofs.md`, "Receipt proof".
library Receipts {
    using Memory for bytes;
    using Memory for Memory.Slice;
    using RLP for Memory.Slice;

    struct Log {
        address emitter;
        bytes32[] topics;
        bytes data;
    }

    uint256 private constant NODES_MAX = 12;
    /// @dev The last node holds the receipt.
    uint256 private constant NODE_MAX_BYTES = 65_536;
    uint256 private constant TOPICS_MAX = 4;
    uint256 private constant TYPE_MAX = 4;
    uint256 private constant LIST_PREFIX = 0xc0;

    error BadNodeCount(uint256 given, uint256 allowed);
    error BadNodeLength(uint256 index, uint256 bytesGiven, uint256 bytesAllowed);
    error ReceiptNotProven(uint256 transactionIndex, TrieProof.ProofError reason);
    error ReceiptMalformed(uint256 transactionIndex);
    error TransactionFailed(uint256 transactionIndex);
    error NoSuchLog(uint256 given, uint256 count);

    /// @notice The log at `logIndex` of the receipt that stands at `index` under `root`, by exactly these nodes.
    function prove(bytes32 root, uint256 index, bytes[] calldata nodes, uint256 logIndex)
        internal
        pure
        returns (Log memory log)
    {
        if (nodes.length > NODES_MAX) revert BadNodeCount(nodes.length, NODES_MAX);
        for (uint256 i; i < nodes.length; ++i) {
            if (nodes[i].length > NODE_MAX_BYTES) revert BadNodeLength(i, nodes[i].length, NODE_MAX_BYTES);
        }
        (bytes memory receipt, TrieProof.ProofError err) = TrieProof.tryTraverse(root, RLP.encode(index), nodes);
        if (err != TrieProof.ProofError.NO_ERROR) revert ReceiptNotProven(index, err);

        Memory.Slice[] memory fields = _fields(index, receipt);
        if (fields[0].readUint256() != 1) revert TransactionFailed(index);
        Memory.Slice[] memory logs = fields[3].readList();
        if (logIndex >= logs.length) revert NoSuchLog(logIndex, logs.length);
        Memory.Slice[] memory parts = logs[logIndex].readList();
        if (parts.length != 3) revert ReceiptMalformed(index);
        log.emitter = parts[0].readAddress();
        log.topics = _topics(index, parts[1].readList());
        log.data = parts[2].readBytes();
    }

    /// @dev Status, gas, bloom and logs; before them the type, where it is not 0.
    function _fields(uint256 index, bytes memory receipt) private pure returns (Memory.Slice[] memory fields) {
        uint8 first = uint8(receipt[0]);
        if (first == 0 || (first > TYPE_MAX && first < LIST_PREFIX)) revert ReceiptMalformed(index);
        fields = receipt.asSlice().slice(first < LIST_PREFIX ? 1 : 0).readList();
        if (fields.length != 4) revert ReceiptMalformed(index);
    }

    function _topics(uint256 index, Memory.Slice[] memory items) private pure returns (bytes32[] memory topics) {
        if (items.length > TOPICS_MAX) revert ReceiptMalformed(index);
        topics = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) {
            topics[i] = items[i].readBytes32();
        }
    }
}
