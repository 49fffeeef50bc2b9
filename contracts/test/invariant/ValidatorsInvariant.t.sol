// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../support/Vm.sol";
import {ValidatorsHandler} from "./ValidatorsHandler.sol";

/// @notice The list is what the council made it, in the order of keys, and never empty.
contract ValidatorsInvariantTest is Test {
    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    ValidatorsHandler internal handler;

    function setUp() public {
        handler = new ValidatorsHandler();
    }

    /// @dev Read by forge.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Read by forge.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].target = address(handler);
        targets[0].selectors = new bytes4[](1);
        targets[0].selectors[0] = handler.change.selector;
    }

    function invariant_the_list_is_what_the_council_made_it() public {
        handler.check();
        vm.assertEq(handler.violation(), "", "violated");
    }

    function test_a_long_walk_fills_and_empties_the_list() public {
        uint256 state = 7;
        for (uint256 i; i < 1200; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            handler.change(uint8(state), i / 400 != 1, uint8(state >> 8));
            if (i % 400 == 399) handler.check();
            if (i == 399) vm.assertEq(handler.count(), 100, "filled");
            if (i == 799) vm.assertTrue(handler.count() < 20, "nearly emptied");
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertTrue(handler.refused() > 100, "refused too");
    }
}
