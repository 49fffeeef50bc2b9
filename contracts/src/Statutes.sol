// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "./interfaces/IRegistry.sol";
import {IStatutes} from "./interfaces/IStatutes.sol";
import {Text} from "./libraries/Text.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IStatutes}.
contract Statutes is IStatutes, Linked {
    uint256 private constant LAW_MAX_BYTES = 256;
    uint256 private constant ARTICLE_MAX_BYTES = 128;

    mapping(bytes32 id => Statute) private _statutes;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IStatutes
    function list(Statute calldata s) external onlyCouncil returns (bytes32 id) {
        id = keccak256(abi.encode(s.law, s.article));
        if (!Text.isWithin(s.law, LAW_MAX_BYTES)) revert BadLength("law", bytes(s.law).length, LAW_MAX_BYTES);
        if (!Text.isWithin(s.article, ARTICLE_MAX_BYTES)) {
            revert BadLength("article", bytes(s.article).length, ARTICLE_MAX_BYTES);
        }
        if (s.textHash == 0) revert TextHashMissing(id);
        if (s.validTo != 0 && s.validTo <= s.validFrom) revert BadPeriod(s.validFrom, s.validTo);
        Statute storage listed = _statutes[id];
        bool isSame = listed.textHash == s.textHash && listed.validFrom == s.validFrom;
        if (listed.textHash != 0 && !isSame) revert AlreadyListedOtherwise(id);

        _statutes[id] = s;
        emit StatuteListed(id, s.law, s.article, s.textHash, s.validFrom, s.validTo);
    }

    /// @inheritdoc IStatutes
    function statute(bytes32 id) external view returns (Statute memory s) {
        s = _statutes[id];
        if (s.textHash == 0) revert UnknownStatute(id);
    }

    /// @inheritdoc IStatutes
    function inForce(bytes32 id, uint64 time) external view returns (bool) {
        Statute storage s = _statutes[id];
        return s.textHash != 0 && s.validFrom <= time && (s.validTo == 0 || time < s.validTo);
    }
}
