// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDENTITY, PROVIDER} from "../src/interfaces/Constants.sol";
import {IAllowances} from "../src/interfaces/IAllowances.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {TokenWorld} from "./support/TokenWorld.sol";

contract AllowancesTest is TokenWorld {
    function openWith(address holder, bytes32 nonce, bytes memory signature) internal returns (bytes32) {
        vm.prank(holder);
        return cases.openWithToken(ALLOWANCE, 1, FORM, nonce, signature);
    }

    function refused(address holder, bytes32 nonce, bytes memory signature, bytes memory reason) internal {
        vm.expectRevert(reason);
        openWith(holder, nonce, signature);
    }

    function bad(address holder) internal view returns (bytes memory) {
        uint64 window = allowances.windowAt(uint64(block.timestamp));
        return abi.encodeWithSelector(IAllowances.BadToken.selector, holder, window);
    }

    function test_a_token_opens_a_case() public {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        bytes32 token = keccak256(abi.encode(NONCE, block.chainid, address(allowances), FIRST_WINDOW, applicant));
        vm.assertTrue(!allowances.isSpent(token), "not yet");
        expectEvent(address(allowances));
        emit IAllowances.TokenRedeemed(POLICE, FIRST_WINDOW, token);
        bytes32 id = openWith(applicant, NONCE, signature);
        vm.assertEq(id, cases.caseId(applicant), "id");
        vm.assertTrue(status(id) == ICases.Status.Asking, "open");
        vm.assertTrue(allowances.isSpent(token), "spent");
    }

    function test_without_a_token_no_case_is_opened() public {
        bytes memory missing = abi.encodeWithSelector(ICases.TokenMissing.selector, POLICE);
        vm.expectRevert(missing);
        vm.prank(applicant);
        cases.open(ALLOWANCE, 1, FORM);
        refused(applicant, NONCE, hex"", bad(applicant));
        refused(applicant, NONCE, new bytes(256), bad(applicant));
        // And again as soon as the council says that none is needed.
        vm.prank(council);
        allowances.setIssuer(0);
        refused(
            applicant,
            NONCE,
            tokenOf(applicant, NONCE, FIRST_WINDOW),
            abi.encodeWithSelector(IAllowances.NoIssuer.selector)
        );
        openCase();
    }

    function test_a_token_is_of_one_holder_nonce_window_contract_and_key() public {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        refused(stranger, NONCE, signature, bad(stranger));
        refused(applicant, "another nonce", signature, bad(applicant));
        refused(applicant, NONCE, tokenOf(applicant, NONCE, FIRST_WINDOW + 1), bad(applicant));
        bytes memory elsewhere = abi.encode(NONCE, block.chainid, address(this), FIRST_WINDOW, applicant);
        refused(applicant, NONCE, sign(KEY, KEY_PRIVATE, elsewhere), bad(applicant));
        bytes memory otherChain = abi.encode(NONCE, block.chainid + 1, address(allowances), FIRST_WINDOW, applicant);
        refused(applicant, NONCE, sign(KEY, KEY_PRIVATE, otherChain), bad(applicant));
        bytes memory message = allowances.messageOf(applicant, NONCE, FIRST_WINDOW);
        refused(applicant, NONCE, sign(OTHER_KEY, OTHER_KEY_PRIVATE, message), bad(applicant));
        openWith(applicant, NONCE, signature);
    }

    function test_a_token_dies_with_its_window() public {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        publish(FIRST_WINDOW + 1, OTHER_KEY);
        // 2026-09-22 00:00 in Beijing.
        vm.warp(1_790_006_399);
        vm.assertEq(uint256(allowances.windowAt(1_790_006_399)), FIRST_WINDOW, "the last second");
        uint256 before = snapshot();
        openWith(applicant, NONCE, signature);
        vm.assertTrue(vm.revertToState(before), "back");
        vm.warp(1_790_006_400);
        refused(applicant, NONCE, signature, bad(applicant));
        bytes memory fresh =
            sign(OTHER_KEY, OTHER_KEY_PRIVATE, allowances.messageOf(applicant, NONCE, FIRST_WINDOW + 1));
        openWith(applicant, NONCE, fresh);
        // A day whose key was never published.
        vm.warp(1_790_006_400 + DAY);
        refused(stranger, NONCE, fresh, abi.encodeWithSelector(IAllowances.NoKey.selector, POLICE, FIRST_WINDOW + 2));
    }

    function snapshot() internal returns (uint256) {
        return vm.snapshotState();
    }

    /// @dev A key opens one case anyway; the contract counts for itself.
    function test_a_token_is_spent_once_and_through_cases_alone() public {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IAllowances.NotCases.selector, stranger));
        vm.prank(stranger);
        allowances.redeem(applicant, NONCE, signature);
        bytes32 id = openWith(applicant, NONCE, signature);
        refused(applicant, NONCE, signature, abi.encodeWithSelector(ICases.KeyAlreadyUsed.selector, id, applicant));
        bytes32 token = keccak256(allowances.messageOf(applicant, NONCE, FIRST_WINDOW));
        vm.expectRevert(abi.encodeWithSelector(IAllowances.AlreadySpent.selector, token));
        vm.prank(address(cases));
        allowances.redeem(applicant, NONCE, signature);
    }

    function test_a_refused_opening_spends_nothing() public {
        bytes memory signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotLatest.selector, ALLOWANCE, 2, 1));
        vm.prank(applicant);
        cases.openWithToken(ALLOWANCE, 2, FORM, NONCE, signature);
        openWith(applicant, NONCE, signature);
    }

    function test_the_council_names_an_authority_that_proves_identities() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncil.selector, police));
        vm.prank(police);
        allowances.setIssuer(POLICE);
        vm.expectRevert(abi.encodeWithSelector(IAllowances.NotAnAuthority.selector, HEALTH));
        vm.prank(council);
        allowances.setIssuer(HEALTH);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        vm.prank(council);
        allowances.setIssuer("none");
        setOrganisation(HEALTH, health, PROVIDER | IDENTITY);
        expectEvent(address(allowances));
        emit IAllowances.IssuerSet(HEALTH);
        vm.prank(council);
        allowances.setIssuer(HEALTH);
        vm.assertEq(allowances.issuer(), HEALTH, "issuer");
        // The other authority's tokens count no more, and its keys are not this one's.
        refused(
            applicant,
            NONCE,
            tokenOf(applicant, NONCE, FIRST_WINDOW),
            abi.encodeWithSelector(IAllowances.NoKey.selector, HEALTH, FIRST_WINDOW)
        );
    }

    function test_a_key_is_published_ahead_and_once() public {
        uint64 last = FIRST_WINDOW + 7;
        expectEvent(address(allowances));
        emit IAllowances.KeyPublished(POLICE, last, OTHER_KEY);
        publish(last, OTHER_KEY);
        vm.assertEq(allowances.keyOf(POLICE, last), OTHER_KEY, "kept");
        vm.expectRevert(abi.encodeWithSelector(IAllowances.AlreadyPublished.selector, POLICE, FIRST_WINDOW));
        publish(FIRST_WINDOW, OTHER_KEY);
        for (uint64 i; i < 2; ++i) {
            uint64 window = [FIRST_WINDOW - 1, last + 1][i];
            vm.expectRevert(abi.encodeWithSelector(IAllowances.WindowOutOfRange.selector, window, FIRST_WINDOW, last));
            publish(window, OTHER_KEY);
        }
        vm.expectRevert(abi.encodeWithSelector(IAllowances.BadModulus.selector, 255));
        publish(FIRST_WINDOW + 1, new bytes(255));
        vm.expectRevert(abi.encodeWithSelector(IAllowances.NotTheIssuer.selector, POLICE, health));
        vm.prank(health);
        allowances.publish(FIRST_WINDOW + 1, OTHER_KEY);
        setOrganisation(POLICE, police, PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IAllowances.NotAnAuthority.selector, POLICE));
        publish(FIRST_WINDOW + 1, OTHER_KEY);
    }
}
