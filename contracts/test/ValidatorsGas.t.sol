// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidators} from "../src/interfaces/IValidators.sol";
import {Validators} from "../src/Validators.sol";
import {ValidatorWorld} from "./support/ValidatorWorld.sol";

/// @notice What changes of the validators cost, see {GasTest}.
contract ValidatorsGasTest is ValidatorWorld {
    Validators internal full;

    function setUp() public override {
        super.setUp();
        full = new Validators(registry, some(99));
    }

    function test_add() public {
        vm.prank(council);
        validators.add(aValidator(25));
    }

    function test_add_before_99_others() public {
        vm.prank(council);
        full.add(aValidator(1));
    }

    function test_remove_before_98_others() public {
        vm.prank(council);
        full.remove(bytes32(uint256(10)));
    }

    /// @dev A genesis of the most validators with the longest names; a creation has at most 16,777,216.
    function test_create_with_100() public {
        IValidators.Validator[] memory most = some(100);
        for (uint256 i; i < most.length; ++i) {
            (most[i].location, most[i].name) = ("", text(64));
        }
        new Validators(registry, most);
    }
}
