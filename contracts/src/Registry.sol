// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ALL_ROLES} from "./interfaces/Constants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Text} from "./libraries/Text.sol";

/// @dev See {IRegistry}.
contract Registry is IRegistry {
    uint256 private constant NAME_MAX_BYTES = 128;
    uint256 private constant GATEWAY_MAX_BYTES = 256;

    address public immutable council;

    mapping(bytes32 id => Organisation) private _organisations;
    mapping(address key => Officer) private _officers;
    mapping(bytes32 name => address) private _contracts;
    mapping(address attester => bytes32 id) private _attesters;

    /// @param names of the contracts of genesis, whose addresses are known before they exist
    constructor(address council_, bytes32[] memory names, address[] memory addresses) {
        if (council_ == address(0)) revert ZeroAddress("council");
        if (names.length != addresses.length) revert LengthsDiffer(names.length, addresses.length);
        council = council_;
        for (uint256 i; i < names.length; ++i) {
            _setContract(names[i], addresses[i]);
        }
    }

    modifier onlyCouncil() {
        if (msg.sender != council) revert NotCouncil(msg.sender);
        _;
    }

    /// @inheritdoc IRegistry
    function setOrganisation(bytes32 id, Organisation calldata o) external onlyCouncil {
        Text.requireSlug(id);
        if (o.attester == address(0)) revert ZeroAddress(id);
        if (o.roles == 0 || o.roles & ~ALL_ROLES != 0) revert BadRoles(o.roles);
        if (o.encryptionKey == 0) revert EncryptionKeyMissing(id);
        if (!Text.isWithin(o.name, NAME_MAX_BYTES)) revert BadLength("name", bytes(o.name).length, NAME_MAX_BYTES);
        if (!Text.isWithin(o.gateway, GATEWAY_MAX_BYTES)) {
            revert BadLength("gateway", bytes(o.gateway).length, GATEWAY_MAX_BYTES);
        }
        bytes32 holder = _attesters[o.attester];
        if (holder != 0 && holder != id) revert AttesterTaken(o.attester, holder);

        delete _attesters[_organisations[id].attester];
        _attesters[o.attester] = id;
        _organisations[id] = o;
        emit OrganisationSet(id, o.attester, o.roles, o.encryptionKey, o.name, o.gateway);
    }

    /// @inheritdoc IRegistry
    function setOfficer(address key, bytes32 id, bool active) external {
        address attester = _known(id).attester;
        if (msg.sender != council && msg.sender != attester) revert NotCouncilOrAttester(msg.sender, id);
        if (key == address(0)) revert ZeroAddress("officer");
        Officer storage o = _officers[key];
        bool isElsewhere = o.organisation != 0 && o.organisation != id;
        if (isElsewhere && (o.active || !active)) revert OfficerElsewhere(key, o.organisation);

        _officers[key] = Officer({organisation: id, active: active});
        emit OfficerSet(key, id, active);
    }

    /// @inheritdoc IRegistry
    function setContract(bytes32 name, address location) external onlyCouncil {
        _setContract(name, location);
    }

    /// @inheritdoc IRegistry
    function organisation(bytes32 id) external view returns (Organisation memory) {
        return _known(id);
    }

    /// @inheritdoc IRegistry
    function attesterOf(bytes32 id) external view returns (address attester, uint32 roles) {
        Organisation storage o = _known(id);
        return (o.attester, o.roles);
    }

    /// @inheritdoc IRegistry
    function organisationOf(address attester) external view returns (bytes32) {
        return _attesters[attester];
    }

    /// @inheritdoc IRegistry
    function officer(address key) external view returns (Officer memory) {
        return _officers[key];
    }

    /// @inheritdoc IRegistry
    function contractOf(bytes32 name) external view returns (address location) {
        location = _contracts[name];
        if (location == address(0)) revert UnknownContract(name);
    }

    function _setContract(bytes32 name, address location) private {
        Text.requireSlug(name);
        if (location == address(0)) revert ZeroAddress(name);
        _contracts[name] = location;
        emit ContractSet(name, location);
    }

    function _known(bytes32 id) private view returns (Organisation storage o) {
        o = _organisations[id];
        if (o.attester == address(0)) revert UnknownOrganisation(id);
    }
}
