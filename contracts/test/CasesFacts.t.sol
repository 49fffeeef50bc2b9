// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NO_ROW, UNKNOWN} from "../src/interfaces/Constants.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {IRules} from "../src/interfaces/IRules.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

/// @notice Opening a case, bringing facts, and what the rules make of them.
contract CasesFactsTest is CaseWorld {
    function fails(Answer memory a, bytes memory reason) internal {
        bytes memory before = abi.encode(cases.get(a.id), cases.facts(a.id));
        vm.expectRevert(reason);
        send(a);
        vm.assertEq(abi.encode(cases.get(a.id), cases.facts(a.id)), before, "nothing changed");
    }

    function notTheSource(bytes32 provider, address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICases.NotTheSource.selector, provider, signer);
    }

    function test_opening_asks_every_provider_once() public {
        bytes32 id = cases.caseId(applicant);
        vm.assertEq(id, keccak256(abi.encode(block.chainid, address(cases), applicant)), "id");
        expectEvent(address(cases));
        emit ICases.CaseOpened(id, ALLOWANCE, applicant, 0, 1, ruleSetId, FORM, START + PROMISED, START + STATUTORY);
        expectEvent(address(cases));
        emit ICases.FactsRequested(id, POLICE, 1, POLICE_MASK);
        expectEvent(address(cases));
        emit ICases.FactsRequested(id, HEALTH, 2, HEALTH_MASK);
        expectEvent(address(cases));
        emit ICases.FactsRequested(id, CIVIL, 3, CIVIL_MASK);
        vm.prank(applicant);
        vm.assertEq(cases.open(ALLOWANCE, 1, FORM), id, "returned");

        ICases.Case memory c = cases.get(id);
        vm.assertEq(c.applicant, applicant, "applicant");
        vm.assertEq(c.events, 4, "events");
        vm.assertEq(uint256(c.row), uint256(NO_ROW), "row");
        requireStatus(id, ICases.Status.Asking);
        int32[] memory facts = cases.facts(id);
        vm.assertEq(facts.length, 4, "facts");
        for (uint256 i; i < 4; ++i) {
            vm.assertEq(int256(facts[i]), int256(UNKNOWN), "fact");
        }
    }

    function test_opening_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownService.selector, bytes32("none")));
        cases.open("none", 1, FORM);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotLatest.selector, ALLOWANCE, 2, 1));
        cases.open(ALLOWANCE, 2, FORM);
        vm.expectRevert(abi.encodeWithSelector(ICases.FormMissing.selector));
        cases.open(ALLOWANCE, 1, 0);
        openCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.KeyAlreadyUsed.selector, cases.caseId(applicant), applicant));
        vm.prank(applicant);
        cases.open(ALLOWANCE, 1, FORM);
        vm.prank(civil);
        services.setActive(ALLOWANCE, 1, false);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotActive.selector, ALLOWANCE, 1));
        cases.open(ALLOWANCE, 1, FORM);
        vm.prank(civil);
        services.publish(ALLOWANCE, theService());
        vm.expectRevert(abi.encodeWithSelector(ICases.NotLatest.selector, ALLOWANCE, 1, 2));
        cases.open(ALLOWANCE, 1, FORM);
    }

    function test_facts_are_kept_and_told() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        expectEvent(address(cases));
        emit ICases.FactsAttested(id, POLICE, 4, POLICE_MASK, a.values, a.use);
        vm.prank(stranger);
        send(a);
        vm.assertEq(cases.get(id).answered, POLICE_MASK, "answered");
        vm.assertEq(int256(cases.facts(id)[1]), 66, "age");
        requireStatus(id, ICases.Status.Asking);
    }

    function test_a_provider_may_answer_in_parts() public {
        bytes32 id = openCase();
        send(answer(id, 2, one(66)));
        send(answer(id, 1, one(1)));
        send(answer(id, HEALTH_MASK, one(0)));
        send(answer(id, CIVIL_MASK, one(0)));
        requireStatus(id, ICases.Status.Approved);
    }

    function test_a_clear_approval_is_decided_by_the_rules() public {
        bytes32 id = openCase();
        send(answer(id, POLICE_MASK, two(1, 66)));
        send(answer(id, HEALTH_MASK, one(0)));
        Answer memory last = answer(id, CIVIL_MASK, one(0));
        expectEvent(address(cases));
        emit ICases.FactsAttested(id, CIVIL, 6, CIVIL_MASK, last.values, last.use);
        expectEvent(address(cases));
        emit ICases.Decided(
            id, ALLOWANCE, address(0), 7, IRules.Outcome.Approve, 4, 7_500, "age-65-69", law, 0, LAST_APPEAL
        );
        send(last);
        ICases.Case memory c = cases.get(id);
        vm.assertEq(c.amountFen, 7_500, "amount");
        vm.assertEq(uint256(c.row), 4, "row");
        vm.assertEq(c.officer, address(0), "nobody");
    }

    function test_all_else_goes_to_a_person() public {
        reviewed(reviewedCase(), ICases.Cause.PossibleRefusal, 1);
        applicant = address(0xAB);
        reviewed(unknownCase(), ICases.Cause.Unknown, NO_ROW);
        applicant = address(0xAC);
        reviewed(decidedBy(66, 1), ICases.Cause.RuleAsks, 3);
    }

    function reviewed(bytes32 id, ICases.Cause cause, uint8 row) internal view {
        requireStatus(id, ICases.Status.Review);
        vm.assertEq(uint256(cases.get(id).cause), uint256(cause), "cause");
        vm.assertEq(uint256(cases.get(id).row), uint256(row), "row");
    }

    function test_a_repealed_law_approves_nobody_by_itself() public {
        bytes32 id = openCase();
        send(answer(id, POLICE_MASK, two(1, 66)));
        send(answer(id, HEALTH_MASK, one(0)));
        Answer memory last = answer(id, CIVIL_MASK, one(0));
        repealLaw();
        send(last);
        reviewed(id, ICases.Cause.RuleAsks, 4);
    }

    function test_a_rule_set_without_questions_goes_to_a_person_at_once() public {
        IRules.RuleSet memory empty;
        IServices.Service memory s = theService();
        s.ruleSet = rules.publish(empty);
        vm.prank(civil);
        services.publish("by-hand", s);
        vm.prank(applicant);
        reviewed(cases.open("by-hand", 1, FORM), ICases.Cause.Unknown, NO_ROW);
    }

    function test_facts_for_another_case_are_refused() public {
        bytes32 id = openCase();
        bytes32 other = openCase(address(0xAB));
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        a.id = other;
        signedByNobody(a);
        recordUse("a use of the other", other, POLICE_MASK);
        a.use = "a use of the other";
        signedByNobody(a);
    }

    /// @dev The signature recovers to some key, but not to a source's.
    function signedByNobody(Answer memory a) internal {
        (bool ok, bytes memory reason) =
            address(cases).call(abi.encodeCall(ICases.attest, (a.id, a.mask, a.values, a.use, a.signature)));
        vm.assertTrue(!ok && bytes4(reason) == ICases.NotTheSource.selector, "refused: not the source");
    }

    function test_every_field_is_under_the_signature() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, 2, one(66));
        a.values[0] = 67;
        signedByNobody(a);
        a.values[0] = 66;
        a.mask = 1;
        a.values[0] = 1;
        signedByNobody(a);
    }

    function test_facts_for_another_rule_set_chain_or_contract_are_refused() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        bytes32 ours = ruleSetId;
        ruleSetId = keccak256("another version");
        signBy(a, POLICE_KEY);
        ruleSetId = ours;
        signedByNobody(a);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(POLICE_KEY, hashOf(a, address(cases), 1));
        a.signature = abi.encodePacked(r, s, v);
        signedByNobody(a);
        (v, r, s) = vm.sign(POLICE_KEY, hashOf(a, address(uses), block.chainid));
        a.signature = abi.encodePacked(r, s, v);
        signedByNobody(a);
    }

    function test_facts_from_an_agency_that_is_not_the_source_are_refused() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        signBy(a, HEALTH_KEY);
        fails(a, notTheSource(POLICE, health));
        signBy(a, 0xBAD);
        fails(a, notTheSource(POLICE, vm.addr(0xBAD)));
        a.signature = new bytes(65);
        fails(a, notTheSource(POLICE, address(0)));
        a.signature = "short";
        fails(a, notTheSource(POLICE, address(0)));
    }

    function test_a_malleable_signature_is_refused() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(POLICE_KEY, hashOf(a, address(cases), block.chainid));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        a.signature = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        fails(a, notTheSource(POLICE, address(0)));
    }

    function test_a_mask_is_of_one_provider_and_asked_for() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        a.mask = 5;
        fails(a, abi.encodeWithSelector(ICases.NotRequested.selector, id, 5));
        a.mask = 16;
        fails(a, abi.encodeWithSelector(ICases.NotRequested.selector, id, 16));
        a.mask = 0;
        fails(a, abi.encodeWithSelector(ICases.NotRequested.selector, id, 0));
    }

    function test_values_fit_the_mask_and_the_range() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 131));
        fails(a, abi.encodeWithSelector(ICases.ValueOutOfRange.selector, 1, int32(131)));
        a.values = one(1);
        fails(a, abi.encodeWithSelector(ICases.WrongValueCount.selector, 1, 2));
        a.values = new int32[](3);
        fails(a, abi.encodeWithSelector(ICases.WrongValueCount.selector, 3, 2));
    }

    function test_no_fact_without_its_use_record() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        a.use = "never recorded";
        signBy(a, POLICE_KEY);
        fails(a, abi.encodeWithSelector(ICases.UseNotRecorded.selector, a.use));
        a.mask = 2;
        a.values = one(66);
        a.use = keccak256(abi.encode("tag", id, POLICE_MASK));
        signBy(a, POLICE_KEY);
        fails(a, abi.encodeWithSelector(ICases.UseNotRecorded.selector, a.use));
    }

    function test_attesting_twice_is_refused() public {
        bytes32 id = openCase();
        Answer memory a = answer(id, POLICE_MASK, two(1, 66));
        send(a);
        fails(a, abi.encodeWithSelector(ICases.AlreadyAttested.selector, id, POLICE_MASK));
        Answer memory part = answer(id, 2, one(99));
        fails(part, abi.encodeWithSelector(ICases.AlreadyAttested.selector, id, 2));
    }

    function test_attesting_after_the_decision_is_refused() public {
        bytes32 id = approvedCase();
        Answer memory a = Answer(id, POLICE_MASK, two(1, 66), keccak256(abi.encode("tag", id, POLICE_MASK)), "");
        signBy(a, POLICE_KEY);
        fails(a, abi.encodeWithSelector(ICases.NotAsking.selector, id, ICases.Status.Approved));
        vm.expectRevert(abi.encodeWithSelector(ICases.NotAsking.selector, id, ICases.Status.Approved));
        cases.decide(id);
    }

    function test_deciding_while_facts_are_missing_is_refused() public {
        bytes32 id = openCase();
        vm.expectRevert(abi.encodeWithSelector(ICases.FactsMissing.selector, id, ALL_MASK));
        cases.decide(id);
        send(answer(id, HEALTH_MASK, one(0)));
        vm.expectRevert(abi.encodeWithSelector(ICases.FactsMissing.selector, id, ALL_MASK & ~HEALTH_MASK));
        cases.decide(id);
        vm.expectRevert(abi.encodeWithSelector(ICases.NotUnderReview.selector, id, ICases.Status.Asking));
        vm.prank(officer);
        cases.approve(id, 4, 7_500, "age-65-69", law, 0);
    }

    function test_unknown_cases_are_refused() public {
        bytes memory unknown = abi.encodeWithSelector(ICases.UnknownCase.selector, bytes32("none"));
        vm.expectRevert(unknown);
        cases.get("none");
        vm.expectRevert(unknown);
        cases.facts("none");
        vm.expectRevert(unknown);
        cases.decide("none");
        vm.expectRevert(unknown);
        cases.attest("none", 1, one(1), "use", "");
    }

    function testFuzz_any_other_mask_is_refused(uint32 mask) public {
        bytes32 id = openCase();
        vm.assume(mask != 1 && mask != 2 && mask != 3 && mask != 4 && mask != 8);
        uint256 ones;
        for (uint256 i; i < 32; ++i) {
            ones += (mask >> i) % 2;
        }
        vm.expectRevert(abi.encodeWithSelector(ICases.NotRequested.selector, id, mask));
        cases.attest(id, mask, new int32[](ones), "use", new bytes(65));
    }

    function testFuzz_the_rules_decide_what_they_say(bool registered, uint8 age, bool death, bool receiving) public {
        int32[] memory facts = new int32[](4);
        facts[0] = registered ? int32(1) : int32(0);
        facts[1] = int32(int256(within(age, 0, 130)));
        facts[2] = death ? int32(1) : int32(0);
        facts[3] = receiving ? int32(1) : int32(0);
        bytes32 id = openCase();
        send(answer(id, POLICE_MASK, two(facts[0], facts[1])));
        send(answer(id, HEALTH_MASK, one(facts[2])));
        send(answer(id, CIVIL_MASK, one(facts[3])));
        (IRules.Outcome outcome, uint8 row) = rules.evaluate(ruleSetId, facts);
        bool isApproved = outcome == IRules.Outcome.Approve;
        requireStatus(id, isApproved ? ICases.Status.Approved : ICases.Status.Review);
        vm.assertEq(uint256(cases.get(id).row), uint256(row), "row");
        vm.assertEq(abi.encode(cases.facts(id)), abi.encode(facts), "facts");
    }
}
