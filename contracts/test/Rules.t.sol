// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CONSENT, NO_ROW, UNKNOWN} from "../src/interfaces/Constants.sol";
import {IRules} from "../src/interfaces/IRules.sol";
import {Text} from "../src/libraries/Text.sol";
import {World} from "./support/World.sol";

contract RulesTest is World {
    function refused(IRules.RuleSet memory r, bytes memory reason) internal {
        vm.expectRevert(reason);
        rules.publish(r);
    }

    function finds(int32 registered, int32 age, int32 death, int32 receiving, IRules.Outcome outcome, uint8 row)
        internal
        view
    {
        (IRules.Outcome gotOutcome, uint8 gotRow) = rules.evaluate(ruleSetId, four(registered, age, death, receiving));
        vm.assertEq(uint256(gotOutcome), uint256(outcome), "outcome");
        vm.assertEq(uint256(gotRow), uint256(row), "row");
    }

    function four(int32 a, int32 b, int32 c, int32 d) internal pure returns (int32[] memory facts) {
        facts = new int32[](4);
        (facts[0], facts[1], facts[2], facts[3]) = (a, b, c, d);
    }

    function test_each_row_is_found_at_its_boundaries() public view {
        finds(0, 66, 0, 0, IRules.Outcome.Refuse, 0);
        finds(1, 0, 0, 0, IRules.Outcome.Refuse, 1);
        finds(1, 64, 0, 0, IRules.Outcome.Refuse, 1);
        finds(1, 65, 0, 1, IRules.Outcome.Refuse, 2);
        finds(1, 65, 1, 0, IRules.Outcome.Review, 3);
        finds(1, 65, 0, 0, IRules.Outcome.Approve, 4);
        finds(1, 69, 0, 0, IRules.Outcome.Approve, 4);
        finds(1, 70, 0, 0, IRules.Outcome.Approve, 5);
        finds(1, 130, 0, 0, IRules.Outcome.Approve, 5);
    }

    function test_an_unknown_that_matters_stops_the_scan() public view {
        finds(UNKNOWN, 66, 0, 0, IRules.Outcome.Review, NO_ROW);
        finds(1, UNKNOWN, 0, 0, IRules.Outcome.Review, NO_ROW);
        finds(1, 66, UNKNOWN, 0, IRules.Outcome.Review, NO_ROW);
        finds(1, 66, 0, UNKNOWN, IRules.Outcome.Review, NO_ROW);
        finds(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, IRules.Outcome.Review, NO_ROW);
    }

    function test_an_unknown_that_does_not_matter_is_passed_over() public view {
        finds(0, UNKNOWN, UNKNOWN, UNKNOWN, IRules.Outcome.Refuse, 0);
        finds(1, 64, UNKNOWN, UNKNOWN, IRules.Outcome.Refuse, 1);
    }

    function test_no_row_at_all_is_for_a_person() public {
        IRules.RuleSet memory r = theRules();
        r.rows = new IRules.Row[](0);
        bytes32 id = rules.publish(r);
        (IRules.Outcome outcome, uint8 row) = rules.evaluate(id, four(1, 66, 0, 0));
        vm.assertEq(uint256(outcome), uint256(IRules.Outcome.Review), "outcome");
        vm.assertEq(uint256(row), uint256(NO_ROW), "row");
    }

    function test_facts_must_fit() public {
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongFactCount.selector, 3, 4));
        rules.evaluate(ruleSetId, new int32[](3));
        vm.expectRevert(abi.encodeWithSelector(IRules.FactOutOfRange.selector, 1, int32(131)));
        rules.evaluate(ruleSetId, four(1, 131, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IRules.FactOutOfRange.selector, 0, int32(-1)));
        rules.evaluate(ruleSetId, four(-1, 66, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
        rules.evaluate("none", four(1, 66, 0, 0));
    }

    function test_a_rule_set_is_kept_by_content() public {
        IRules.RuleSet memory r = theRules();
        r.rows[0].amountFen = 0;
        r.rows[1].reason = "another";
        expectEvent(address(rules));
        emit IRules.RuleSetPublished(keccak256(abi.encode(r)), address(this));
        bytes32 id = rules.publish(r);
        vm.assertEq(id, keccak256(abi.encode(r)), "id");
        vm.assertEq(abi.encode(rules.ruleSet(id)), abi.encode(r), "kept whole");
        vm.assertEq(abi.encode(rules.predicates(id)), abi.encode(r.predicates), "predicates");
        vm.assertEq(abi.encode(rules.row(id, 4)), abi.encode(r.rows[4]), "row");
    }

    function test_publishing_again_changes_nothing() public {
        vm.recordLogs();
        vm.prank(stranger);
        vm.assertEq(rules.publish(theRules()), ruleSetId, "same id");
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
        vm.assertEq(abi.encode(rules.ruleSet(ruleSetId)), abi.encode(theRules()), "same content");
    }

    function test_masks_of_providers() public {
        vm.assertEq(rules.providerMask(ruleSetId, POLICE), POLICE_MASK, "police");
        vm.assertEq(rules.providerMask(ruleSetId, HEALTH), HEALTH_MASK, "health");
        vm.assertEq(rules.providerMask(ruleSetId, "none"), 0, "none");
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
        rules.providerMask("none", POLICE);
    }

    function test_what_is_not_published_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
        rules.ruleSet("none");
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
        rules.predicates("none");
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
        rules.row("none", 0);
        vm.expectRevert(abi.encodeWithSelector(IRules.UnknownRow.selector, ruleSetId, 6));
        rules.row(ruleSetId, 6);
    }

    function test_sizes_are_bounded() public {
        IRules.RuleSet memory r = theRules();
        r.predicates = new IRules.Predicate[](33);
        refused(r, abi.encodeWithSelector(IRules.TooManyPredicates.selector, 33, 32));
        r = theRules();
        r.rows = new IRules.Row[](65);
        refused(r, abi.encodeWithSelector(IRules.TooManyRows.selector, 65, 64));
        r = theRules();
        r.rows[3].brackets = new IRules.Bracket[](9);
        refused(r, abi.encodeWithSelector(IRules.TooManyBrackets.selector, 3, 9, 8));
    }

    function theLargest() internal view returns (IRules.RuleSet memory r) {
        r.predicates = new IRules.Predicate[](32);
        for (uint256 i; i < 32; ++i) {
            bytes32 name = bytes32(bytes.concat("predicate-", bytes1(uint8(97 + i / 8)), bytes1(uint8(97 + i % 8))));
            r.predicates[i] =
                IRules.Predicate(name, POLICE, CONSENT, i == 31 ? -100 : int32(0), i == 31 ? int32(100) : int32(1));
        }
        r.rows = new IRules.Row[](64);
        for (uint256 i; i < 64; ++i) {
            r.rows[i] = aRow(type(uint32).max >> 1, 0, 0, 0, IRules.Outcome.Approve, 1, REASON);
            r.rows[i].brackets = new IRules.Bracket[](8);
            for (uint256 j; j < 8; ++j) {
                r.rows[i].brackets[j] = IRules.Bracket(31, int32(int256(i)) - 32, int32(int256(i)) - 32);
            }
        }
    }

    /// @dev EIP-7825 allows a transaction 2^24 gas; its data costs at most 16 a byte.
    function test_the_largest_rule_set_fits_in_a_transaction() public {
        IRules.RuleSet memory r = theLargest();
        uint256 intrinsic = 21_000 + 4 * abi.encode(r).length + 12 * nonZeroBytes(abi.encode(r));
        bytes32 id = rules.publish{gas: 2 ** 24 - intrinsic}(r);
        vm.assertEq(abi.encode(rules.ruleSet(id)), abi.encode(r), "kept whole");
        int32[] memory facts = new int32[](32);
        for (uint256 i; i < 31; ++i) {
            facts[i] = 1;
        }
        facts[31] = 31;
        (, uint8 row) = rules.evaluate(id, facts);
        vm.assertEq(uint256(row), 63, "the last row");
    }

    function nonZeroBytes(bytes memory data) internal pure returns (uint256 count) {
        for (uint256 i; i < data.length; ++i) {
            if (data[i] != 0) ++count;
        }
    }

    function test_predicates_must_be_sound() public {
        IRules.RuleSet memory r = theRules();
        r.predicates[0].id = "Registered";
        refused(r, abi.encodeWithSelector(Text.BadSlug.selector, bytes32("Registered")));
        r = theRules();
        r.predicates[2].provider = 0;
        refused(r, abi.encodeWithSelector(Text.BadSlug.selector, bytes32(0)));
        r = theRules();
        r.predicates[2].id = "age";
        refused(r, abi.encodeWithSelector(IRules.DuplicatePredicate.selector, bytes32("age")));
        r = theRules();
        r.predicates[2].basis = 0;
        refused(r, abi.encodeWithSelector(IRules.BasisMissing.selector, 2));
        r = theRules();
        r.predicates[1].min = 131;
        refused(r, abi.encodeWithSelector(IRules.BadRange.selector, 1, int32(131), int32(130)));
        r.predicates[1].min = UNKNOWN;
        refused(r, abi.encodeWithSelector(IRules.BadRange.selector, 1, UNKNOWN, int32(130)));
    }

    function test_rows_must_be_sound() public {
        IRules.RuleSet memory r = theRules();
        (r.rows[0].trueMask, r.rows[0].falseMask) = (1, 1);
        refused(r, abi.encodeWithSelector(IRules.BadMask.selector, 0, 1, 1));
        r = theRules();
        r.rows[4].trueMask = 3;
        refused(r, abi.encodeWithSelector(IRules.NotBoolean.selector, 4, 1));
        r = theRules();
        r.rows[1].brackets[0].predicate = 4;
        refused(r, abi.encodeWithSelector(IRules.BadBracket.selector, 1, 0));
        r = theRules();
        r.rows[1].brackets[0].min = 65;
        refused(r, abi.encodeWithSelector(IRules.BadBracket.selector, 1, 0));
        r = theRules();
        r.rows[1].amountFen = 1;
        refused(r, abi.encodeWithSelector(IRules.AmountWithRefusal.selector, 1, 1));
        r = theRules();
        r.rows[5].reason = 0;
        refused(r, abi.encodeWithSelector(Text.BadSlug.selector, bytes32(0)));
        r = theRules();
        r.rows[5].statute = 0;
        refused(r, abi.encodeWithSelector(IRules.RowStatuteMissing.selector, 5));
    }

    function testFuzz_masks_beyond_the_predicates_are_refused(uint32 trueMask, uint32 falseMask) public {
        vm.assume(trueMask & falseMask == 0 && (trueMask | falseMask) > 15);
        IRules.RuleSet memory r = theRules();
        (r.rows[2].trueMask, r.rows[2].falseMask) = (trueMask, falseMask);
        refused(r, abi.encodeWithSelector(IRules.BadMask.selector, 2, trueMask, falseMask));
    }
}
