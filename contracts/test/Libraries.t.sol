// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bits} from "../src/libraries/Bits.sol";
import {Text} from "../src/libraries/Text.sol";
import {Test} from "./support/Vm.sol";

contract LibrariesTest is Test {
    function requireSlug(bytes32 value) external pure {
        Text.requireSlug(value);
    }

    function isSlug(bytes32 value) internal view returns (bool ok) {
        (ok,) = address(this).staticcall(abi.encodeCall(this.requireSlug, (value)));
    }

    function test_slugs() public view {
        vm.assertTrue(isSlug("a") && isSlug("old-age-2016") && isSlug("abcdefghijklmnopqrstuvwxyz-0189"), "slugs");
        vm.assertTrue(!isSlug("") && !isSlug("A") && !isSlug("a b") && !isSlug("a_b"), "not slugs");
        vm.assertTrue(!isSlug("abcdefghijklmnopqrstuvwxyz-01892"), "32 characters");
        vm.assertTrue(isSlug(hex"6100") && !isSlug(hex"610061"), "a gap");
    }

    /// @dev Character by character, without stopping early.
    function testFuzz_slugs_are_characters_and_then_zeros(bytes32 value, uint8 length) public view {
        length = uint8(within(length, 0, 32));
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-";
        bytes memory text = new bytes(32);
        for (uint256 i; i < length; ++i) {
            text[i] = alphabet[uint8(value[i]) % alphabet.length];
        }
        vm.assertEq(isSlug(bytes32(text)), length > 0 && length < 32, "made of the alphabet");
        if (length > 0) {
            text[uint8(value[0]) % length] = value[31];
            bool isLetter;
            for (uint256 i; i < alphabet.length; ++i) {
                if (alphabet[i] == value[31]) isLetter = true;
            }
            bool isEnd = value[31] == 0 && uint8(value[0]) % length == length - 1 && length > 1;
            vm.assertEq(isSlug(bytes32(text)), (isLetter && length < 32) || isEnd, "one changed");
        }
    }

    function testFuzz_bits(uint32 mask, uint8 index) public pure {
        index = uint8(within(index, 0, 31));
        uint256 ones;
        for (uint256 i; i < 32; ++i) {
            ones += (mask / 2 ** i) % 2;
        }
        vm.assertEq(Bits.ones(mask), ones, "ones");
        vm.assertEq(Bits.has(mask, index), (mask / 2 ** index) % 2 == 1, "has");
        vm.assertTrue(Bits.has(Bits.set(mask, index), index), "set");
        vm.assertEq(Bits.set(mask, index) ^ mask, Bits.has(mask, index) ? 0 : uint32(2) ** index, "only that one");
        vm.assertEq(Bits.ones(Bits.full(index)), index, "full");
        vm.assertEq(Bits.full(32), type(uint32).max, "all");
    }
}
