// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidators} from "../../src/interfaces/IValidators.sol";
import {Registry} from "../../src/Registry.sol";
import {Validators} from "../../src/Validators.sol";
import {Test} from "./Vm.sol";

/// @notice A registry with a council, and four validators with the keys 10, 20, 30 and 40.
abstract contract ValidatorWorld is Test {
    address internal council = address(0xC0);
    address internal stranger = address(0xBAD);
    Registry internal registry;
    Validators internal validators;

    function setUp() public virtual {
        registry = new Registry(council, new bytes32[](0), new address[](0));
        validators = new Validators(registry, some(4));
    }

    function aValidator(uint256 key) internal pure returns (IValidators.Validator memory) {
        return IValidators.Validator(bytes32(key), "192.0.2.7:9700", unicode"民政局");
    }

    function some(uint256 count) internal pure returns (IValidators.Validator[] memory all) {
        all = new IValidators.Validator[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = aValidator((i + 1) * 10);
        }
    }

    function isListed(bytes32 key) internal view returns (bool) {
        IValidators.Validator[] memory all = validators.list();
        for (uint256 i; i < all.length; ++i) {
            if (all[i].key == key) return true;
        }
        return false;
    }

    function expectKey(Validators list, uint256 position, uint256 key) internal view {
        vm.assertEq(list.list()[position].key, bytes32(key), "key");
    }

    function text(uint256 length) internal pure returns (string memory) {
        bytes memory bytes_ = new bytes(length);
        for (uint256 i; i < length; ++i) {
            bytes_[i] = "x";
        }
        return string(bytes_);
    }
}
