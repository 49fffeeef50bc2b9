// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EVERYONE, RESIDENTS} from "../src/interfaces/Constants.sol";
import {IQuotas} from "../src/interfaces/IQuotas.sol";
import {Quotas} from "../src/Quotas.sol";
import {QuotaWorld} from "./support/QuotaWorld.sol";

/// @notice What changes of quotas cost, see {GasTest}.
contract QuotasGasTest is QuotaWorld {
    function test_set_class() public {
        vm.prank(council);
        quotas.setClass(EVERYONE, aClass("everyone", 7, 8));
    }

    function test_assign() public {
        vm.prank(council);
        quotas.assign(stranger, RESIDENTS);
    }

    /// @dev A genesis of the most classes and assignments; a creation has at most 16,777,216.
    function test_create_with_most() public {
        IQuotas.Assignment[] memory assigned = new IQuotas.Assignment[](100);
        for (uint256 i; i < 100; ++i) {
            assigned[i] = IQuotas.Assignment(address(uint160(i + 1)), 31);
        }
        new Quotas(registry, classes(32), assigned);
    }
}
