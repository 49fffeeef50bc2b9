// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsents} from "./interfaces/IConsents.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IConsents}.
contract Consents is IConsents, Linked {
    struct Consent {
        bytes32 provider;
        bytes32 service;
        uint64 until;
        bool revoked;
    }

    mapping(bytes32 id => mapping(address grantor => Consent)) private _consents;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IConsents
    function grant(bytes32 id, bytes32 provider, bytes32 service, uint64 until) external {
        if (id == 0) revert EmptyId();
        Consent storage c = _consents[id][msg.sender];
        if (c.until != 0) revert AlreadyGranted(id, msg.sender);
        if (until <= block.timestamp) revert AlreadyOver(id, until);
        registry.attesterOf(provider);
        IServices(_peer("services")).latest(service);

        (c.provider, c.service, c.until) = (provider, service, until);
        emit ConsentGranted(id, msg.sender, provider, service, until);
    }

    /// @inheritdoc IConsents
    function revoke(bytes32 id) external {
        Consent storage c = _consents[id][msg.sender];
        if (c.until == 0) revert NotGranted(id, msg.sender);
        if (c.revoked) revert AlreadyRevoked(id, msg.sender);

        c.revoked = true;
        emit ConsentRevoked(id, msg.sender);
    }

    /// @inheritdoc IConsents
    function isActive(bytes32 id, address grantor, bytes32 provider, bytes32 service) external view returns (bool) {
        Consent storage c = _consents[id][grantor];
        return !c.revoked && block.timestamp < c.until && c.provider == provider && c.service == service;
    }
}
