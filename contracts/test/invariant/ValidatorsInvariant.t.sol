// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ValidatorsHandler} from "./ValidatorsHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";

/// @notice The list is what the council made it, in the order of keys, and never empty.
contract ValidatorsInvariantTest is HandlerTest {
    ValidatorsHandler internal handler;

    function setUp() public {
        handler = new ValidatorsHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = handler.change.selector;
        return (address(handler), selectors);
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
