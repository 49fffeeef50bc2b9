// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAllowances} from "./interfaces/IAllowances.sol";
import {ICases} from "./interfaces/ICases.sol";
import {ICredentials} from "./interfaces/ICredentials.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRules} from "./interfaces/IRules.sol";
import {IServices} from "./interfaces/IServices.sol";
import {IStatutes} from "./interfaces/IStatutes.sol";
import {IUses} from "./interfaces/IUses.sol";
import {Linked} from "./Linked.sol";

/// @notice What Cases keeps, how it is read, and who may change it. Inherited first, so that cases stand in slot 0 and
/// facts in slot 1: clients prove them.
abstract contract CaseBook is ICases, Linked {
    mapping(bytes32 id => Case) internal _cases;
    mapping(bytes32 id => int32[]) internal _facts;

    /// @inheritdoc ICases
    function caseId(address applicant) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), applicant));
    }

    /// @inheritdoc ICases
    function get(bytes32 id) external view returns (Case memory) {
        return _known(id);
    }

    /// @inheritdoc ICases
    function facts(bytes32 id) external view returns (int32[] memory) {
        _known(id);
        return _facts[id];
    }

    function _known(bytes32 id) internal view returns (Case storage c) {
        c = _cases[id];
        if (c.status == Status.None) revert UnknownCase(id);
    }

    /// @dev The number of the event about to be emitted.
    function _next(Case storage c) internal returns (uint32 seq) {
        seq = c.events++;
    }

    /// @dev The case, if it is under review and the sender may decide it: an officer of the owner, and on appeal not the
    /// one who decided before.
    function _underReview(bytes32 id) internal view returns (Case storage c) {
        c = _known(id);
        if (c.status != Status.Review) revert NotUnderReview(id, c.status);
        IRegistry.Officer memory o = registry.officer(msg.sender);
        if (!o.active || o.organisation != _service(c).owner) revert NotAnOfficer(msg.sender);
        if (c.cause == Cause.Appeal && msg.sender == c.officer) revert SameOfficer(msg.sender);
    }

    function _requireApplicant(bytes32 id, Case storage c) internal view {
        if (msg.sender != c.applicant) revert NotTheApplicant(id, msg.sender);
    }

    function _isDecided(Case storage c) internal view returns (bool) {
        return c.status == Status.Approved || c.status == Status.Refused;
    }

    /// @dev The credential of the last decision has been issued, or none is due.
    function _isDelivered(bytes32 id, Case storage c) internal view returns (bool) {
        return _service(c).credentialType == 0 || ICredentials(_peer("credentials")).issuedAt(id) == c.events;
    }

    function _isInForce(bytes32 statute) internal view returns (bool) {
        return IStatutes(_peer("statutes")).inForce(statute, uint64(block.timestamp));
    }

    function _service(Case storage c) internal view returns (IServices.Service memory) {
        return IServices(_peer("services")).service(c.service, c.version);
    }

    function _allowances() internal view returns (IAllowances) {
        return IAllowances(_peer("allowances"));
    }

    function _rules() internal view returns (IRules) {
        return IRules(_peer("rules"));
    }

    function _uses() internal view returns (IUses) {
        return IUses(_peer("uses"));
    }
}
