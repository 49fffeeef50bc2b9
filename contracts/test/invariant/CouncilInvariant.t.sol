// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CouncilHandler} from "./CouncilHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";

/// @notice Nothing is done without the votes, before its time, or twice.
contract CouncilInvariantTest is HandlerTest {
    CouncilHandler internal handler;

    function setUp() public {
        handler = new CouncilHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = handler.act.selector;
        return (address(handler), selectors);
    }

    function invariant_nothing_is_done_without_the_votes() public view {
        vm.assertEq(handler.violation(), "", "violated");
    }

    function test_a_long_walk_decides_and_refuses() public {
        uint256 state = 7;
        for (uint256 i; i < 1500; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            handler.act(uint8(state), uint8(state >> 8), uint8(state >> 16), uint8(state >> 24));
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertTrue(handler.executed() > 5 && handler.refused() > 100, "both happen");
    }
}
