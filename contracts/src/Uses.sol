// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {CONSENT, PROVIDER} from "./interfaces/Constants.sol";
import {ICases} from "./interfaces/ICases.sol";
import {IConsents} from "./interfaces/IConsents.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRules} from "./interfaces/IRules.sol";
import {IServices} from "./interfaces/IServices.sol";
import {IStatutes} from "./interfaces/IStatutes.sol";
import {IUses} from "./interfaces/IUses.sol";
import {Bits} from "./libraries/Bits.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IUses}. By `multicall` a provider records several uses in one transaction: all of them, or none.
contract Uses is IUses, Linked, Multicall {
    using Bits for uint32;

    /// @dev 512 bytes of padded plaintext and the tag of AES-GCM, so that length tells nothing.
    uint256 private constant CIPHERTEXT_BYTES = 528;

    /// @dev Slot 0: clients prove single entries, and absences.
    mapping(bytes32 tag => bytes32) private _bindings;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IUses
    function record(
        bytes32 tag,
        bytes32 caseId,
        bytes32 provider,
        bytes32 consumer,
        uint32 mask,
        bytes32 basis,
        bytes calldata ciphertext
    ) external {
        _requireProvider(provider);
        if (tag == 0) revert EmptyTag();
        if (_bindings[tag] != 0) revert TagUsed(tag);
        if (ciphertext.length != CIPHERTEXT_BYTES) revert WrongCiphertextLength(ciphertext.length, CIPHERTEXT_BYTES);
        ICases.Case memory c = ICases(_peer("cases")).get(caseId);
        // A person who reviews the case may need the fields behind an answer: a use like any other, on the same basis.
        if (c.status != ICases.Status.Asking && c.status != ICases.Status.Review) {
            revert CaseNotAsking(caseId, c.status);
        }
        bytes32 owner = IServices(_peer("services")).service(c.service, c.version).owner;
        if (consumer != owner) revert NotTheOwner(consumer, owner);
        if (_requireBasis(c, provider, mask, basis)) {
            IConsents(_peer("consents")).consume(basis, c.applicant, provider, c.service);
        }

        _bindings[tag] = keccak256(abi.encode(provider, caseId, mask));
        emit Used(tag, caseId, provider, consumer, c.service, basis, mask, ciphertext);
    }

    /// @inheritdoc IUses
    function binding(bytes32 tag) external view returns (bytes32) {
        return _bindings[tag];
    }

    function _requireProvider(bytes32 provider) private view {
        (address attester, uint32 roles) = registry.attesterOf(provider);
        if (msg.sender != attester || roles & PROVIDER == 0) revert NotTheProvider(provider, msg.sender);
    }

    /// @return needsConsent whether the basis must be a consent that holds
    function _requireBasis(ICases.Case memory c, bytes32 provider, uint32 mask, bytes32 basis)
        private
        view
        returns (bool needsConsent)
    {
        if (mask == 0) revert EmptyMask();
        IRules.Predicate[] memory predicates = IRules(_peer("rules")).predicates(c.ruleSet);
        uint32 declared;
        bool needsStatute;
        for (uint256 i; i < predicates.length; ++i) {
            if (predicates[i].provider != provider) continue;
            declared = declared.set(i);
            if (!mask.has(i)) continue;
            if (predicates[i].basis == CONSENT) needsConsent = true;
            else if (predicates[i].basis == basis) needsStatute = true;
            else revert NotTheBasis(i, basis);
        }
        if (mask & ~declared != 0) revert OverAsking(provider, mask & ~declared);
        if (needsStatute && !IStatutes(_peer("statutes")).inForce(basis, uint64(block.timestamp))) {
            revert BasisNotInForce(basis);
        }
    }
}
