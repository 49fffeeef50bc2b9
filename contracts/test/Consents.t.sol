// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsents} from "../src/interfaces/IConsents.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {World} from "./support/World.sol";

contract ConsentsTest is World {
    bytes32 internal constant ID = keccak256("record");
    uint64 internal constant UNTIL = START + 10;

    function grant(address grantor) internal {
        vm.prank(grantor);
        consents.grant(ID, HEALTH, ALLOWANCE, UNTIL, false);
    }

    function isActive() internal view returns (bool) {
        return consents.isActive(ID, applicant, HEALTH, ALLOWANCE);
    }

    function test_a_consent_holds_until_revoked() public {
        vm.assertTrue(!isActive(), "before");
        expectEvent(address(consents));
        emit IConsents.ConsentGranted(ID, applicant, HEALTH, ALLOWANCE, UNTIL, false);
        grant(applicant);
        vm.assertTrue(isActive(), "granted");
        expectEvent(address(consents));
        emit IConsents.ConsentRevoked(ID, applicant);
        vm.prank(applicant);
        consents.revoke(ID);
        vm.assertTrue(!isActive(), "revoked");
    }

    function test_a_consent_is_for_one_provider_service_and_key() public {
        grant(applicant);
        vm.assertTrue(!consents.isActive(ID, applicant, POLICE, ALLOWANCE), "provider");
        vm.assertTrue(!consents.isActive(ID, applicant, HEALTH, "another"), "service");
        vm.assertTrue(!consents.isActive(ID, stranger, HEALTH, ALLOWANCE), "key");
        vm.assertTrue(!consents.isActive("another", applicant, HEALTH, ALLOWANCE), "id");
    }

    function test_a_stranger_can_neither_take_nor_revoke_it() public {
        grant(stranger);
        grant(applicant);
        vm.prank(stranger);
        consents.revoke(ID);
        vm.assertTrue(isActive(), "still the applicant's");
    }

    function test_bad_grants_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IConsents.EmptyId.selector));
        consents.grant(0, HEALTH, ALLOWANCE, UNTIL, false);
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyOver.selector, ID, START));
        consents.grant(ID, HEALTH, ALLOWANCE, START, false);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        consents.grant(ID, "none", ALLOWANCE, UNTIL, false);
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownService.selector, bytes32("none")));
        consents.grant(ID, HEALTH, "none", UNTIL, false);
        grant(applicant);
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyGranted.selector, ID, applicant));
        grant(applicant);
    }

    function test_bad_revocations_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IConsents.NotGranted.selector, ID, applicant));
        vm.prank(applicant);
        consents.revoke(ID);
        grant(applicant);
        vm.prank(applicant);
        consents.revoke(ID);
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyRevoked.selector, ID, applicant));
        vm.prank(applicant);
        consents.revoke(ID);
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyGranted.selector, ID, applicant));
        grant(applicant);
    }

    function testFuzz_a_consent_ends(uint64 until, uint64 time) public {
        until = uint64(within(until, START + 1, type(uint64).max));
        time = uint64(within(time, START, type(uint64).max));
        vm.prank(applicant);
        consents.grant(ID, HEALTH, ALLOWANCE, until, false);
        vm.warp(time);
        vm.assertEq(isActive(), time < until, "active");
    }

    function consume(address sender) internal {
        vm.prank(sender);
        consents.consume(ID, applicant, HEALTH, ALLOWANCE);
    }

    function consumeFails(address grantor, bytes32 provider, bytes32 service) internal {
        vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentNotActive.selector, ID));
        vm.prank(address(uses));
        consents.consume(ID, grantor, provider, service);
    }

    function grantOnce() internal {
        expectEvent(address(consents));
        emit IConsents.ConsentGranted(ID, applicant, HEALTH, ALLOWANCE, UNTIL, true);
        vm.prank(applicant);
        consents.grant(ID, HEALTH, ALLOWANCE, UNTIL, true);
    }

    function test_only_uses_consumes() public {
        grantOnce();
        address[5] memory others = [applicant, health, council, stranger, address(cases)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IConsents.NotUses.selector, others[i]));
            consume(others[i]);
        }
        vm.assertTrue(isActive(), "nothing was used up");
        vm.assertEq(consents.get(ID, applicant).uses, 0, "nor counted");
    }

    function test_once_is_used_up_by_the_first() public {
        grantOnce();
        vm.assertTrue(isActive(), "granted");
        consume(address(uses));
        vm.assertTrue(!isActive(), "used up");
        vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, ID));
        consume(address(uses));
        vm.assertEq(consents.get(ID, applicant).uses, 1, "one use");
    }

    function test_a_used_up_consent_is_revoked_all_the_same_and_never_given_again() public {
        grantOnce();
        consume(address(uses));
        vm.prank(applicant);
        consents.revoke(ID);
        vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentNotActive.selector, ID));
        consume(address(uses));
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyGranted.selector, ID, applicant));
        vm.prank(applicant);
        consents.grant(ID, HEALTH, ALLOWANCE, UNTIL, true);
    }

    function test_what_is_refused_is_not_counted() public {
        grantOnce();
        consumeFails(applicant, POLICE, ALLOWANCE);
        consumeFails(applicant, HEALTH, "another");
        consumeFails(stranger, HEALTH, ALLOWANCE);
        vm.warp(UNTIL);
        consumeFails(applicant, HEALTH, ALLOWANCE);
        vm.assertEq(consents.get(ID, applicant).uses, 0, "still whole");
    }

    function testFuzz_a_standing_one_counts_and_a_single_one_stops(uint8 times, bool once) public {
        vm.prank(applicant);
        consents.grant(ID, HEALTH, ALLOWANCE, UNTIL, once);
        for (uint256 i; i < times; ++i) {
            if (once && i != 0) vm.expectRevert(abi.encodeWithSelector(IConsents.ConsentUsedUp.selector, ID));
            consume(address(uses));
        }
        uint256 counted = once && times > 1 ? 1 : times;
        vm.assertEq(consents.get(ID, applicant).uses, counted, "uses");
        vm.assertEq(isActive(), !once || times == 0, "active");
    }
}
