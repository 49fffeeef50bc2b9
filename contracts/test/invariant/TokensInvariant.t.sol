// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HandlerTest} from "./HandlerTest.sol";
import {TokensHandler} from "./TokensHandler.sol";

/// @notice A token opens one case, of its holder, on its day, by its key.
contract TokensInvariantTest is HandlerTest {
    TokensHandler internal handler;

    function setUp() public {
        handler = new TokensHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](3);
        selectors[0] = handler.tomorrow.selector;
        selectors[1] = handler.announce.selector;
        selectors[2] = handler.open.selector;
        return (address(handler), selectors);
    }

    /// forge-config: default.invariant.runs = 4
    /// forge-config: default.invariant.depth = 60
    function invariant_opened_exactly_when_allowed() public view {
        vm.assertEq(handler.violation(), "", "violated");
    }

    /// @dev Short, because signing takes eight million gas.
    function test_a_walk_opens_and_refuses() public {
        uint256 state = 7;
        for (uint256 i; i < 32; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            if (i % 8 == 7) handler.tomorrow();
            if (i % 8 == 1) handler.announce(0);
            uint8 who = uint8(state);
            bool isLikely = i % 2 == 0;
            handler.open(who, isLikely ? who : uint8(state >> 8), isLikely ? 1 : uint8(state >> 16), i % 8 == 3);
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertTrue(handler.opened() > 3 && handler.refused() > 15, "both happen");
    }
}
