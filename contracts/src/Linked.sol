// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "./interfaces/IRegistry.sol";

/// @notice A contract that finds its peers through the registry, at the time of the call: a successor needs no change
/// here.
abstract contract Linked {
    IRegistry public immutable registry;

    constructor(IRegistry registry_) {
        registry = registry_;
    }

    modifier onlyCouncil() {
        if (msg.sender != registry.council()) revert IRegistry.NotCouncil(msg.sender);
        _;
    }

    function _peer(bytes32 name) internal view returns (address) {
        return registry.contractOf(name);
    }

    function _isAttester(bytes32 organisation, address key) internal view returns (bool) {
        (address attester,) = registry.attesterOf(organisation);
        return attester == key;
    }
}
