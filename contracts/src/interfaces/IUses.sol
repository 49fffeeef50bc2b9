// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "./ICases.sol";

/// @title Use records: every use of a person's data, under a one-time tag that only that person can foresee
/// @notice No record without a basis, none that asks for more than the service's rule set declares, none for a case in
/// which nothing is to be found out any more: facts are asked for while it is asking, fields behind them while it is under review. The wallet walks its tags until the first that is provably absent: slot 0 maps tags to
/// bindings, so absence is an exclusion proof of one storage slot.
interface IUses {
    /// @param purpose the service of the case
    /// @param ciphertext the details for the person concerned, AES-256-GCM, always 528 bytes
    event Used(
        bytes32 indexed tag,
        bytes32 indexed caseId,
        bytes32 indexed provider,
        bytes32 consumer,
        bytes32 purpose,
        bytes32 basis,
        uint32 mask,
        bytes ciphertext
    );

    error NotTheProvider(bytes32 provider, address sender);
    error EmptyTag();
    error TagUsed(bytes32 tag);
    error CaseNotAsking(bytes32 caseId, ICases.Status status);
    error NotTheOwner(bytes32 consumer, bytes32 owner);
    error EmptyMask();
    error OverAsking(bytes32 provider, uint32 notDeclared);
    error NotTheBasis(uint256 predicate, bytes32 basis);
    error BasisNotInForce(bytes32 statute);
    error WrongCiphertextLength(uint256 given, uint256 expected);

    /// @notice Records that the sender, the provider's attester, uses data of the case's applicant: to answer predicates, or
    /// to give the fields behind them to the owner, whose officer reviews the case. Which fields, the ciphertext says. A
    /// consent counts it, and one that holds once is used up by it; see {IConsents} for how one refuses.
    /// @param consumer who learns the answer: the owner of the service
    /// @param mask the predicates answered, or whose fields are given, as bits; all must have this one basis
    /// @param basis the statute's id, or the consent's id where the rule set demands a consent
    function record(
        bytes32 tag,
        bytes32 caseId,
        bytes32 provider,
        bytes32 consumer,
        uint32 mask,
        bytes32 basis,
        bytes calldata ciphertext
    ) external;

    /// @return `keccak256(abi.encode(provider, caseId, mask))`, or 0 if the tag was never used
    function binding(bytes32 tag) external view returns (bytes32);
}
