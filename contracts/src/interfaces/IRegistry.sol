// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The organisations of the network, their officers, and the addresses of the contracts
/// @notice Residents are never listed here, nor anywhere in public.
interface IRegistry {
    /// @param attester the key that signs facts, use records and credentials; no two organisations share one
    /// @param roles a mask of PROVIDER, DECIDER, IDENTITY, ISSUER and RECOVERY
    /// @param encryptionKey the X25519 public key to which residents seal their messages
    /// @param gateway the base URL of the organisation's gateway
    struct Organisation {
        address attester;
        uint32 roles;
        bytes32 encryptionKey;
        string name;
        string gateway;
    }

    /// @param organisation zero if the key never was an officer's
    struct Officer {
        bytes32 organisation;
        bool active;
    }

    event OrganisationSet(
        bytes32 indexed id, address indexed attester, uint32 roles, bytes32 encryptionKey, string name, string gateway
    );
    event OfficerSet(address indexed key, bytes32 indexed organisation, bool active);
    event ContractSet(bytes32 indexed name, address indexed location);

    error NotCouncil(address sender);
    error NotCouncilOrAttester(address sender, bytes32 organisation);
    error UnknownOrganisation(bytes32 id);
    error UnknownContract(bytes32 name);
    error ZeroAddress(bytes32 field);
    error LengthsDiffer(uint256 names, uint256 addresses);
    error AttesterTaken(address attester, bytes32 by);
    error BadRoles(uint32 roles);
    error EncryptionKeyMissing(bytes32 id);
    error BadLength(bytes32 field, uint256 bytesGiven, uint256 bytesAllowed);
    error OfficerElsewhere(address key, bytes32 organisation);

    /// @notice Lists or replaces an organisation. Council only.
    /// @param id a slug: lower-case ASCII letters, digits and `-`, at most 31, right-padded with zeros
    function setOrganisation(bytes32 id, Organisation calldata organisation_) external;

    /// @notice Appoints or dismisses an officer. Council, or the organisation's attester. An active officer of another
    /// organisation must be dismissed there first.
    function setOfficer(address key, bytes32 organisation_, bool active) external;

    /// @notice Puts a contract, or its successor, under a name. Council only.
    function setContract(bytes32 name, address location) external;

    function council() external view returns (address);

    /// @notice Reverts with UnknownOrganisation if not listed.
    function organisation(bytes32 id) external view returns (Organisation memory);

    /// @notice Attester and roles alone. Reverts with UnknownOrganisation if not listed.
    function attesterOf(bytes32 id) external view returns (address attester, uint32 roles);

    /// @return the organisation that signs with this key; zero if there is none
    function organisationOf(address attester) external view returns (bytes32);

    function officer(address key) external view returns (Officer memory);

    /// @notice Reverts with UnknownContract if there is none of that name.
    function contractOf(bytes32 name) external view returns (address);
}
