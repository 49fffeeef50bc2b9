// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDelegations} from "./interfaces/IDelegations.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IDelegations}. It asks its peers nothing; it is made like they are.
contract Delegations is IDelegations, Linked {
    struct Delegation {
        bytes32 document;
        uint64 until;
        bool ended;
    }

    mapping(address key => Delegation) private _delegations;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IDelegations
    function register(bytes32 document, uint64 until) external {
        if (document == 0) revert EmptyDocument();
        Delegation storage d = _delegations[msg.sender];
        if (d.document != 0) revert AlreadyRegistered(msg.sender);
        if (until <= block.timestamp) revert AlreadyOver(until);

        (d.document, d.until) = (document, until);
        emit DelegationRegistered(msg.sender, document, until);
    }

    /// @inheritdoc IDelegations
    function end() external {
        Delegation storage d = _delegations[msg.sender];
        if (d.document == 0) revert NotRegistered(msg.sender);
        if (d.ended) revert AlreadyEnded(msg.sender);

        d.ended = true;
        emit DelegationEnded(msg.sender);
    }

    /// @inheritdoc IDelegations
    function get(address key) external view returns (bytes32 document, uint64 until, bool ended) {
        Delegation storage d = _delegations[key];
        return (d.document, d.until, d.ended);
    }

    /// @inheritdoc IDelegations
    function isActive(address key, bytes32 document) external view returns (bool) {
        Delegation storage d = _delegations[key];
        return document != 0 && d.document == document && !d.ended && block.timestamp < d.until;
    }
}
