// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISSUER} from "./interfaces/Constants.sol";
import {ICases} from "./interfaces/ICases.sol";
import {ICredentials} from "./interfaces/ICredentials.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Linked} from "./Linked.sol";

/// @dev See {ICredentials}.
contract Credentials is ICredentials, Linked {
    uint256 private constant CERTIFICATE_MAX_BYTES = 2048;

    /// @dev The case's event count when its credential was issued. It grows with every decision, so it names the decision.
    mapping(bytes32 caseId => uint32 events) private _issuedAt;
    mapping(bytes32 issuer => mapping(bytes32 list => bytes32)) private _statusRoots;
    mapping(bytes32 issuer => mapping(bytes32 fingerprint => bool)) private _anchors;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc ICredentials
    function issue(bytes32 caseId, bytes32 credentialHash, uint32 statusIndex) external {
        ICases.Case memory c = ICases(_peer("cases")).get(caseId);
        IServices.Service memory s = IServices(_peer("services")).service(c.service, c.version);
        if (!_isAttester(s.owner, msg.sender)) revert NotTheIssuer(s.owner, msg.sender);
        _requireIssuer(s.owner);
        if (s.credentialType == 0) revert NothingToIssue(caseId);
        if (c.status != ICases.Status.Approved || c.frozen) revert NotApproved(caseId, c.status);
        if (_issuedAt[caseId] == c.events) revert AlreadyIssued(caseId);
        if (credentialHash == 0) revert EmptyHash();

        _issuedAt[caseId] = c.events;
        emit CredentialIssued(caseId, s.owner, s.credentialType, credentialHash, statusIndex);
    }

    /// @inheritdoc ICredentials
    function issuedAt(bytes32 caseId) external view returns (uint32) {
        return _issuedAt[caseId];
    }

    /// @inheritdoc ICredentials
    function setStatusRoot(bytes32 list, bytes32 root) external {
        bytes32 issuer = registry.organisationOf(msg.sender);
        if (issuer == 0) revert NotAnIssuer(msg.sender);
        _requireIssuer(issuer);
        if (list == 0) revert EmptyList();
        if (root == 0) revert EmptyHash();

        _statusRoots[issuer][list] = root;
        emit StatusRootSet(issuer, list, root);
    }

    /// @inheritdoc ICredentials
    function statusRoot(bytes32 issuer, bytes32 list) external view returns (bytes32) {
        return _statusRoots[issuer][list];
    }

    /// @inheritdoc ICredentials
    function setAnchor(bytes32 issuer, bytes calldata certificate, bool trusted) external onlyCouncil {
        registry.attesterOf(issuer);
        if (certificate.length == 0 || certificate.length > CERTIFICATE_MAX_BYTES) {
            revert BadCertificate(certificate.length, CERTIFICATE_MAX_BYTES);
        }

        bytes32 fingerprint = sha256(certificate);
        _anchors[issuer][fingerprint] = trusted;
        emit AnchorSet(issuer, fingerprint, trusted, certificate);
    }

    /// @inheritdoc ICredentials
    function isAnchor(bytes32 issuer, bytes32 fingerprint) external view returns (bool) {
        return _anchors[issuer][fingerprint];
    }

    function _requireIssuer(bytes32 organisation) private view {
        (, uint32 roles) = registry.attesterOf(organisation);
        if (roles & ISSUER == 0) revert RoleMissing(organisation, ISSUER);
    }
}
