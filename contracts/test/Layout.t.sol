// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "../src/interfaces/ICases.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

/// @notice Clients prove single storage slots, so where things stand is an interface: crates/bindings/src/slots.rs says
/// the same. A change here breaks every verifier.
contract LayoutTest is CaseWorld {
    function word(address at_, uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(at_, bytes32(slot)));
    }

    function test_a_case_is_seven_words_of_slot_0() public {
        bytes32 id = reviewedCase();
        vm.prank(officer);
        cases.refuse(id, 1, REASON, law, 0);
        vm.prank(applicant);
        cases.appeal(id, 0);
        ICases.Case memory c = cases.get(id);
        uint256 first = uint256(keccak256(abi.encode(id, 0)));
        uint256[7] memory expected = [
            uint256(uint160(c.applicant)) | uint256(c.status) << 160 | uint256(c.row) << 168 | uint256(c.version) << 176
                | uint256(c.events) << 208,
            uint256(c.openedAt) | uint256(c.promisedBy) << 64 | uint256(c.statutoryBy) << 128 | uint256(c.appealBy)
                << 192,
            uint256(c.pausedAt) | uint256(c.answered) << 64 | uint256(c.frozen ? 1 : 0) << 96 | uint256(c.cause) << 104
                | uint256(c.amountFen) << 112,
            uint256(c.service),
            uint256(c.ruleSet),
            uint256(c.form),
            uint256(uint160(c.officer)) | uint256(c.askedMore ? 1 : 0) << 160 | uint256(c.appealed ? 1 : 0) << 168
                | uint256(c.escalated ? 1 : 0) << 176
        ];
        for (uint256 i; i < 7; ++i) {
            vm.assertEq(word(address(cases), first + i), expected[i], vm.toString(i));
        }
    }

    function test_facts_are_an_array_of_slot_1() public {
        bytes32 id = openCase();
        send(answer(id, POLICE_MASK, two(1, 66)));
        uint256 length = uint256(keccak256(abi.encode(id, 1)));
        vm.assertEq(word(address(cases), length), 4, "length");
        uint256 unknown = 0x80000000;
        uint256 values = word(address(cases), uint256(keccak256(abi.encode(length))));
        vm.assertEq(values, 1 | 66 << 32 | unknown << 64 | unknown << 96, "values");
    }
}
