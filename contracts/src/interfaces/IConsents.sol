// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Consents: granted and revoked by the key of the case they are for
/// @notice The record itself (ISO/IEC TS 27560) stays off the chain; its hash is the id. A consent belongs to its
/// grantor: the same id granted by another key is another consent.
interface IConsents {
    event ConsentGranted(
        bytes32 indexed id, address indexed grantor, bytes32 indexed provider, bytes32 service, uint64 until
    );
    event ConsentRevoked(bytes32 indexed id, address indexed grantor);

    error EmptyId();
    error AlreadyGranted(bytes32 id, address grantor);
    error AlreadyOver(bytes32 id, uint64 until);
    error NotGranted(bytes32 id, address grantor);
    error AlreadyRevoked(bytes32 id, address grantor);

    /// @notice Allows the provider to answer the service's questions about the sender's case.
    /// @param id hash of the consent record
    /// @param until unix seconds, the first at which it no longer holds
    function grant(bytes32 id, bytes32 provider, bytes32 service, uint64 until) external;

    function revoke(bytes32 id) external;

    function isActive(bytes32 id, address grantor, bytes32 provider, bytes32 service) external view returns (bool);
}
