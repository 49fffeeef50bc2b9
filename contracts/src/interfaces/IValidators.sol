// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The validators that the council wants the network to have
/// @notice The nodes read this list in the middle of each epoch; those in it are dealt shares of the network's key two epochs
/// later, and vote from the third on. Until then, whoever was removed still votes and must stay up, and whoever was added
/// does not yet. The contract knows no epochs.
/// It keeps the list between 1 and 100; what a network can bear is for the council to judge:
///
/// - Of n validators, (n - 1) / 3 may fail, rounded down. Below four, none may.
/// - A newcomer counts at once among those that may fail. Add no more between two epochs than may: if more are missing when
///   shares are dealt, the old validators go on, and nobody joins or leaves until they are there.
/// - Any number may be removed at once, since those removed hand their shares on themselves; but then they must be up.
/// - To move a validator, remove it and add it again in the same vote.
interface IValidators {
    /// @param key its ed25519 public key, RFC 8032. Solidity cannot check cheaply that this is a point of the curve:
    /// whoever uses the list checks it, and leaves out a validator whose key is none.
    /// @param location where the others connect to, "ip:port", IPv6 in brackets; not checked, empty for those of genesis:
    /// the network file has their addresses, which may differ from operator to operator
    /// @param name the institution, for people; empty for those of genesis if the network file names none
    struct Validator {
        bytes32 key;
        string location;
        string name;
    }

    event ValidatorAdded(bytes32 indexed key, string location, string name);
    event ValidatorRemoved(bytes32 indexed key);

    error KeyMissing();
    error AlreadyValidator(bytes32 key);
    error UnknownValidator(bytes32 key);
    error TooManyValidators(uint256 allowed);
    error LastValidator(bytes32 key);
    error BadLength(bytes32 field, uint256 bytesGiven, uint256 bytesAllowed);

    /// @notice Adds a validator. Council only. Location and name have 1 to 64 bytes each.
    function add(Validator calldata validator) external;

    /// @notice Removes a validator, unless it is the last. Council only.
    function remove(bytes32 key) external;

    /// @return the validators in the order of their keys: at least 1, at most 100
    function list() external view returns (Validator[] memory);
}
