// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRules} from "../interfaces/IRules.sol";
import {UNKNOWN} from "../interfaces/Constants.sol";
import {Bits} from "./Bits.sol";
import {Text} from "./Text.sol";

/// @notice What a rule set must be like, so that its evaluation is bounded and cannot fail.
library RuleCheck {
    using Bits for uint32;

    uint256 internal constant PREDICATES_MAX = 32;
    uint256 internal constant ROWS_MAX = 64;
    uint256 internal constant BRACKETS_MAX = 8;

    function check(IRules.RuleSet calldata rules) internal pure {
        uint256 predicates = rules.predicates.length;
        uint256 rows = rules.rows.length;
        if (predicates > PREDICATES_MAX) revert IRules.TooManyPredicates(predicates, PREDICATES_MAX);
        if (rows > ROWS_MAX) revert IRules.TooManyRows(rows, ROWS_MAX);
        for (uint256 i; i < predicates; ++i) {
            _checkPredicate(rules.predicates, i);
        }
        for (uint256 i; i < rows; ++i) {
            _checkRow(rules.predicates, rules.rows[i], i);
        }
    }

    function _checkPredicate(IRules.Predicate[] calldata predicates, uint256 index) private pure {
        IRules.Predicate calldata p = predicates[index];
        Text.requireSlug(p.id);
        Text.requireSlug(p.provider);
        if (p.basis == 0) revert IRules.BasisMissing(index);
        if (p.min > p.max || p.min == UNKNOWN) revert IRules.BadRange(index, p.min, p.max);
        for (uint256 i; i < index; ++i) {
            if (predicates[i].id == p.id) revert IRules.DuplicatePredicate(p.id);
        }
    }

    function _checkRow(IRules.Predicate[] calldata predicates, IRules.Row calldata row, uint256 index) private pure {
        uint32 literals = row.trueMask | row.falseMask;
        if (row.trueMask & row.falseMask != 0 || literals & ~Bits.full(predicates.length) != 0) {
            revert IRules.BadMask(index, row.trueMask, row.falseMask);
        }
        for (uint256 i; i < predicates.length; ++i) {
            bool isBoolean = predicates[i].min == 0 && predicates[i].max == 1;
            if (literals.has(i) && !isBoolean) revert IRules.NotBoolean(index, i);
        }
        uint256 brackets = row.brackets.length;
        if (brackets > BRACKETS_MAX) revert IRules.TooManyBrackets(index, brackets, BRACKETS_MAX);
        for (uint256 i; i < brackets; ++i) {
            IRules.Bracket calldata b = row.brackets[i];
            if (b.predicate >= predicates.length || b.min > b.max) revert IRules.BadBracket(index, i);
        }
        if (row.outcome == IRules.Outcome.Refuse && row.amountFen != 0) {
            revert IRules.AmountWithRefusal(index, row.amountFen);
        }
        Text.requireSlug(row.reason);
        if (row.statute == 0) revert IRules.RowStatuteMissing(index);
    }
}
