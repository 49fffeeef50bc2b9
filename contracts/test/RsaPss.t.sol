// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RsaPss} from "../src/libraries/RsaPss.sol";
import {TokenWorld} from "./support/TokenWorld.sol";

contract RsaPssTest is TokenWorld {
    string internal constant VECTORS = "test/vectors/rsa-pss-2048-sha256.json";

    function flipped(bytes memory text, uint256 index, uint8 bits) internal pure returns (bytes memory out) {
        out = bytes.concat(text);
        out[index] ^= bytes1(bits);
    }

    /// @dev All 108 of Project Wycheproof's, 45 of them forged or malformed.
    function test_as_project_wycheproof_says() public view {
        string memory json = vm.readFile(VECTORS);
        bytes memory modulus = vm.parseJsonBytes(json, ".modulus");
        bytes[] memory messages = vm.parseJsonBytesArray(json, ".messages");
        bytes[] memory signatures = vm.parseJsonBytesArray(json, ".signatures");
        bytes memory valid = vm.parseJsonBytes(json, ".valid");
        vm.assertEq(messages.length, 108, "vectors");
        vm.assertTrue(RsaPss.isModulus(modulus), "modulus");
        for (uint256 i; i < messages.length; ++i) {
            bool isValid = RsaPss.verify(modulus, messages[i], signatures[i]);
            vm.assertEq(isValid, valid[i] == 0x01, vm.toString(i + 1));
        }
    }

    function test_a_modulus_is_odd_and_of_2048_bits() public pure {
        vm.assertTrue(RsaPss.isModulus(KEY), "one");
        vm.assertTrue(RsaPss.isModulus(OTHER_KEY), "another");
        vm.assertTrue(!RsaPss.isModulus(flipped(KEY, 0, 0x80)), "2047 bits");
        vm.assertTrue(!RsaPss.isModulus(flipped(KEY, 255, 1)), "even");
        vm.assertTrue(!RsaPss.isModulus(bytes.concat(hex"00", KEY)), "257 bytes");
        vm.assertTrue(!RsaPss.isModulus(hex""), "none");
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_signed_is_valid_for_its_key_and_message_alone(bytes memory message, uint8 index, uint8 bits)
        public
        view
    {
        bytes memory signature = sign(KEY, KEY_PRIVATE, message);
        vm.assertTrue(RsaPss.verify(KEY, message, signature), "signed");
        vm.assertTrue(!RsaPss.verify(OTHER_KEY, message, signature), "another key");
        vm.assertTrue(!RsaPss.verify(KEY, bytes.concat(message, hex"00"), signature), "another message");
        if (bits != 0) vm.assertTrue(!RsaPss.verify(KEY, message, flipped(signature, index, bits)), "changed");
    }
}
