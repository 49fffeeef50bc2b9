// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls12381} from "../libraries/Bls12381.sol";

/// @title The other networks that this one believes, and their public keys
/// @notice The id of a network is `keccak256` of its public key as it is printed, 96 bytes. So whoever holds an id knows
/// which key it stands for, and no vote can put another key behind it: a network that starts over with a new key is
/// another network. Chain ids do not tell networks apart, they are for people and wallets.
interface INetworks {
    /// @param name a slug, for people
    /// @param chainId EIP-155
    /// @param isListed false once it was withdrawn
    struct Network {
        bytes32 name;
        uint64 chainId;
        bool isListed;
    }

    event NetworkListed(bytes32 indexed id, bytes32 indexed name, uint64 chainId, bytes publicKey);
    event NetworkWithdrawn(bytes32 indexed id);

    error UnknownNetwork(bytes32 id);
    error NetworkIsWithdrawn(bytes32 id);

    /// @notice Lists a network, again after it was withdrawn, or changes its name. Council only.
    /// @param name a slug: lower-case ASCII letters, digits and `-`, at most 31, right-padded with zeros
    /// @param publicKey 96 bytes, the compressed point of G2 that `zhengtong_network` tells; to be compared with what the
    /// network published by another way
    /// @param publicKeyY the y coordinate that belongs to it, 96 bytes: c1, then c0
    function list(bytes32 name, uint64 chainId, bytes calldata publicKey, bytes calldata publicKeyY)
        external
        returns (bytes32 id);

    /// @notice Nothing of this network is believed from now on, whenever it happened. Council only.
    function withdraw(bytes32 id) external;

    /// @notice Reverts with UnknownNetwork if it never was listed.
    function network(bytes32 id) external view returns (Network memory);

    /// @notice The key as the precompiles of EIP-2537 read it. Reverts with UnknownNetwork or NetworkIsWithdrawn.
    function keyOf(bytes32 id) external view returns (Bls12381.G2 memory);
}
