// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsents} from "./interfaces/IConsents.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IConsents}.
contract Consents is IConsents, Linked {
    /// @dev Slot 0, three words each: exports prove them.
    mapping(bytes32 id => mapping(address grantor => Consent)) private _consents;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IConsents
    function grant(bytes32 id, bytes32 provider, bytes32 service, uint64 until, bool once) external {
        if (id == 0) revert EmptyId();
        Consent storage c = _consents[id][msg.sender];
        if (c.until != 0) revert AlreadyGranted(id, msg.sender);
        if (until <= block.timestamp) revert AlreadyOver(id, until);
        registry.attesterOf(provider);
        IServices(_peer("services")).latest(service);

        (c.provider, c.service, c.until, c.once) = (provider, service, until, once);
        emit ConsentGranted(id, msg.sender, provider, service, until, once);
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
    function consume(bytes32 id, address grantor, bytes32 provider, bytes32 service) external {
        if (msg.sender != _peer("uses")) revert NotUses(msg.sender);
        Consent storage c = _consents[id][grantor];
        if (!_holds(c, provider, service)) revert ConsentNotActive(id);
        if (_isUsedUp(c)) revert ConsentUsedUp(id);

        ++c.uses;
    }

    /// @inheritdoc IConsents
    function isActive(bytes32 id, address grantor, bytes32 provider, bytes32 service) external view returns (bool) {
        Consent storage c = _consents[id][grantor];
        return _holds(c, provider, service) && !_isUsedUp(c);
    }

    /// @inheritdoc IConsents
    function get(bytes32 id, address grantor) external view returns (Consent memory) {
        return _consents[id][grantor];
    }

    /// @dev Given for this, neither withdrawn nor over.
    function _holds(Consent storage c, bytes32 provider, bytes32 service) private view returns (bool) {
        return !c.revoked && block.timestamp < c.until && c.provider == provider && c.service == service;
    }

    function _isUsedUp(Consent storage c) private view returns (bool) {
        return c.once && c.uses != 0;
    }
}
