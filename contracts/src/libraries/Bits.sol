// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Masks over at most 32 predicates.
library Bits {
    /// @param count at most 32
    function full(uint256 count) internal pure returns (uint32) {
        return uint32((uint256(1) << count) - 1);
    }

    function has(uint32 mask, uint256 index) internal pure returns (bool) {
        return mask & (uint256(1) << index) != 0;
    }

    function set(uint32 mask, uint256 index) internal pure returns (uint32) {
        return uint32(mask | (uint256(1) << index));
    }

    function ones(uint32 mask) internal pure returns (uint256 total) {
        for (; mask != 0; mask &= mask - 1) {
            ++total;
        }
    }
}
