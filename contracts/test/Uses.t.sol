// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DECIDER, PROVIDER} from "../src/interfaces/Constants.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {IConsents} from "../src/interfaces/IConsents.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IUses} from "../src/interfaces/IUses.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

contract UsesTest is CaseWorld {
    bytes32 internal constant TAG = keccak256("tag");

    struct Use {
        address sender;
        bytes32 tag;
        bytes32 id;
        bytes32 provider;
        bytes32 consumer;
        uint32 mask;
        bytes32 basis;
        uint256 bytesLong;
    }

    Use internal good;

    function setUp() public override {
        super.setUp();
        good = Use(police, TAG, openCase(), POLICE, CIVIL, POLICE_MASK, law, 528);
    }

    function record(Use memory u) internal {
        vm.prank(u.sender);
        uses.record(u.tag, u.id, u.provider, u.consumer, u.mask, u.basis, new bytes(u.bytesLong));
    }

    function fails(Use memory u, bytes memory reason) internal {
        bytes32 before = uses.binding(u.tag);
        vm.expectRevert(reason);
        record(u);
        vm.assertEq(uses.binding(u.tag), before, "nothing changed");
    }

    function forHealth() internal view returns (Use memory u) {
        u = good;
        (u.sender, u.provider, u.mask, u.basis) = (health, HEALTH, HEALTH_MASK, CONSENT_ID);
    }

    function test_a_use_is_recorded_under_its_tag() public {
        vm.assertEq(uses.binding(TAG), 0, "absent");
        expectEvent(address(uses));
        emit IUses.Used(TAG, good.id, POLICE, CIVIL, ALLOWANCE, law, POLICE_MASK, new bytes(528));
        record(good);
        vm.assertEq(uses.binding(TAG), keccak256(abi.encode(POLICE, good.id, POLICE_MASK)), "binding");
        vm.assertEq(vm.load(address(uses), keccak256(abi.encode(TAG, 0))), uses.binding(TAG), "slot 0");
    }

    function calls(Use[2] memory all) internal view returns (bytes[] memory encoded) {
        encoded = new bytes[](2);
        for (uint256 i; i < 2; ++i) {
            Use memory u = all[i];
            bytes memory ciphertext = new bytes(u.bytesLong);
            encoded[i] = abi.encodeCall(uses.record, (u.tag, u.id, u.provider, u.consumer, u.mask, u.basis, ciphertext));
        }
    }

    function test_several_are_recorded_at_once() public {
        Use memory second = good;
        second.tag = keccak256("second");
        bytes[] memory both = calls([good, second]);
        expectEvent(address(uses));
        emit IUses.Used(TAG, good.id, POLICE, CIVIL, ALLOWANCE, law, POLICE_MASK, new bytes(528));
        emit IUses.Used(second.tag, good.id, POLICE, CIVIL, ALLOWANCE, law, POLICE_MASK, new bytes(528));
        vm.prank(police);
        uses.multicall(both);
        vm.assertEq(uses.binding(second.tag), keccak256(abi.encode(POLICE, good.id, POLICE_MASK)), "binding");
    }

    function test_of_several_one_that_is_refused_undoes_all() public {
        Use memory second = good;
        bytes[] memory both = calls([good, second]);
        vm.expectRevert(abi.encodeWithSelector(IUses.TagUsed.selector, TAG));
        vm.prank(police);
        uses.multicall(both);
        vm.assertEq(uses.binding(TAG), 0, "nothing is on record");

        second.tag = keccak256("second");
        both = calls([good, second]);
        vm.expectRevert(abi.encodeWithSelector(IUses.NotTheProvider.selector, POLICE, health));
        vm.prank(health);
        uses.multicall(both);
    }

    function test_a_tag_is_used_once() public {
        record(good);
        fails(good, abi.encodeWithSelector(IUses.TagUsed.selector, TAG));
        Use memory u = good;
        u.mask = 1;
        fails(u, abi.encodeWithSelector(IUses.TagUsed.selector, TAG));
        u = good;
        u.tag = 0;
        fails(u, abi.encodeWithSelector(IUses.EmptyTag.selector));
    }

    function test_only_the_provider_records() public {
        Use memory u = good;
        u.sender = health;
        fails(u, abi.encodeWithSelector(IUses.NotTheProvider.selector, POLICE, health));
        u.provider = "none";
        fails(u, abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        setOrganisation(POLICE, police, DECIDER);
        fails(good, abi.encodeWithSelector(IUses.NotTheProvider.selector, POLICE, police));
        setOrganisation(POLICE, address(0x99), PROVIDER);
        fails(good, abi.encodeWithSelector(IUses.NotTheProvider.selector, POLICE, police));
    }

    function test_a_case_must_be_asking() public {
        Use memory u = good;
        u.id = "none";
        fails(u, abi.encodeWithSelector(ICases.UnknownCase.selector, bytes32("none")));
        applicant = address(0xAB);
        u.id = approvedCase();
        fails(u, abi.encodeWithSelector(IUses.CaseNotAsking.selector, u.id, ICases.Status.Approved));
    }

    function test_fields_are_used_while_a_person_reviews_and_on_the_same_terms() public {
        applicant = address(0xAC);
        Use memory u = good;
        u.id = reviewedCase();
        record(u);
        vm.assertEq(uses.binding(TAG), keccak256(abi.encode(POLICE, u.id, POLICE_MASK)), "binding");
        u.tag = "second";
        u.consumer = HEALTH;
        fails(u, abi.encodeWithSelector(IUses.NotTheOwner.selector, HEALTH, CIVIL));
        u.consumer = CIVIL;
        u.mask = 7;
        fails(u, abi.encodeWithSelector(IUses.OverAsking.selector, POLICE, 4));
    }

    function test_only_the_owner_learns() public {
        Use memory u = good;
        u.consumer = HEALTH;
        fails(u, abi.encodeWithSelector(IUses.NotTheOwner.selector, HEALTH, CIVIL));
    }

    function test_no_more_is_asked_than_declared() public {
        Use memory u = good;
        u.mask = 7;
        fails(u, abi.encodeWithSelector(IUses.OverAsking.selector, POLICE, 4));
        u.mask = 0;
        fails(u, abi.encodeWithSelector(IUses.EmptyMask.selector));
        u.mask = 1 << 31;
        fails(u, abi.encodeWithSelector(IUses.OverAsking.selector, POLICE, 1 << 31));
    }

    function test_a_statute_must_be_the_one_of_the_rules_and_in_force() public {
        Use memory u = good;
        u.basis = listStatute(aStatute("another law", "one"));
        fails(u, abi.encodeWithSelector(IUses.NotTheBasis.selector, 0, u.basis));
        repealLaw();
        fails(good, abi.encodeWithSelector(IUses.BasisNotInForce.selector, law));
    }

    function test_a_consent_must_be_active_and_the_applicants() public {
        record(forHealth());
        Use memory u = forHealth();
        u.tag = "second";
        u.basis = "none";
        fails(u, abi.encodeWithSelector(IConsents.ConsentNotActive.selector, bytes32("none")));
        vm.prank(stranger);
        consents.grant("of-another", HEALTH, ALLOWANCE, START + 1 days, false);
        u.basis = "of-another";
        fails(u, abi.encodeWithSelector(IConsents.ConsentNotActive.selector, bytes32("of-another")));
        vm.prank(applicant);
        consents.revoke(CONSENT_ID);
        u.basis = CONSENT_ID;
        fails(u, abi.encodeWithSelector(IConsents.ConsentNotActive.selector, CONSENT_ID));
    }

    function test_a_statute_does_not_stand_for_a_consent() public {
        Use memory u = forHealth();
        u.basis = law;
        fails(u, abi.encodeWithSelector(IConsents.ConsentNotActive.selector, law));
    }

    function testFuzz_all_ciphertexts_are_equally_long(uint16 length) public {
        vm.assume(length != 528);
        Use memory u = good;
        u.bytesLong = length;
        fails(u, abi.encodeWithSelector(IUses.WrongCiphertextLength.selector, length, 528));
    }

    function testFuzz_a_mask_is_taken_only_within_the_providers(uint32 mask) public {
        Use memory u = good;
        u.mask = mask;
        if (mask == 0) return fails(u, abi.encodeWithSelector(IUses.EmptyMask.selector));
        uint32 beyond = mask & ~POLICE_MASK;
        if (beyond != 0) return fails(u, abi.encodeWithSelector(IUses.OverAsking.selector, POLICE, beyond));
        record(u);
    }

    /// @dev A use that rests on a consent for one use.
    function forHealthOnce() internal returns (Use memory u) {
        u = forHealth();
        u.basis = "once";
        vm.prank(applicant);
        consents.grant("once", HEALTH, ALLOWANCE, START + 1 days, true);
    }

    function used(bytes32 consent) internal view returns (uint256) {
        return consents.get(consent, applicant).uses;
    }

    function test_a_standing_consent_counts_its_uses() public {
        Use memory u = forHealth();
        record(u);
        u.tag = "second";
        record(u);
        vm.assertEq(used(CONSENT_ID), 2, "two uses");
        Use memory lawful = good;
        lawful.tag = "third";
        record(lawful);
        vm.assertEq(used(CONSENT_ID), 2, "a statute counts for none");
    }

    function test_a_consent_for_once_is_used_up_by_the_first_use() public {
        Use memory u = forHealthOnce();
        record(u);
        vm.assertEq(used("once"), 1, "used");
        u.tag = "second";
        fails(u, abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, bytes32("once")));
        vm.assertEq(used("once"), 1, "used once");
    }

    function test_a_use_that_is_refused_uses_nothing_up() public {
        Use memory u = forHealthOnce();
        record(good);
        u.tag = TAG;
        fails(u, abi.encodeWithSelector(IUses.TagUsed.selector, TAG));
        u.tag = "second";
        u.mask |= CIVIL_MASK;
        fails(u, abi.encodeWithSelector(IUses.OverAsking.selector, HEALTH, CIVIL_MASK));
        u.mask = HEALTH_MASK;
        u.bytesLong = 527;
        fails(u, abi.encodeWithSelector(IUses.WrongCiphertextLength.selector, 527, 528));
        vm.assertEq(used("once"), 0, "still whole");
        u.bytesLong = 528;
        record(u);
    }

    function test_sent_again_it_is_neither_recorded_nor_counted_twice() public {
        Use memory u = forHealthOnce();
        record(u);
        fails(u, abi.encodeWithSelector(IUses.TagUsed.selector, TAG));
        vm.assertEq(used("once"), 1, "one use");
    }

    function test_once_cannot_be_used_twice_in_one_batch() public {
        Use memory first = forHealthOnce();
        Use memory second = first;
        bytes[] memory both = calls([first, first]);
        second.tag = "second";
        both[1] = calls([second, second])[0];
        vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, bytes32("once")));
        vm.prank(health);
        uses.multicall(both);
        vm.assertEq(used("once"), 0, "the batch undid its use");
        // Alone, each as it comes: one passes, in either order.
        record(second);
        second.tag = TAG;
        fails(second, abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, bytes32("once")));
    }

    function test_of_a_batch_the_one_that_is_refused_is_retried_alone() public {
        Use memory u = forHealthOnce();
        record(u);
        Use memory standing = forHealth();
        standing.tag = "standing";
        u.tag = "second";
        bytes[] memory both = calls([standing, u]);
        vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, bytes32("once")));
        vm.prank(health);
        uses.multicall(both);
        vm.assertEq(used(CONSENT_ID), 0, "the other was undone with it");
        record(standing);
        vm.assertEq(used(CONSENT_ID), 1, "and counts once");
    }
}
