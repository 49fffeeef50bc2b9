// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../support/Vm.sol";
import {AccountsHandler} from "./AccountsHandler.sol";

/// @notice Recovery rotates signers after its delay, and nothing else ever changes them.
contract AccountsInvariantTest is Test {
    AccountsHandler internal handler;

    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new AccountsHandler();
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
        targets[0].selectors = new bytes4[](5);
        targets[0].selectors[0] = handler.wait.selector;
        targets[0].selectors[1] = handler.approveBy.selector;
        targets[0].selectors[2] = handler.stop.selector;
        targets[0].selectors[3] = handler.finish.selector;
        targets[0].selectors[4] = handler.addThief.selector;
    }

    function invariant_recovery_rotates_and_never_acts() public view {
        vm.assertEq(handler.violation(), "", "violated");
    }

    function test_a_long_walk_finishes_and_vetoes() public {
        uint256 state = 7;
        for (uint256 i; i < 300; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            uint8 who = uint8(state >> 8);
            uint256 step = state % 16;
            if (step < 6) handler.approveBy(who);
            else if (step < 10) handler.wait(uint24(state >> 16) % 3 days);
            else if (step < 14) handler.finish();
            else if (step == 14) handler.stop(who);
            else handler.addThief(who);
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertTrue(handler.finished() > 3 && handler.vetoed() > 3, "both happen");
    }
}
