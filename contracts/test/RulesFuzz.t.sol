// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UNKNOWN} from "../src/interfaces/Constants.sol";
import {IRules} from "../src/interfaces/IRules.sol";
import {RandomRules, SlowRules} from "./support/SlowRules.sol";
import {World} from "./support/World.sol";

contract RulesFuzzTest is World {
    using RandomRules for RandomRules.Dice;

    function agree(bytes32 id, IRules.RuleSet memory r, int32[] memory facts) internal view {
        (IRules.Outcome outcome, uint8 row) = rules.evaluate(id, facts);
        (IRules.Outcome slowOutcome, uint8 slowRow) = SlowRules.evaluate(r, facts);
        vm.assertEq(uint256(row), uint256(slowRow), "row");
        vm.assertEq(uint256(outcome), uint256(slowOutcome), "outcome");
    }

    function testFuzz_agrees_with_the_slow_evaluator(uint256 seed) public {
        RandomRules.Dice memory dice = RandomRules.Dice(seed);
        IRules.RuleSet memory r = dice.ruleSet();
        bytes32 id = rules.publish(r);
        for (uint256 i; i < 16; ++i) {
            agree(id, r, dice.facts(r.predicates));
        }
    }

    function testFuzz_agrees_on_the_allowance(bool registered, uint8 age, bool death, bool receiving, uint8 unknown)
        public
        view
    {
        int32[] memory facts = new int32[](4);
        facts[0] = registered ? int32(1) : int32(0);
        facts[1] = int32(int256(within(age, 0, 130)));
        facts[2] = death ? int32(1) : int32(0);
        facts[3] = receiving ? int32(1) : int32(0);
        for (uint256 i; i < 4; ++i) {
            if ((unknown >> i) % 2 == 1) facts[i] = UNKNOWN;
        }
        agree(ruleSetId, theRules(), facts);
    }

    /// @dev Learning what was unknown never takes away an approval or a refusal that was found without it.
    function testFuzz_knowing_more_never_changes_a_found_row(uint256 seed) public {
        RandomRules.Dice memory dice = RandomRules.Dice(seed);
        IRules.RuleSet memory r = dice.ruleSet();
        bytes32 id = rules.publish(r);
        int32[] memory facts = dice.facts(r.predicates);
        (IRules.Outcome outcome, uint8 row) = rules.evaluate(id, facts);
        vm.assume(row != 255);
        for (uint256 i; i < facts.length; ++i) {
            if (facts[i] == UNKNOWN) facts[i] = dice.rollSigned(r.predicates[i].min, r.predicates[i].max);
        }
        (IRules.Outcome again, uint8 rowAgain) = rules.evaluate(id, facts);
        vm.assertEq(uint256(row), uint256(rowAgain), "row");
        vm.assertEq(uint256(outcome), uint256(again), "outcome");
    }

    function testFuzz_a_fact_out_of_range_is_named(uint8 index, int32 value) public {
        index = uint8(index % 4);
        int32 max = index == 1 ? int32(130) : int32(1);
        vm.assume(value != UNKNOWN && (value < 0 || value > max));
        int32[] memory facts = new int32[](4);
        facts[index] = value;
        vm.expectRevert(abi.encodeWithSelector(IRules.FactOutOfRange.selector, index, value));
        rules.evaluate(ruleSetId, facts);
    }
}
