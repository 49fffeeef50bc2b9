// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRules} from "../interfaces/IRules.sol";

/// @notice How a rule set is kept: packed, so that the largest one can be published in one transaction (2^24 gas,
/// EIP-7825) and an evaluation reads few slots.
library RuleStorage {
    /// @param brackets `bracketCount` of them: predicate, min and max in 8, 32 and 32 bits
    struct StoredRow {
        uint32 trueMask;
        uint32 falseMask;
        uint64 amountFen;
        uint8 bracketCount;
        IRules.Outcome outcome;
        uint72[8] brackets;
        bytes32 reason;
        bytes32 statute;
    }

    struct StoredRules {
        IRules.Predicate[] predicates;
        StoredRow[] rows;
    }

    /// @param from checked by RuleCheck
    function store(StoredRules storage to, IRules.RuleSet calldata from) internal {
        for (uint256 i; i < from.predicates.length; ++i) {
            to.predicates.push(from.predicates[i]);
        }
        for (uint256 i; i < from.rows.length; ++i) {
            _storeRow(to.rows.push(), from.rows[i]);
        }
    }

    function load(StoredRules storage from) internal view returns (IRules.RuleSet memory to) {
        to.predicates = from.predicates;
        to.rows = new IRules.Row[](from.rows.length);
        for (uint256 i; i < to.rows.length; ++i) {
            to.rows[i] = loadRow(from.rows[i]);
        }
    }

    function loadRow(StoredRow storage from) internal view returns (IRules.Row memory to) {
        to.trueMask = from.trueMask;
        to.falseMask = from.falseMask;
        to.outcome = from.outcome;
        to.amountFen = from.amountFen;
        to.reason = from.reason;
        to.statute = from.statute;
        to.brackets = new IRules.Bracket[](from.bracketCount);
        for (uint256 i; i < to.brackets.length; ++i) {
            to.brackets[i] = bracket(from, i);
        }
    }

    /// @param index less than `bracketCount`
    function bracket(StoredRow storage row, uint256 index) internal view returns (IRules.Bracket memory) {
        uint72 word = row.brackets[index];
        // Safe: each takes back the bits that _pack put there.
        // forge-lint: disable-next-line(unsafe-typecast)
        return IRules.Bracket(uint8(word >> 64), int32(uint32(word >> 32)), int32(uint32(word)));
    }

    function _storeRow(StoredRow storage to, IRules.Row calldata from) private {
        to.trueMask = from.trueMask;
        to.falseMask = from.falseMask;
        to.amountFen = from.amountFen;
        // Safe: at most RuleCheck.BRACKETS_MAX.
        // forge-lint: disable-next-line(unsafe-typecast)
        to.bracketCount = uint8(from.brackets.length);
        to.outcome = from.outcome;
        to.reason = from.reason;
        to.statute = from.statute;
        uint72[8] memory brackets;
        for (uint256 i; i < from.brackets.length; ++i) {
            brackets[i] = _pack(from.brackets[i]);
        }
        to.brackets = brackets;
    }

    function _pack(IRules.Bracket calldata b) private pure returns (uint72) {
        // Safe: the same 32 bits, without a sign.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint72(b.predicate) << 64 | uint72(uint32(b.min)) << 32 | uint32(b.max);
    }
}
