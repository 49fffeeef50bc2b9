// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IValidators} from "../src/interfaces/IValidators.sol";
import {Validators} from "../src/Validators.sol";
import {ValidatorWorld} from "./support/ValidatorWorld.sol";

contract ValidatorsTest is ValidatorWorld {
    function addFails(IValidators.Validator memory v, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(council);
        validators.add(v);
    }

    function removeFails(bytes32 key, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(council);
        validators.remove(key);
    }

    function test_genesis_lists_its_validators_in_the_order_of_keys() public {
        IValidators.Validator[] memory first = new IValidators.Validator[](3);
        first[0] = IValidators.Validator(bytes32(uint256(7)), "", "seven");
        first[1] = IValidators.Validator(bytes32(uint256(9)), "", "");
        first[2] = IValidators.Validator(bytes32(uint256(8)), "192.0.2.8:9700", "eight");
        expectKey(new Validators(registry, first), 0, 7);
        expectKey(new Validators(registry, first), 1, 8);
        expectKey(new Validators(registry, first), 2, 9);
        IValidators.Validator[] memory listed = new Validators(registry, first).list();
        vm.assertEq(listed.length, 3, "how many");
        vm.assertEq(abi.encode(listed[1]), abi.encode(first[2]), "kept");
        vm.assertEq(abi.encode(listed[2]), abi.encode(first[1]), "kept without texts");
    }

    function test_genesis_refuses_a_bad_list() public {
        IValidators.Validator[] memory none = new IValidators.Validator[](0);
        vm.expectRevert(abi.encodeWithSelector(IValidators.LastValidator.selector, bytes32(0)));
        new Validators(registry, none);

        IValidators.Validator[] memory twice = new IValidators.Validator[](2);
        twice[0] = twice[1] = IValidators.Validator("key", "", "");
        vm.expectRevert(abi.encodeWithSelector(IValidators.AlreadyValidator.selector, bytes32("key")));
        new Validators(registry, twice);

        IValidators.Validator[] memory bad = new IValidators.Validator[](1);
        vm.expectRevert(abi.encodeWithSelector(IValidators.KeyMissing.selector));
        new Validators(registry, bad);
        bad[0] = IValidators.Validator("key", "", text(65));
        vm.expectRevert(abi.encodeWithSelector(IValidators.BadLength.selector, bytes32("name"), 65, 64));
        new Validators(registry, bad);
        bad[0] = IValidators.Validator("key", text(65), "");
        vm.expectRevert(abi.encodeWithSelector(IValidators.BadLength.selector, bytes32("location"), 65, 64));
        new Validators(registry, bad);

        IValidators.Validator[] memory many = some(101);
        vm.expectRevert(abi.encodeWithSelector(IValidators.TooManyValidators.selector, 100));
        new Validators(registry, many);
    }

    function test_a_validator_is_added_and_removed() public {
        IValidators.Validator memory v = IValidators.Validator(bytes32(uint256(25)), "[2001:db8::7]:9700", "health");
        expectEvent(address(validators));
        emit IValidators.ValidatorAdded(v.key, v.location, v.name);
        vm.prank(council);
        validators.add(v);
        vm.assertEq(abi.encode(validators.list()[2]), abi.encode(v), "between 20 and 30");
        vm.assertEq(validators.list().length, 5, "added");

        expectEvent(address(validators));
        emit IValidators.ValidatorRemoved(v.key);
        vm.prank(council);
        validators.remove(v.key);
        vm.assertEq(abi.encode(validators.list()), abi.encode(some(4)), "as before");
        removeFails(v.key, abi.encodeWithSelector(IValidators.UnknownValidator.selector, v.key));
    }

    function test_a_removed_one_is_added_again_elsewhere() public {
        IValidators.Validator memory v = some(4)[3];
        v.location = "198.51.100.4:9700";
        vm.prank(council);
        validators.remove(v.key);
        vm.prank(council);
        validators.add(v);
        vm.assertEq(validators.list()[3].location, v.location, "moved");
    }

    function test_only_the_council_changes_the_list() public {
        bytes memory refused = abi.encodeWithSelector(IRegistry.NotCouncil.selector, stranger);
        vm.expectRevert(refused);
        vm.prank(stranger);
        validators.add(aValidator(25));
        vm.expectRevert(refused);
        vm.prank(stranger);
        validators.remove(bytes32(uint256(20)));
    }

    function test_what_is_not_whole_is_refused() public {
        IValidators.Validator memory v = aValidator(25);
        v.key = 0;
        addFails(v, abi.encodeWithSelector(IValidators.KeyMissing.selector));
        addFails(aValidator(20), abi.encodeWithSelector(IValidators.AlreadyValidator.selector, bytes32(uint256(20))));
        for (uint256 length; length <= 65; length += 65) {
            v = aValidator(25);
            v.location = text(length);
            addFails(v, abi.encodeWithSelector(IValidators.BadLength.selector, bytes32("location"), length, 64));
            v = aValidator(25);
            v.name = text(length);
            addFails(v, abi.encodeWithSelector(IValidators.BadLength.selector, bytes32("name"), length, 64));
        }
        bytes32 unknown = bytes32(uint256(25));
        removeFails(unknown, abi.encodeWithSelector(IValidators.UnknownValidator.selector, unknown));
        removeFails(0, abi.encodeWithSelector(IValidators.UnknownValidator.selector, bytes32(0)));
    }

    function test_the_longest_texts_pass() public {
        IValidators.Validator memory v = IValidators.Validator("key", text(64), text(64));
        vm.prank(council);
        validators.add(v);
        vm.assertEq(abi.encode(validators.list()[4]), abi.encode(v), "kept");
    }

    function test_the_list_has_1_to_100() public {
        for (uint256 i = 1; i < 4; ++i) {
            vm.prank(council);
            validators.remove(bytes32(i * 10));
        }
        bytes32 last = bytes32(uint256(40));
        removeFails(last, abi.encodeWithSelector(IValidators.LastValidator.selector, last));
        for (uint256 i = 1; i < 100; ++i) {
            vm.prank(council);
            validators.add(aValidator(1000 - i));
        }
        vm.assertEq(validators.list().length, 100, "full");
        addFails(aValidator(5000), abi.encodeWithSelector(IValidators.TooManyValidators.selector, 100));
        vm.prank(council);
        validators.remove(last);
        vm.prank(council);
        validators.add(aValidator(5000));
    }

    function testFuzz_any_order_of_keys_lists_ascending(bytes32[8] memory keys, uint8 removed) public {
        uint256 length = 4;
        for (uint256 i; i < keys.length; ++i) {
            if (uint256(keys[i]) <= 40 || isListed(keys[i])) continue;
            IValidators.Validator memory v = aValidator(1);
            v.key = keys[i];
            vm.prank(council);
            validators.add(v);
            ++length;
        }
        bytes32 gone = validators.list()[removed % length].key;
        vm.prank(council);
        validators.remove(gone);
        IValidators.Validator[] memory all = validators.list();
        vm.assertEq(all.length, length - 1, "length");
        vm.assertTrue(!isListed(gone), "gone");
        for (uint256 i = 1; i < all.length; ++i) {
            vm.assertTrue(all[i - 1].key < all[i].key, "ascending");
        }
    }
}
