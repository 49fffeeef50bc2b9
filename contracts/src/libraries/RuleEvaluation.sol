// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRules} from "../interfaces/IRules.sol";
import {NO_ROW, UNKNOWN} from "../interfaces/Constants.sol";
import {Bits} from "./Bits.sol";
import {RuleStorage} from "./RuleStorage.sol";

/// @notice Finds the row. Each fact is first turned into two bits (known, true), so that literals are mask operations.
library RuleEvaluation {
    using Bits for uint32;

    /// @param rules were checked by RuleCheck
    function evaluate(RuleStorage.StoredRules storage rules, int32[] calldata facts)
        internal
        view
        returns (IRules.Outcome, uint8)
    {
        (uint32 known, uint32 ones) = _masks(rules, facts);
        uint256 rows = rules.rows.length;
        for (uint256 i; i < rows; ++i) {
            RuleStorage.StoredRow storage row = rules.rows[i];
            (bool isFalse, bool isUnknown) = _test(row, facts, known, ones);
            if (isFalse) continue;
            if (isUnknown) break;
            // Safe: at most RuleCheck.ROWS_MAX rows.
            // forge-lint: disable-next-line(unsafe-typecast)
            return (row.outcome, uint8(i));
        }
        return (IRules.Outcome.Review, NO_ROW);
    }

    function _masks(RuleStorage.StoredRules storage rules, int32[] calldata facts)
        private
        view
        returns (uint32 known, uint32 ones)
    {
        uint256 count = rules.predicates.length;
        if (facts.length != count) revert IRules.WrongFactCount(facts.length, count);
        for (uint256 i; i < count; ++i) {
            int32 fact = facts[i];
            if (fact == UNKNOWN) continue;
            IRules.Predicate storage p = rules.predicates[i];
            if (fact < p.min || fact > p.max) revert IRules.FactOutOfRange(i, fact);
            known = known.set(i);
            if (fact == 1) ones = ones.set(i);
        }
    }

    function _test(RuleStorage.StoredRow storage row, int32[] calldata facts, uint32 known, uint32 ones)
        private
        view
        returns (bool isFalse, bool isUnknown)
    {
        (uint32 trueMask, uint32 falseMask) = (row.trueMask, row.falseMask);
        if (known & ((trueMask & ~ones) | (falseMask & ones)) != 0) return (true, false);
        isUnknown = (trueMask | falseMask) & ~known != 0;
        uint256 brackets = row.bracketCount;
        for (uint256 i; i < brackets; ++i) {
            IRules.Bracket memory b = RuleStorage.bracket(row, i);
            int32 fact = facts[b.predicate];
            if (fact == UNKNOWN) isUnknown = true;
            else if (fact < b.min || fact > b.max) return (true, false);
        }
    }
}
