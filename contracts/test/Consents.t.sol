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
        consents.grant(ID, HEALTH, ALLOWANCE, UNTIL);
    }

    function isActive() internal view returns (bool) {
        return consents.isActive(ID, applicant, HEALTH, ALLOWANCE);
    }

    function test_a_consent_holds_until_revoked() public {
        vm.assertTrue(!isActive(), "before");
        expectEvent(address(consents));
        emit IConsents.ConsentGranted(ID, applicant, HEALTH, ALLOWANCE, UNTIL);
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
        consents.grant(0, HEALTH, ALLOWANCE, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IConsents.AlreadyOver.selector, ID, START));
        consents.grant(ID, HEALTH, ALLOWANCE, START);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        consents.grant(ID, "none", ALLOWANCE, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownService.selector, bytes32("none")));
        consents.grant(ID, HEALTH, "none", UNTIL);
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
        consents.grant(ID, HEALTH, ALLOWANCE, until);
        vm.warp(time);
        vm.assertEq(isActive(), time < until, "active");
    }
}
