// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CONSENT, UNKNOWN} from "../../src/interfaces/Constants.sol";
import {IRules} from "../../src/interfaces/IRules.sol";

/// @notice The evaluation as the specification words it: a truth value for each literal, the least of them for the row.
/// Written without looking at RuleEvaluation: no masks, nothing skipped.
library SlowRules {
    int256 internal constant FALSE = -1;
    int256 internal constant MAYBE = 0;
    int256 internal constant TRUE = 1;

    function evaluate(IRules.RuleSet memory r, int32[] memory facts)
        internal
        pure
        returns (IRules.Outcome outcome, uint8 row)
    {
        for (uint256 i; i < r.rows.length; ++i) {
            int256 truth = rowTruth(r.rows[i], facts);
            if (truth == TRUE) return (r.rows[i].outcome, uint8(i));
            if (truth == MAYBE) return (IRules.Outcome.Review, 255);
        }
        return (IRules.Outcome.Review, 255);
    }

    function rowTruth(IRules.Row memory row, int32[] memory facts) internal pure returns (int256 truth) {
        truth = TRUE;
        for (uint256 i; i < facts.length; ++i) {
            if ((row.trueMask >> i) % 2 == 1) truth = least(truth, literal(facts[i], 1, 1));
            if ((row.falseMask >> i) % 2 == 1) truth = least(truth, literal(facts[i], 0, 0));
        }
        for (uint256 i; i < row.brackets.length; ++i) {
            IRules.Bracket memory b = row.brackets[i];
            truth = least(truth, literal(facts[b.predicate], b.min, b.max));
        }
    }

    function literal(int32 fact, int32 min, int32 max) internal pure returns (int256) {
        if (fact == UNKNOWN) return MAYBE;
        return min <= fact && fact <= max ? TRUE : FALSE;
    }

    function least(int256 a, int256 b) internal pure returns (int256) {
        return a < b ? a : b;
    }
}

/// @notice Rule sets and facts out of a seed.
library RandomRules {
    struct Dice {
        uint256 state;
    }

    function roll(Dice memory dice, uint256 sides) internal pure returns (uint256) {
        dice.state = uint256(keccak256(abi.encode(dice.state)));
        return dice.state % sides;
    }

    function rollSigned(Dice memory dice, int256 low, int256 high) internal pure returns (int32) {
        return int32(low + int256(roll(dice, uint256(high - low + 1))));
    }

    function ruleSet(Dice memory dice) internal pure returns (IRules.RuleSet memory r) {
        r.predicates = new IRules.Predicate[](1 + roll(dice, roll(dice, 8) == 0 ? 32 : 6));
        for (uint256 i; i < r.predicates.length; ++i) {
            bytes32 name = bytes32(bytes.concat("p-", bytes1(uint8(97 + i / 8)), bytes1(uint8(97 + i % 8))));
            bool isBoolean = roll(dice, 2) == 0;
            int32 min = isBoolean ? int32(0) : rollSigned(dice, -20, 20);
            int32 max = isBoolean ? int32(1) : rollSigned(dice, min, 40);
            r.predicates[i] = IRules.Predicate(name, "agency", CONSENT, min, max);
        }
        r.rows = new IRules.Row[](roll(dice, 9));
        for (uint256 i; i < r.rows.length; ++i) {
            r.rows[i] = row(dice, r.predicates);
        }
    }

    function row(Dice memory dice, IRules.Predicate[] memory predicates) internal pure returns (IRules.Row memory to) {
        for (uint256 i; i < predicates.length; ++i) {
            uint256 kind = roll(dice, 5);
            if (predicates[i].min != 0 || predicates[i].max != 1) continue;
            if (kind == 0) to.trueMask |= uint32(1 << i);
            if (kind == 1) to.falseMask |= uint32(1 << i);
        }
        to.brackets = new IRules.Bracket[](roll(dice, 4));
        for (uint256 i; i < to.brackets.length; ++i) {
            uint256 on = roll(dice, predicates.length);
            int32 min = rollSigned(dice, int256(predicates[on].min) - 3, predicates[on].max);
            int32 max = rollSigned(dice, min, int256(predicates[on].max) + 3);
            to.brackets[i] = IRules.Bracket(uint8(on), min, max);
        }
        to.outcome = IRules.Outcome(roll(dice, 3));
        to.amountFen = to.outcome == IRules.Outcome.Refuse ? 0 : uint64(roll(dice, 100_000));
        (to.reason, to.statute) = ("reason", keccak256("law"));
    }

    /// @dev A quarter unknown, the others anywhere in range, often at its ends.
    function facts(Dice memory dice, IRules.Predicate[] memory predicates) internal pure returns (int32[] memory to) {
        to = new int32[](predicates.length);
        for (uint256 i; i < to.length; ++i) {
            uint256 kind = roll(dice, 8);
            if (kind < 2) to[i] = UNKNOWN;
            else if (kind == 2) to[i] = predicates[i].min;
            else if (kind == 3) to[i] = predicates[i].max;
            else to[i] = rollSigned(dice, predicates[i].min, predicates[i].max);
        }
    }
}
