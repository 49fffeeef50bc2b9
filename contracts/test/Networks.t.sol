// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetworks} from "../src/interfaces/INetworks.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Text} from "../src/libraries/Text.sol";
import {ForeignWorld} from "./support/ForeignWorld.sol";

contract NetworksTest is ForeignWorld {
    bytes internal constant ZEROS = new bytes(96);

    function listFails(bytes memory key, bytes memory y, bytes4 reason) internal {
        vm.expectRevert(abi.encodeWithSelector(reason, bytes32("public key")));
        listNetwork("other", key, y);
    }

    function test_a_network_is_listed_under_its_key() public {
        bytes memory key = keyOne;
        bytes32 expected = keccak256(key);
        vm.assertEq(one, expected, "id");
        expectEvent(address(networks));
        emit INetworks.NetworkListed(expected, "renamed", CHAIN_ID, key);
        listNetwork("renamed", key, KEY_Y_1);
        INetworks.Network memory n = networks.network(one);
        vm.assertEq(n.name, "renamed", "name");
        vm.assertEq(uint256(n.chainId), CHAIN_ID, "chain");
        vm.assertTrue(n.isListed, "listed");
        Bls12381.G2 memory k = networks.keyOf(one);
        // Compressed, c1 comes first and the first three bits are flags.
        vm.assertEq(abi.encodePacked(uint128(k.y.c1.high), k.y.c1.low, uint128(k.y.c0.high), k.y.c0.low), KEY_Y_1, "y");
        vm.assertEq(uint128(k.x.c1.high), uint128(bytes16(key)) << 3 >> 3, "x");
    }

    function test_only_the_council_lists_and_withdraws() public {
        bytes memory refused = abi.encodeWithSelector(IRegistry.NotCouncil.selector, stranger);
        bytes memory key = keyOne;
        vm.expectRevert(refused);
        vm.prank(stranger);
        networks.list("one", CHAIN_ID, key, KEY_Y_1);
        vm.expectRevert(refused);
        vm.prank(stranger);
        networks.withdraw(one);
    }

    function test_a_withdrawn_network_has_no_key() public {
        expectEvent(address(networks));
        emit INetworks.NetworkWithdrawn(one);
        vm.prank(council);
        networks.withdraw(one);
        vm.assertTrue(!networks.network(one).isListed, "withdrawn");
        vm.expectRevert(abi.encodeWithSelector(INetworks.NetworkIsWithdrawn.selector, one));
        networks.keyOf(one);
        networks.keyOf(four);
    }

    function test_what_was_never_listed_is_unknown() public {
        bytes memory unknown = abi.encodeWithSelector(INetworks.UnknownNetwork.selector, bytes32("none"));
        vm.expectRevert(unknown);
        networks.network("none");
        vm.expectRevert(unknown);
        networks.keyOf("none");
        vm.expectRevert(unknown);
        vm.prank(council);
        networks.withdraw("none");
    }

    function test_a_name_is_a_slug() public {
        bytes memory key = keyOne;
        vm.expectRevert(abi.encodeWithSelector(Text.BadSlug.selector, bytes32("No Slug")));
        listNetwork("No Slug", key, KEY_Y_1);
    }

    function test_a_key_is_a_canonical_point() public {
        bytes memory key = keyOne;
        listFails(hex"", hex"", Bls12381.PointMalformed.selector);
        listFails(bytes.concat(key, hex"00"), KEY_Y_1, Bls12381.PointMalformed.selector);
        listFails(key, bytes.concat(KEY_Y_1, hex"00"), Bls12381.PointMalformed.selector);
        listFails(flipped(key, 0, 0x80), KEY_Y_1, Bls12381.PointMalformed.selector); // not compressed
        listFails(flipped(key, 0, 0x40), KEY_Y_1, Bls12381.PointMalformed.selector); // the identity
        listFails(flipped(key, 0, 0x20), KEY_Y_1, Bls12381.PointMalformed.selector); // the other y
        listFails(key, KEY_Y_4, Bls12381.PointMalformed.selector); // another key's y, of the other sign
        listFails(flipped(key, 95, 1), KEY_Y_1, Bls12381.PointRefused.selector); // not on the curve
    }

    /// @dev With the identity as key, the identity would sign everything.
    function test_the_identity_is_no_key() public {
        listFails(flipped(ZEROS, 0, 0xc0), ZEROS, Bls12381.PointMalformed.selector);
        listFails(flipped(ZEROS, 0, 0x80), ZEROS, Bls12381.PointMalformed.selector);
    }

    /// @dev x = 2 is on the twist, but not of prime order (@noble/curves: isTorsionFree() is false).
    function test_a_point_outside_the_subgroup_is_no_key() public {
        bytes memory x = flipped(ZEROS, 95, 2);
        bytes memory y = hex"172e93db764a8400a7d5071b6b6f5de0da2f0f4a063119abca014006b7c40a2cfe291a1924e65db0d6d0fcfbf3bf3d5c"
            hex"18c6b864ae17dc9da64203ffefb966306425a7bc6aeb7c75247438372716284a4173830420cd476ba1a365b95bfcec38";
        listFails(flipped(x, 0, 0xa0), y, Bls12381.PointRefused.selector);
    }

    /// forge-config: default.fuzz.runs = 512
    function testFuzz_any_byte_changed_in_a_key_is_another_network_or_none(uint8 position, uint8 bits, bool inY)
        public
    {
        vm.assume(bits != 0);
        (bytes memory key, bytes memory y) = (keyFour, KEY_Y_4);
        uint256 index = within(position, 0, 95);
        if (inY) y = flipped(y, index, bits);
        else key = flipped(key, index, bits);
        vm.prank(council);
        try networks.list("other", CHAIN_ID, key, y) {
            vm.assertTrue(false, "listed");
        } catch {}
    }
}
