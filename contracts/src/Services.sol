// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CONSENT, DECIDER, ISSUER, PROVIDER} from "./interfaces/Constants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRules} from "./interfaces/IRules.sol";
import {IServices} from "./interfaces/IServices.sol";
import {IStatutes} from "./interfaces/IStatutes.sol";
import {Text} from "./libraries/Text.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IServices}.
contract Services is IServices, Linked {
    uint256 private constant URI_MAX_BYTES = 256;

    mapping(bytes32 id => mapping(uint32 version => Service)) private _services;
    mapping(bytes32 id => uint32) private _latest;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IServices
    function publish(bytes32 id, Service calldata s) external returns (uint32 version) {
        Text.requireSlug(id);
        uint32 previous = _latest[id];
        if (previous != 0) _requirePublisher(id, _services[id][previous].owner, _services[id][previous].sponsor);
        _requirePublisher(id, s.owner, s.sponsor);
        _check(id, s);
        _checkRules(s.ruleSet);

        version = previous + 1;
        _latest[id] = version;
        _services[id][version] = s;
        emit ServicePublished(id, version, s.owner, s);
    }

    /// @inheritdoc IServices
    function setActive(bytes32 id, uint32 version, bool active) external {
        Service storage s = _known(id, version);
        _requirePublisher(id, s.owner, s.sponsor);
        s.active = active;
        emit ServiceActive(id, version, active);
    }

    /// @inheritdoc IServices
    function latest(bytes32 id) external view returns (uint32 version, Service memory) {
        version = _latest[id];
        if (version == 0) revert UnknownService(id);
        return (version, _services[id][version]);
    }

    /// @inheritdoc IServices
    function service(bytes32 id, uint32 version) external view returns (Service memory) {
        return _known(id, version);
    }

    function _known(bytes32 id, uint32 version) private view returns (Service storage s) {
        s = _services[id][version];
        if (s.owner == 0) revert UnknownVersion(id, version);
    }

    function _requirePublisher(bytes32 id, bytes32 owner, bytes32 sponsor) private view {
        if (msg.sender == registry.council() || _isAttester(owner, msg.sender)) return;
        if (sponsor != 0 && _isAttester(sponsor, msg.sender)) return;
        revert NotItsPublisher(id, msg.sender);
    }

    function _check(bytes32 id, Service calldata s) private view {
        _requireRole(s.owner, DECIDER);
        if (s.sponsor != 0) _requireRole(s.sponsor, DECIDER);
        if (s.credentialType != 0) _requireRole(s.owner, ISSUER);
        if (s.packageHash == 0) revert PackageHashMissing(id);
        if (s.promisedSeconds == 0 || s.promisedSeconds > s.statutorySeconds || s.appealSeconds == 0) {
            revert BadClocks(s.promisedSeconds, s.statutorySeconds, s.appealSeconds);
        }
        if (!Text.isWithin(s.uri, URI_MAX_BYTES)) revert BadLength("uri", bytes(s.uri).length, URI_MAX_BYTES);
    }

    /// @dev The size of a rule set is bounded by RuleCheck.
    function _checkRules(bytes32 ruleSet) private view {
        IRules.RuleSet memory rules = IRules(_peer("rules")).ruleSet(ruleSet);
        IStatutes statutes = IStatutes(_peer("statutes"));
        for (uint256 i; i < rules.predicates.length; ++i) {
            _requireRole(rules.predicates[i].provider, PROVIDER);
            if (rules.predicates[i].basis != CONSENT) statutes.statute(rules.predicates[i].basis);
        }
        for (uint256 i; i < rules.rows.length; ++i) {
            statutes.statute(rules.rows[i].statute);
        }
    }

    function _requireRole(bytes32 organisation, uint32 role) private view {
        (, uint32 roles) = registry.attesterOf(organisation);
        if (roles & role == 0) revert RoleMissing(organisation, role);
    }
}
