// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRules} from "./interfaces/IRules.sol";
import {Bits} from "./libraries/Bits.sol";
import {RuleCheck} from "./libraries/RuleCheck.sol";
import {RuleEvaluation} from "./libraries/RuleEvaluation.sol";
import {RuleStorage} from "./libraries/RuleStorage.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IRules}.
contract Rules is IRules, Linked {
    using Bits for uint32;
    using RuleEvaluation for RuleStorage.StoredRules;
    using RuleStorage for RuleStorage.StoredRules;
    using RuleStorage for RuleStorage.StoredRow;

    mapping(bytes32 id => RuleStorage.StoredRules) private _ruleSets;
    mapping(bytes32 id => bool) private _isPublished;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IRules
    function publish(RuleSet calldata rules) external returns (bytes32 id) {
        id = keccak256(abi.encode(rules));
        if (_isPublished[id]) return id;
        RuleCheck.check(rules);

        _isPublished[id] = true;
        _ruleSets[id].store(rules);
        emit RuleSetPublished(id, msg.sender);
    }

    /// @inheritdoc IRules
    function ruleSet(bytes32 id) external view returns (RuleSet memory) {
        return _known(id).load();
    }

    /// @inheritdoc IRules
    function predicates(bytes32 id) external view returns (Predicate[] memory) {
        return _known(id).predicates;
    }

    /// @inheritdoc IRules
    function row(bytes32 id, uint8 index) external view returns (Row memory) {
        RuleStorage.StoredRow[] storage rows = _known(id).rows;
        if (index >= rows.length) revert UnknownRow(id, index);
        return rows[index].loadRow();
    }

    /// @inheritdoc IRules
    function providerMask(bytes32 id, bytes32 provider) external view returns (uint32 mask) {
        Predicate[] storage all = _known(id).predicates;
        uint256 count = all.length;
        for (uint256 i; i < count; ++i) {
            if (all[i].provider == provider) mask = mask.set(i);
        }
    }

    /// @inheritdoc IRules
    function evaluate(bytes32 id, int32[] calldata facts) external view returns (Outcome, uint8) {
        return _known(id).evaluate(facts);
    }

    function _known(bytes32 id) private view returns (RuleStorage.StoredRules storage) {
        if (!_isPublished[id]) revert UnknownRuleSet(id);
        return _ruleSets[id];
    }
}
