// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetworks} from "./interfaces/INetworks.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Bls12381} from "./libraries/Bls12381.sol";
import {Text} from "./libraries/Text.sol";
import {Linked} from "./Linked.sol";

/// @dev See {INetworks}.
contract Networks is INetworks, Linked {
    mapping(bytes32 id => Network) private _networks;
    mapping(bytes32 id => Bls12381.G2) private _keys;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc INetworks
    function list(bytes32 name, uint64 chainId, bytes calldata publicKey, bytes calldata publicKeyY)
        external
        onlyCouncil
        returns (bytes32 id)
    {
        Text.requireSlug(name);
        id = keccak256(publicKey);
        _keys[id] = Bls12381.readG2("public key", publicKey, publicKeyY);
        _networks[id] = Network({name: name, chainId: chainId, isListed: true});
        emit NetworkListed(id, name, chainId, publicKey);
    }

    /// @inheritdoc INetworks
    function withdraw(bytes32 id) external onlyCouncil {
        _known(id).isListed = false;
        emit NetworkWithdrawn(id);
    }

    /// @inheritdoc INetworks
    function network(bytes32 id) external view returns (Network memory) {
        return _known(id);
    }

    /// @inheritdoc INetworks
    function keyOf(bytes32 id) external view returns (Bls12381.G2 memory) {
        if (!_known(id).isListed) revert NetworkIsWithdrawn(id);
        return _keys[id];
    }

    function _known(bytes32 id) private view returns (Network storage n) {
        n = _networks[id];
        if (n.name == 0) revert UnknownNetwork(id);
    }
}
