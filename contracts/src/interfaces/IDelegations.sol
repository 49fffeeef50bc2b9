// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Delegations: whether one person still acts for another, with no word of who they are
/// @notice A delegation is a document that rests with two people and with the agencies concerned. Here is its salted hash,
/// its end, and whether it was ended before: by a key that is for this delegation alone, which both people hold.
interface IDelegations {
    event DelegationRegistered(address indexed key, bytes32 document, uint64 until);
    event DelegationEnded(address indexed key);

    error EmptyDocument();
    error AlreadyRegistered(address key);
    error AlreadyOver(uint64 until);
    error NotRegistered(address key);
    error AlreadyEnded(address key);

    /// @notice Registers a delegation under the sender's key. A key has one, for ever.
    /// @param document hash of the terms, which hold 32 random bytes
    /// @param until unix seconds, the first at which it no longer holds
    function register(bytes32 document, uint64 until) external;

    /// @notice Ends the sender's delegation, from this block on. Nothing begins it again.
    function end() external;

    /// @notice What a key registered; zeros if nothing.
    function get(address key) external view returns (bytes32 document, uint64 until, bool ended);

    /// @return whether this key registered this document, and it is neither over nor ended
    function isActive(address key, bytes32 document) external view returns (bool);
}
