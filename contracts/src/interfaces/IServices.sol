// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The catalogue of services that run: who owns them, by which package and rule set, and their clocks
interface IServices {
    /// @param owner the organisation whose officers decide
    /// @param sponsor the agency that answers for a partner's service; zero if there is none
    /// @param packageHash keccak256 of the canonical package
    /// @param promisedSeconds within which the owner promises to decide, at most `statutorySeconds`
    /// @param statutorySeconds within which the law obliges it to
    /// @param appealSeconds within which the applicant may appeal, from the decision; never zero
    /// @param credentialType what an approval issues; zero for nothing
    /// @param uri where the package can be fetched
    struct Service {
        bytes32 owner;
        bytes32 sponsor;
        bytes32 packageHash;
        bytes32 ruleSet;
        uint32 promisedSeconds;
        uint32 statutorySeconds;
        uint32 appealSeconds;
        bool active;
        bytes32 credentialType;
        string uri;
    }

    event ServicePublished(bytes32 indexed id, uint32 indexed version, bytes32 indexed owner, Service service);
    event ServiceActive(bytes32 indexed id, uint32 indexed version, bool active);

    error UnknownService(bytes32 id);
    error UnknownVersion(bytes32 id, uint32 version);
    error NotItsPublisher(bytes32 id, address sender);
    error RoleMissing(bytes32 organisation, uint32 role);
    error PackageHashMissing(bytes32 id);
    error BadClocks(uint32 promisedSeconds, uint32 statutorySeconds, uint32 appealSeconds);
    error BadLength(bytes32 field, uint256 bytesGiven, uint256 bytesAllowed);

    /// @notice Publishes the first or the next version. Owner's or sponsor's attester, or council; the same must hold for
    /// the version before. Every provider, statute and the rule set must be listed.
    /// @param id a slug
    /// @return version counts from 1
    function publish(bytes32 id, Service calldata service_) external returns (uint32 version);

    /// @notice Opens or shuts a version to new cases; running ones go on. Same senders as `publish`.
    function setActive(bytes32 id, uint32 version, bool active) external;

    function latest(bytes32 id) external view returns (uint32 version, Service memory);
    function service(bytes32 id, uint32 version) external view returns (Service memory);
}
