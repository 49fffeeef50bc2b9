// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountsHandler} from "./AccountsHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";

/// @notice Recovery rotates signers after its delay, and nothing else ever changes them.
contract AccountsInvariantTest is HandlerTest {
    AccountsHandler internal handler;

    function setUp() public {
        handler = new AccountsHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](5);
        selectors[0] = handler.wait.selector;
        selectors[1] = handler.approveBy.selector;
        selectors[2] = handler.stop.selector;
        selectors[3] = handler.finish.selector;
        selectors[4] = handler.addThief.selector;
        return (address(handler), selectors);
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
