// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UsesHandler} from "./UsesHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";

/// @notice No basis, no data: a use is recorded exactly when it may be, and no tag is ever used again.
contract UsesInvariantTest is HandlerTest {
    UsesHandler internal handler;

    function setUp() public {
        handler = new UsesHandler();
    }

    function handled() internal view override returns (address, bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = handler.record.selector;
        return (address(handler), selectors);
    }

    function invariant_recorded_exactly_when_allowed() public view {
        vm.assertEq(handler.violation(), "", "violated");
    }

    function test_a_long_walk_records_and_refuses() public {
        uint256 state = 7;
        for (uint256 i; i < 600; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            if (i == 400) handler.revoke();
            if (i == 500) handler.repeal();
            handler.record(
                uint8(state),
                uint8(state >> 8),
                uint8(state >> 16),
                uint8(state >> 24),
                uint8(state >> 32),
                uint8(state >> 40)
            );
        }
        vm.assertEq(handler.violation(), "", "violated");
        vm.assertTrue(handler.recorded() > 10 && handler.refused() > 100, "both happen");
    }
}
