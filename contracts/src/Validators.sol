// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "./interfaces/IRegistry.sol";
import {IValidators} from "./interfaces/IValidators.sol";
import {Text} from "./libraries/Text.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IValidators}.
contract Validators is IValidators, Linked {
    uint256 private constant MAX_VALIDATORS = 100;
    uint256 private constant TEXT_MAX_BYTES = 64;

    struct Details {
        string location;
        string name;
    }

    /// @dev In ascending order.
    bytes32[] private _keys;
    mapping(bytes32 key => Details) private _details;

    /// @param first those of genesis, whose location and name may be empty
    constructor(IRegistry registry_, Validator[] memory first) Linked(registry_) {
        if (first.length == 0) revert LastValidator(0);
        for (uint256 i; i < first.length; ++i) {
            _requireAtMost("location", first[i].location);
            _requireAtMost("name", first[i].name);
            _add(first[i]);
        }
    }

    /// @inheritdoc IValidators
    function add(Validator calldata v) external onlyCouncil {
        if (!Text.isWithin(v.location, TEXT_MAX_BYTES)) {
            revert BadLength("location", bytes(v.location).length, TEXT_MAX_BYTES);
        }
        if (!Text.isWithin(v.name, TEXT_MAX_BYTES)) revert BadLength("name", bytes(v.name).length, TEXT_MAX_BYTES);
        _add(v);
    }

    /// @inheritdoc IValidators
    function remove(bytes32 key) external onlyCouncil {
        (uint256 end, bool isThere) = _find(key);
        if (!isThere) revert UnknownValidator(key);
        uint256 last = _keys.length - 1;
        if (last == 0) revert LastValidator(key);
        for (uint256 i = end - 1; i < last; ++i) {
            _keys[i] = _keys[i + 1];
        }
        _keys.pop();
        delete _details[key];
        emit ValidatorRemoved(key);
    }

    /// @inheritdoc IValidators
    function list() external view returns (Validator[] memory all) {
        all = new Validator[](_keys.length);
        for (uint256 i; i < all.length; ++i) {
            bytes32 key = _keys[i];
            all[i] = Validator(key, _details[key].location, _details[key].name);
        }
    }

    function _add(Validator memory v) private {
        if (v.key == 0) revert KeyMissing();
        (uint256 end, bool isThere) = _find(v.key);
        if (isThere) revert AlreadyValidator(v.key);
        if (_keys.length == MAX_VALIDATORS) revert TooManyValidators(MAX_VALIDATORS);
        _keys.push(v.key);
        for (uint256 i = _keys.length - 1; i > end; --i) {
            _keys[i] = _keys[i - 1];
        }
        _keys[end] = v.key;
        _details[v.key] = Details(v.location, v.name);
        emit ValidatorAdded(v.key, v.location, v.name);
    }

    /// @return end how many keys are this one or before it
    function _find(bytes32 key) private view returns (uint256 end, bool isThere) {
        end = _keys.length;
        while (end != 0 && _keys[end - 1] > key) --end;
        isThere = end != 0 && _keys[end - 1] == key;
    }

    function _requireAtMost(bytes32 field, string memory text) private pure {
        uint256 length = bytes(text).length;
        if (length > TEXT_MAX_BYTES) revert BadLength(field, length, TEXT_MAX_BYTES);
    }
}
