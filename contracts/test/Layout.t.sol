// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RESIDENTS} from "../src/interfaces/Constants.sol";
import {Council} from "../src/Council.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {IQuotas} from "../src/interfaces/IQuotas.sol";
import {CaseWorld} from "./support/CaseWorld.sol";
import {PeopleWorld} from "./support/PeopleWorld.sol";
import {QuotaWorld} from "./support/QuotaWorld.sol";
import {TokenWorld} from "./support/TokenWorld.sol";

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

/// @notice Validators decide by these slots, and write what was used: crates/bindings/src/quota_slots.rs says the same. A
/// change here is a change of the chain's rules.
contract QuotaLayoutTest is QuotaWorld {
    function mapped(address contract_, bytes memory key, uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(contract_, keccak256(bytes.concat(key, bytes32(slot)))));
    }

    function test_limits_names_and_assignments_are_slots_0_4_and_1() public {
        vm.prank(council);
        quotas.assign(stranger, RESIDENTS);
        for (uint8 class; class < 5; ++class) {
            IQuotas.Class memory kept = quotas.classAt(class);
            uint256 limits = mapped(address(quotas), abi.encode(class), 0);
            vm.assertEq(limits, uint256(kept.limits.account) | uint256(kept.limits.total) << 64, "limits");
            vm.assertEq(bytes32(mapped(address(quotas), abi.encode(class), 4)), kept.name, "name");
        }
        vm.assertEq(mapped(address(quotas), abi.encode(stranger), 1), uint256(RESIDENTS) + 1, "assigned");
    }

    function test_what_validators_write_is_what_the_contract_shows() public {
        bytes32 used = bytes32(uint256(7) | uint256(21_000) << 64);
        bytes32 byToken = bytes32(uint256(400_000) << 128 | 1 << 192);
        vm.store(address(quotas), keccak256(abi.encode(stranger, 2)), used | byToken);
        vm.store(address(quotas), keccak256(abi.encode(RESIDENTS, 3)), used);
        bytes memory expected = abi.encode(IQuotas.AccountUsage(7, 21_000, 400_000, true));
        vm.assertEq(abi.encode(quotas.usedBy(stranger)), expected, "account");
        expected = abi.encode(IQuotas.Usage(7, 21_000));
        vm.assertEq(abi.encode(quotas.usedByClass(RESIDENTS)), expected, "class");
    }

    function test_attesters_and_officers_are_slots_3_and_1_of_the_registry() public {
        vm.assertEq(bytes32(mapped(address(registry), abi.encode(police), 3)), POLICE, "attester");
        bytes32 active = bytes32(uint256(keccak256(abi.encode(officer, 1))) + 1);
        vm.assertEq(uint256(vm.load(address(registry), active)), 1, "active");
        vm.prank(police);
        registry.setOfficer(officer, POLICE, false);
        vm.assertEq(uint256(vm.load(address(registry), active)), 0, "dismissed");
    }

    function test_membership_is_slot_9_of_the_council() public {
        address[] memory members = new address[](2);
        (members[0], members[1]) = (address(0x11), address(0x12));
        vm.warp(1_800_000_000);
        Council votes = new Council(registry, members, 1 days, 0);
        uint256 slot = uint256(keccak256(abi.encode(members[0], 9)));
        uint256 first = uint256(keccak256(abi.encode(slot)));
        vm.assertEq(uint256(vm.load(address(votes), bytes32(slot))), 1, "changes");
        vm.assertEq(uint256(vm.load(address(votes), bytes32(first))), 1_800_000_000 | 1 << 48, "a member");
        vm.warp(1_800_000_007);
        vm.prank(address(votes));
        votes.removeMember(members[0]);
        vm.assertEq(uint256(vm.load(address(votes), bytes32(slot))), 2, "changes");
        vm.assertEq(uint256(vm.load(address(votes), bytes32(first + 1))), 1_800_000_007, "removed");
    }
}

/// @notice By these slots and bytes validators know a token before it is redeemed: crates/bindings/src/quota_slots.rs says the same.
contract AllowanceLayoutTest is TokenWorld {
    function word(bytes32 slot) internal view returns (bytes32) {
        return vm.load(address(allowances), slot);
    }

    function test_issuer_and_keys_are_slots_0_and_1() public view {
        vm.assertEq(word(0), POLICE, "issuer");
        bytes32 key = keccak256(abi.encode(FIRST_WINDOW, keccak256(abi.encode(POLICE, 1))));
        vm.assertEq(uint256(word(key)), 2 * 256 + 1, "a long array of 256 bytes");
        uint256 first = uint256(keccak256(abi.encode(key)));
        bytes memory modulus;
        for (uint256 i; i < 8; ++i) {
            modulus = bytes.concat(modulus, word(bytes32(first + i)));
        }
        vm.assertEq(modulus, KEY, "modulus");
    }

    /// @dev Validators know an opening by its bytes, before it runs: 452 of them.
    function test_an_opening_has_its_token_at_100_and_196() public view {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        bytes memory data = abi.encodeCall(ICases.openWithToken, (ALLOWANCE, 1, FORM, NONCE, signature));
        bytes memory expected = abi.encodePacked(
            ICases.openWithToken.selector, ALLOWANCE, uint256(1), FORM, NONCE, uint256(160), uint256(256), signature
        );
        vm.assertEq(data, expected, "data");
        vm.assertEq(data.length, 452, "length");
    }
}

/// @notice What a wallet proves about its leaf: crates/bindings/src/slots.rs says the same.
contract PeopleLayoutTest is PeopleWorld {
    function test_leaves_and_seats_are_slots_0_and_1() public {
        enter(seatAt(0), 21);
        vm.warp(START + 7);
        enter(seatAt(1), 22);
        enter(seatAt(1), 23);
        uint256 kept = uint256(vm.load(address(people), keccak256(abi.encode(23, 0))));
        vm.assertEq(kept, 1 | uint256(START + 7) << 64 | 1 << 128, "index, since, current");
        kept = uint256(vm.load(address(people), keccak256(abi.encode(22, 0))));
        vm.assertEq(kept, 1 | uint256(START + 7) << 64, "replaced");
        bytes32 seat = keccak256(abi.encode(seatAt(1), keccak256(abi.encode(POLICE, 1))));
        vm.assertEq(uint256(vm.load(address(people), seat)), 23, "seat");
    }
}
