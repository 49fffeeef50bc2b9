// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QuotasHandler} from "./QuotasHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";

/// @notice Quotas are what the council made them, and it can always change them.
contract QuotasInvariantTest is HandlerTest {
    QuotasHandler internal handler;

    function setUp() public {
        handler = new QuotasHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (handler.set.selector, handler.move.selector);
        return (address(handler), selectors);
    }

    function invariant_quotas_are_what_the_council_made_them() public {
        handler.check();
        vm.assertEq(handler.violation(), "", "violated");
    }

    function test_a_long_walk_adds_all_classes() public {
        uint256 state = 11;
        for (uint256 i; i < 4000; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            if (i % 2 == 0) handler.set(uint8(state >> 8), uint64(state >> 16), uint64(state >> 80), uint8(state));
            else handler.move(uint8(state >> 8), uint8(state >> 16), uint8(state));
            if (i % 100 == 99) handler.check();
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertEq(handler.count(), 32, "all classes");
        vm.assertTrue(handler.refused() > 100, "refused too");
    }
}
