// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PoseidonT3} from "poseidon-solidity/PoseidonT3.sol";

/// @notice A lean incremental Merkle tree, the same as zk-kit's, that keeps its nodes: whoever changes a leaf need not
/// bring its siblings, which would be stale as soon as another leaf changed. A node without a right sibling is its parent.
library LeanTree {
    uint8 internal constant MAX_DEPTH = 25;

    error TreeFull(uint64 size);

    /// @param nodes by level and index, see `_key`
    struct Tree {
        uint64 size;
        uint8 depth;
        mapping(uint256 key => uint256) nodes;
    }

    /// @notice Adds a leaf; answers its index and the new root.
    function append(Tree storage self, uint256 leaf) internal returns (uint64 index, uint256 newRoot) {
        index = self.size;
        if (index == uint64(1) << MAX_DEPTH) revert TreeFull(index);
        self.size = index + 1;
        if (index == uint64(1) << self.depth) ++self.depth;
        newRoot = update(self, index, leaf);
    }

    /// @notice Changes a leaf that is there; answers the new root.
    function update(Tree storage self, uint64 index, uint256 leaf) internal returns (uint256 value) {
        (uint8 depth, uint64 last) = (self.depth, self.size - 1);
        value = leaf;
        for (uint8 level; level < depth; ++level) {
            self.nodes[_key(level, index)] = value;
            if (index & 1 == 1) {
                value = PoseidonT3.hash([self.nodes[_key(level, index - 1)], value]);
            } else if (index < last) {
                value = PoseidonT3.hash([value, self.nodes[_key(level, index + 1)]]);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        self.nodes[_key(depth, 0)] = value;
    }

    /// @notice The node at a level and index; zero if there is none.
    function node(Tree storage self, uint8 level, uint64 index) internal view returns (uint256) {
        return self.nodes[_key(level, index)];
    }

    function _key(uint8 level, uint64 index) private pure returns (uint256) {
        return uint256(level) << 64 | index;
    }
}
