// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Consents: granted and revoked by the key of the case they are for
/// @notice The record itself (ISO/IEC TS 27560) stays off the chain; its hash is the id. A consent belongs to its
/// grantor: the same id granted by another key is another consent. It stands until its end, or holds once: the first use
/// record that rests on it uses it up. `Uses` counts the use records of both; their events name the consent.
interface IConsents {
    struct Consent {
        bytes32 provider;
        bytes32 service;
        /// Unix seconds, the first at which it no longer holds; 0 if it was never granted.
        uint64 until;
        bool revoked;
        /// Whether the first use uses it up.
        bool once;
        /// How many use records rest on it.
        uint32 uses;
    }

    event ConsentGranted(
        bytes32 indexed id, address indexed grantor, bytes32 indexed provider, bytes32 service, uint64 until, bool once
    );
    event ConsentRevoked(bytes32 indexed id, address indexed grantor);

    error EmptyId();
    error AlreadyGranted(bytes32 id, address grantor);
    error AlreadyOver(bytes32 id, uint64 until);
    error NotGranted(bytes32 id, address grantor);
    error AlreadyRevoked(bytes32 id, address grantor);
    error NotUses(address sender);
    error ConsentNotActive(bytes32 consent);
    error ConsentUsedUp(bytes32 consent);

    /// @notice Allows the provider to use data of the sender's for the service.
    /// @param id hash of the consent record
    /// @param until unix seconds, the first at which it no longer holds
    /// @param once whether it is for one use record alone
    function grant(bytes32 id, bytes32 provider, bytes32 service, uint64 until, bool once) external;

    function revoke(bytes32 id) external;

    /// @notice Counts a use record that rests on a consent, or refuses it; by `Uses` alone.
    function consume(bytes32 id, address grantor, bytes32 provider, bytes32 service) external;

    /// @notice Whether a use record may rest on it now.
    function isActive(bytes32 id, address grantor, bytes32 provider, bytes32 service) external view returns (bool);

    function get(bytes32 id, address grantor) external view returns (Consent memory);
}
