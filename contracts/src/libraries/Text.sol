// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Bounds on text from outside: slugs (`[a-z0-9-]`, 1 to 31 characters, right-padded) and UTF-8 lengths.
library Text {
    uint256 private constant SLUG_MAX_BYTES = 31;

    error BadSlug(bytes32 value);

    function requireSlug(bytes32 value) internal pure {
        uint256 length;
        while (length <= SLUG_MAX_BYTES && _isSlugCharacter(value[length])) ++length;
        if (length == 0 || length > SLUG_MAX_BYTES || value << (8 * length) != 0) revert BadSlug(value);
    }

    function isWithin(string calldata text, uint256 maxBytes) internal pure returns (bool) {
        uint256 length = bytes(text).length;
        return length != 0 && length <= maxBytes;
    }

    function _isSlugCharacter(bytes1 c) private pure returns (bool) {
        return (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
    }
}
