// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CaseWorld} from "./support/CaseWorld.sol";
import {PeopleWorld} from "./support/PeopleWorld.sol";
import {Test} from "./support/Vm.sol";

abstract contract Footprint is Test {
    /// @dev The slots written in a contract since `vm.record()` that are not zero now.
    function slotsOf(address target) internal view returns (uint256 count) {
        (, bytes32[] memory writes) = vm.accesses(target);
        for (uint256 i; i < writes.length; ++i) {
            bool isKept = vm.load(target, writes[i]) != 0;
            for (uint256 j; j < i; ++j) {
                if (writes[j] == writes[i]) isKept = false;
            }
            if (isKept) ++count;
        }
    }
}

/// @notice What a case leaves in the state for ever, beside the account of its key and what that used of its quota: `docs/scale.md` and `tools/scale/figures.mjs` reckon with it.
contract FootprintTest is CaseWorld, Footprint {
    /// @dev Nine transactions: open, consent, three use records, three attestations, the credential.
    function test_an_approved_case_leaves_15_slots() public {
        vm.record();
        bytes32 id = approvedCase();
        vm.prank(civil);
        credentials.issue(id, keccak256("credential"), 0);
        vm.assertEq(slotsOf(address(cases)), 8, "cases: six words that are not zero, the facts and their number");
        vm.assertEq(slotsOf(address(uses)), 3, "uses: one a record");
        vm.assertEq(slotsOf(address(consents)), 3, "consents");
        vm.assertEq(slotsOf(address(credentials)), 1, "credentials");
        vm.assertEq(slotsOf(address(registry)) + slotsOf(address(services)) + slotsOf(address(rules)), 0, "the rest");
    }
}

/// @notice What a resident leaves in `People`.
contract PeopleFootprintTest is PeopleWorld, Footprint {
    function test_64_residents_leave_4_slots_each() public {
        vm.record();
        for (uint256 i; i < 64; ++i) {
            enter(seatAt(i), 1000 + i);
        }
        // Leaf, seat and node each, 63 nodes above; two words of the one root, and four that are there once.
        vm.assertEq(slotsOf(address(people)), 64 * 3 + 63 + 2 + 3, "slots");
    }
}
