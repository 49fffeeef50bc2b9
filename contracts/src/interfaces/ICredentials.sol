// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "./ICases.sol";

/// @title Credentials: which were issued for which case, the roots of the issuers' status lists, and who certifies their keys
interface ICredentials {
    event CredentialIssued(
        bytes32 indexed caseId,
        bytes32 indexed issuer,
        bytes32 indexed credentialType,
        bytes32 credentialHash,
        uint32 statusIndex
    );
    event StatusRootSet(bytes32 indexed issuer, bytes32 indexed list, bytes32 root);
    event AnchorSet(bytes32 indexed issuer, bytes32 indexed fingerprint, bool trusted, bytes certificate);

    error NotTheIssuer(bytes32 issuer, address sender);
    error RoleMissing(bytes32 organisation, uint32 role);
    error NotAnIssuer(address sender);
    error NothingToIssue(bytes32 caseId);
    error NotApproved(bytes32 caseId, ICases.Status status);
    error AlreadyIssued(bytes32 caseId);
    error EmptyHash();
    error EmptyList();
    error BadCertificate(uint256 bytesGiven, uint256 bytesAllowed);

    /// @notice Records the credential of an approved case, once a decision. Attester of the service's owner.
    /// @param credentialHash salted hash of the credential
    /// @param statusIndex its place in the issuer's status list
    function issue(bytes32 caseId, bytes32 credentialHash, uint32 statusIndex) external;

    /// @notice The case's event count when its last credential was issued, which names the decision; zero if none was.
    function issuedAt(bytes32 caseId) external view returns (uint32);

    /// @notice Sets the root of one of the sender's status lists. Attester of an issuer.
    function setStatusRoot(bytes32 list, bytes32 root) external;

    /// @notice Zero if the list was never set.
    function statusRoot(bytes32 issuer, bytes32 list) external view returns (bytes32);

    /// @notice Trusts a certificate authority to certify the keys that an organisation signs credentials with, or no
    /// longer does. Council only. The certificate is in the event, so that whoever has the chain has the anchors.
    /// @param certificate X.509, DER; not parsed here: only certificate chains that end in it are affected
    function setAnchor(bytes32 issuer, bytes calldata certificate, bool trusted) external;

    /// @param fingerprint SHA-256 of the certificate
    function isAnchor(bytes32 issuer, bytes32 fingerprint) external view returns (bool);
}
