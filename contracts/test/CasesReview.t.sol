// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NO_ROW} from "../src/interfaces/Constants.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {IRules} from "../src/interfaces/IRules.sol";
import {Text} from "../src/libraries/Text.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

/// @notice What persons do: officers decide and ask for more, applicants supplement and appeal, anyone watches the clock.
contract CasesReviewTest is CaseWorld {
    bytes32 internal constant WORDS = keccak256("statement");

    function approve(address sender, bytes32 id, uint8 row, uint64 amountFen) internal {
        vm.prank(sender);
        cases.approve(id, row, amountFen, "age-65-69", law, WORDS);
    }

    function refuse(address sender, bytes32 id, uint8 row) internal {
        vm.prank(sender);
        cases.refuse(id, row, REASON, law, WORDS);
    }

    function appeal(bytes32 id) internal {
        vm.prank(applicant);
        cases.appeal(id, WORDS);
    }

    function requestMore(address sender, bytes32 id, uint256 count) internal {
        bytes32[] memory defects = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            defects[i] = "photo-missing";
        }
        vm.prank(sender);
        cases.requestMore(id, defects, WORDS);
    }

    function test_an_officer_refuses_with_reason_law_and_appeal() public {
        bytes32 id = reviewedCase();
        uint32 seq = cases.get(id).events;
        expectEvent(address(cases));
        emit ICases.Decided(id, ALLOWANCE, officer, seq, IRules.Outcome.Refuse, 1, 0, REASON, law, WORDS, LAST_APPEAL);
        refuse(officer, id, 1);
        ICases.Case memory c = cases.get(id);
        requireStatus(id, ICases.Status.Refused);
        vm.assertEq(c.officer, officer, "officer");
        vm.assertEq(c.appealBy, LAST_APPEAL, "appeal");
        vm.assertEq(c.events, seq + 1, "events");
    }

    function test_an_officer_approves_by_a_row() public {
        bytes32 id = unknownCase();
        approve(officer, id, 4, 7_000);
        ICases.Case memory c = cases.get(id);
        requireStatus(id, ICases.Status.Approved);
        vm.assertEq(c.amountFen, 7_000, "amount");
        vm.assertEq(uint256(c.row), 4, "row");
        vm.assertEq(c.officer, officer, "officer");
    }

    function test_an_approval_keeps_to_its_row() public {
        bytes32 id = unknownCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.RowRefuses.selector, 1));
        approve(officer, id, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICases.AmountTooHigh.selector, 7_501, 7_500));
        approve(officer, id, 4, 7_501);
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRow.selector, ruleSetId, NO_ROW));
        approve(officer, id, NO_ROW, 0);
        approve(officer, id, 3, 15_000);
    }

    function test_a_refusal_keeps_to_its_row() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.RowApproves.selector, 4));
        refuse(officer, id, 4);
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRow.selector, ruleSetId, 6));
        refuse(officer, id, 6);
        refuse(officer, id, NO_ROW);
        requireStatus(id, ICases.Status.Refused);
    }

    function test_a_decision_needs_a_coded_reason_and_a_law_in_force() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(Text.BadSlug.selector, bytes32(0)));
        vm.prank(officer);
        cases.refuse(id, 1, 0, law, WORDS);
        vm.expectRevert(abi.encodeWithSelector(ICases.StatuteNotInForce.selector, bytes32("none")));
        vm.prank(officer);
        cases.refuse(id, 1, REASON, "none", WORDS);
        repealLaw();
        vm.expectRevert(abi.encodeWithSelector(ICases.StatuteNotInForce.selector, law));
        refuse(officer, id, 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.StatuteNotInForce.selector, law));
        approve(officer, id, 4, 1);
        requireStatus(id, ICases.Status.Review);
    }

    function test_only_officers_of_the_owner_decide() public {
        bytes32 id = reviewedCase();
        setOfficer(police, address(0x0F9), POLICE);
        vm.prank(civil);
        registry.setOfficer(colleague, CIVIL, false);
        address[4] memory others = [stranger, applicant, address(0x0F9), colleague];
        for (uint256 i; i < others.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(ICases.NotAnOfficer.selector, others[i]);
            vm.expectRevert(reason);
            approve(others[i], id, 4, 1);
            vm.expectRevert(reason);
            refuse(others[i], id, 1);
            vm.expectRevert(reason);
            requestMore(others[i], id, 1);
        }
    }

    function test_a_decided_case_is_not_decided_again() public {
        bytes32 id = approvedCase();
        bytes memory reason = abi.encodeWithSelector(ICases.NotUnderReview.selector, id, ICases.Status.Approved);
        vm.expectRevert(reason);
        refuse(officer, id, NO_ROW);
        vm.expectRevert(reason);
        approve(officer, id, 4, 1);
        vm.expectRevert(reason);
        requestMore(officer, id, 1);
    }

    function test_more_is_asked_for_once_and_the_clocks_pause() public {
        bytes32 id = reviewedCase();
        requestMore(officer, id, 16);
        requireStatus(id, ICases.Status.Supplement);
        vm.assertEq(cases.get(id).pausedAt, START, "paused");
        vm.warp(START + 30 days);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotPending.selector, id, ICases.Status.Supplement));
        cases.escalate(id);
        expectEvent(address(cases));
        emit ICases.Supplemented(
            id, cases.get(id).events, "new form", START + PROMISED + 30 days, START + STATUTORY + 30 days
        );
        vm.prank(applicant);
        cases.supplement(id, "new form");
        ICases.Case memory c = cases.get(id);
        requireStatus(id, ICases.Status.Review);
        vm.assertEq(c.form, "new form", "form");
        vm.assertEq(c.pausedAt, 0, "running");
        vm.expectRevert(abi.encodeWithSelector(ICases.AlreadyAskedMore.selector, id));
        requestMore(colleague, id, 1);
        refuse(officer, id, 1);
    }

    function test_defects_are_coded_and_bounded() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.BadDefectCount.selector, 0, 16));
        requestMore(officer, id, 0);
        vm.expectRevert(abi.encodeWithSelector(ICases.BadDefectCount.selector, 17, 16));
        requestMore(officer, id, 17);
        vm.expectRevert(abi.encodeWithSelector(Text.BadSlug.selector, bytes32(0)));
        vm.prank(officer);
        cases.requestMore(id, new bytes32[](1), WORDS);
        bytes32[] memory defects = new bytes32[](2);
        (defects[0], defects[1]) = ("photo-missing", "signature-missing");
        expectEvent(address(cases));
        emit ICases.SupplementRequested(id, officer, cases.get(id).events, defects, WORDS);
        vm.prank(officer);
        cases.requestMore(id, defects, WORDS);
    }

    function test_only_the_applicant_supplements_and_when_asked() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.NotSupplementing.selector, id, ICases.Status.Review));
        vm.prank(applicant);
        cases.supplement(id, "new form");
        requestMore(officer, id, 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotTheApplicant.selector, id, stranger));
        vm.prank(stranger);
        cases.supplement(id, "new form");
        vm.expectRevert(abi.encodeWithSelector(ICases.FormMissing.selector));
        vm.prank(applicant);
        cases.supplement(id, 0);
    }

    function test_an_appeal_freezes_and_another_officer_decides() public {
        bytes32 id = reviewedCase();
        refuse(officer, id, 1);
        vm.warp(LAST_APPEAL);
        expectEvent(address(cases));
        emit ICases.Appealed(id, cases.get(id).events, WORDS, LAST_APPEAL + PROMISED, LAST_APPEAL + STATUTORY);
        appeal(id);
        ICases.Case memory c = cases.get(id);
        requireStatus(id, ICases.Status.Review);
        vm.assertTrue(c.frozen && c.appealed && c.cause == ICases.Cause.Appeal, "frozen by an appeal");
        bytes memory same = abi.encodeWithSelector(ICases.SameOfficer.selector, officer);
        vm.expectRevert(same);
        approve(officer, id, 4, 7_500);
        vm.expectRevert(same);
        refuse(officer, id, 1);
        vm.expectRevert(same);
        requestMore(officer, id, 1);
        approve(colleague, id, 4, 7_500);
        c = cases.get(id);
        requireStatus(id, ICases.Status.Approved);
        vm.assertTrue(!c.frozen, "in effect");
        vm.assertEq(c.appealBy, 0, "no further appeal");
    }

    function test_an_appeal_may_ask_for_more_again() public {
        bytes32 id = reviewedCase();
        requestMore(officer, id, 1);
        vm.prank(applicant);
        cases.supplement(id, "new form");
        refuse(officer, id, 1);
        appeal(id);
        requestMore(colleague, id, 1);
        vm.assertTrue(cases.get(id).frozen, "still frozen");
    }

    function test_an_approval_by_the_rules_can_be_appealed_too() public {
        bytes32 id = approvedCase();
        appeal(id);
        refuse(officer, id, NO_ROW);
        requireStatus(id, ICases.Status.Refused);
        vm.assertEq(cases.get(id).amountFen, 0, "nothing to pay");
    }

    function test_an_appeal_is_the_applicants_in_time_and_once() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.NotDecided.selector, id, ICases.Status.Review));
        appeal(id);
        refuse(officer, id, 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotTheApplicant.selector, id, stranger));
        vm.prank(stranger);
        cases.appeal(id, WORDS);
        vm.warp(LAST_APPEAL + 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.AppealOver.selector, id, LAST_APPEAL));
        appeal(id);
        vm.warp(START + 1);
        appeal(id);
        refuse(colleague, id, 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.AlreadyAppealed.selector, id));
        appeal(id);
    }

    function test_anyone_says_once_a_round_that_a_promise_is_broken() public {
        bytes32 id = reviewedCase();
        vm.warp(START + PROMISED);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotOverdue.selector, id, START + PROMISED));
        cases.escalate(id);
        vm.warp(START + PROMISED + 1);
        expectEvent(address(cases));
        emit ICases.Escalated(id, cases.get(id).events);
        vm.prank(stranger);
        cases.escalate(id);
        vm.expectRevert(abi.encodeWithSelector(ICases.AlreadyEscalated.selector, id));
        cases.escalate(id);
        refuse(officer, id, 1);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotPending.selector, id, ICases.Status.Refused));
        cases.escalate(id);
        appeal(id);
        vm.warp(block.timestamp + PROMISED + 1);
        cases.escalate(id);
    }

    function test_a_case_with_a_silent_provider_goes_to_a_person_when_the_promise_is_broken() public {
        bytes32 id = openCase();
        vm.warp(START + PROMISED + 1);
        uint32 seq = cases.get(id).events;
        expectEvent(address(cases));
        emit ICases.Escalated(id, seq);
        expectEvent(address(cases));
        emit ICases.ReviewRequested(id, seq + 1, ICases.Cause.Unknown, NO_ROW);
        vm.prank(stranger);
        cases.escalate(id);
        requireStatus(id, ICases.Status.Review);
        approve(officer, id, 4, 7_500);
        requireStatus(id, ICases.Status.Approved);
    }

    function test_anyone_closes_what_can_no_longer_be_appealed() public {
        bytes32 id = reviewedCase();
        refuse(officer, id, 1);
        vm.warp(LAST_APPEAL);
        vm.expectRevert(abi.encodeWithSelector(ICases.AppealStillOpen.selector, id, LAST_APPEAL));
        cases.close(id);
        vm.warp(LAST_APPEAL + 1);
        expectEvent(address(cases));
        emit ICases.Closed(id, cases.get(id).events);
        vm.prank(stranger);
        cases.close(id);
        requireStatus(id, ICases.Status.Closed);
        bytes memory closed = abi.encodeWithSelector(ICases.NotDecided.selector, id, ICases.Status.Closed);
        vm.expectRevert(closed);
        cases.close(id);
        vm.expectRevert(closed);
        appeal(id);
    }

    function test_nobody_closes_an_approval_before_its_credential_is_issued() public {
        bytes32 id = approvedCase();
        issue(id);
        appeal(id);
        approve(officer, id, 5, 15_000);
        // After the appeal there is no further one, so only the delivery is waited for: that of the new decision.
        vm.expectRevert(abi.encodeWithSelector(ICases.NotDelivered.selector, id));
        vm.prank(stranger);
        cases.close(id);
        issue(id);
        cases.close(id);
        requireStatus(id, ICases.Status.Closed);
    }

    function test_a_frozen_case_is_not_closed() public {
        bytes32 id = approvedCase();
        appeal(id);
        vm.warp(START + 3650 days);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotDecided.selector, id, ICases.Status.Review));
        cases.close(id);
        refuse(officer, id, NO_ROW);
        cases.close(id);
    }

    function testFuzz_the_last_second_to_appeal_ends_a_day_in_beijing(uint32 decided) public {
        bytes32 id = reviewedCase();
        vm.warp(START + uint256(decided));
        refuse(officer, id, 1);
        uint256 appealBy = cases.get(id).appealBy;
        vm.assertEq((appealBy + 1 + 8 hours) % 1 days, 0, "ends a day");
        vm.assertTrue(
            appealBy >= block.timestamp + APPEAL && appealBy < block.timestamp + APPEAL + 1 days, "60 days on"
        );
    }

    function issue(bytes32 id) private {
        vm.prank(civil);
        credentials.issue(id, "hash", 7);
    }

    function testFuzz_a_pause_moves_both_ends_by_its_length(uint32 before, uint32 pause) public {
        bytes32 id = reviewedCase();
        vm.warp(START + before);
        requestMore(officer, id, 1);
        vm.warp(START + before + uint256(pause));
        vm.prank(applicant);
        cases.supplement(id, "new form");
        ICases.Case memory c = cases.get(id);
        vm.assertEq(c.promisedBy, START + PROMISED + uint256(pause), "promised");
        vm.assertEq(c.statutoryBy, START + STATUTORY + uint256(pause), "statutory");
    }

    function testFuzz_the_clocks_of_an_appeal_start_anew(uint32 decided, uint32 waited) public {
        bytes32 id = reviewedCase();
        waited = uint32(within(waited, 0, APPEAL));
        vm.warp(START + decided);
        refuse(officer, id, 1);
        vm.warp(START + decided + uint256(waited));
        appeal(id);
        ICases.Case memory c = cases.get(id);
        vm.assertEq(c.promisedBy, block.timestamp + PROMISED, "promised");
        vm.assertEq(c.statutoryBy, block.timestamp + STATUTORY, "statutory");
        vm.assertEq(c.openedAt, START, "opened");
    }
}
