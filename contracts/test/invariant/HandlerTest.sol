// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../support/Vm.sol";

/// @notice Base of the invariant tests: forge calls one handler, and of it the named functions alone.
abstract contract HandlerTest is Test {
    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    /// @notice What forge calls, and by which functions.
    function handled() internal view virtual returns (address handler, bytes4[] memory selectors);

    /// @dev Read by forge.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        (targets[0],) = handled();
    }

    /// @dev Read by forge.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        (targets[0].target, targets[0].selectors) = handled();
    }
}
