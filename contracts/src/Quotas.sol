// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EVERYONE, GOVERNORS, GOVERNORS_LEAST, OFFICERS, ORGANISATIONS, RESIDENTS} from "./interfaces/Constants.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IQuotas} from "./interfaces/IQuotas.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Text} from "./libraries/Text.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IQuotas}. Validators read these slots, and write the last two after each block: where things stand is a rule of
/// the chain, pinned by test/Layout.t.sol. Nothing here writes what was used.
contract Quotas is IQuotas, Linked {
    uint256 private constant MAX_CLASSES = 32;
    uint256 private constant MAX_ASSIGNMENTS = 100;

    mapping(uint8 class => Limits) private _limits;
    /// @dev The class and one.
    mapping(address account => uint8) private _assigned;
    mapping(address account => AccountUsage) private _used;
    mapping(uint8 class => Usage) private _usedByClass;
    mapping(uint8 class => bytes32) private _names;
    uint8 public classCount;

    /// @param first the classes of genesis from EVERYONE on, RESIDENTS among them
    constructor(IRegistry registry_, Class[] memory first, Assignment[] memory assigned) Linked(registry_) {
        if (first.length <= RESIDENTS) revert TooFewClasses(first.length, RESIDENTS + 1);
        if (first.length > MAX_CLASSES) revert TooManyClasses(MAX_CLASSES);
        if (assigned.length > MAX_ASSIGNMENTS) revert TooManyAssignments(assigned.length, MAX_ASSIGNMENTS);
        for (uint8 class; class < first.length; ++class) {
            _setClass(class, first[class]);
        }
        for (uint256 i; i < assigned.length; ++i) {
            _assign(assigned[i].account, assigned[i].class);
        }
    }

    /// @inheritdoc IQuotas
    function setClass(uint8 class, Class calldata values) external onlyCouncil {
        _setClass(class, values);
    }

    /// @inheritdoc IQuotas
    function assign(address account, uint8 class) external onlyCouncil {
        _assign(account, class);
    }

    /// @inheritdoc IQuotas
    function unassign(address account) external onlyCouncil {
        if (_assigned[account] == 0) revert NotAssigned(account);
        delete _assigned[account];
        emit Unassigned(account);
    }

    /// @inheritdoc IQuotas
    function classAt(uint8 class) external view returns (Class memory) {
        if (class >= classCount) revert UnknownClass(class);
        return Class(_names[class], _limits[class]);
    }

    /// @inheritdoc IQuotas
    function classOf(address account) external view returns (uint8) {
        if (_governs(account)) return GOVERNORS;
        uint8 assigned = _assigned[account];
        if (assigned != 0) return assigned - 1;
        if (registry.organisationOf(account) != 0) return ORGANISATIONS;
        return registry.officer(account).active ? OFFICERS : EVERYONE;
    }

    /// @inheritdoc IQuotas
    function usedBy(address account) external view returns (AccountUsage memory) {
        return _used[account];
    }

    /// @inheritdoc IQuotas
    function usedByClass(uint8 class) external view returns (Usage memory) {
        return _usedByClass[class];
    }

    function _setClass(uint8 class, Class memory values) private {
        uint8 count = classCount;
        if (class > count) revert UnknownClass(class);
        if (class == MAX_CLASSES) revert TooManyClasses(MAX_CLASSES);
        Text.requireSlug(values.name);
        if (class == GOVERNORS && values.limits.account < GOVERNORS_LEAST) {
            revert TooLittleToGovern(values.limits.account, GOVERNORS_LEAST);
        }
        if (class == count) classCount = count + 1;
        (_names[class], _limits[class]) = (values.name, values.limits);
        emit ClassSet(class, values.name, values.limits.account, values.limits.total);
    }

    function _assign(address account, uint8 class) private {
        if (account == address(0)) revert ZeroAccount();
        if (class >= classCount) revert UnknownClass(class);
        _assigned[account] = class + 1;
        emit Assigned(account, class);
    }

    /// @dev The council is one key, or a contract with members.
    function _governs(address account) private view returns (bool) {
        address council = registry.council();
        if (account == council || council.code.length == 0) return account == council;
        return ICouncil(council).isMember(account);
    }
}
