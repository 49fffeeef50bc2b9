// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The council of agencies: each member has one vote
/// @notice A proposal is calls, made by the council as `msg.sender` once it is carried. Proposing, voting, queueing and
/// executing are OpenZeppelin's `IGovernor`, with its events; here is what it leaves open.
///
/// - A proposal is carried as soon as enough members voted for it; who does not vote, or abstains, is not for it. The
///   number is fixed by the members at the second of the proposal, and no vote can be taken back, so that what is carried
///   stays carried and needs no waiting for the end of the vote.
/// - More than half of the members carry a proposal. Two thirds, as consensus itself needs, carry one that calls this
///   contract, `Validators`, or `Registry.setContract`: these decide who decides.
/// - A carried proposal is queued by anybody, can be executed by anybody `executionDelay` later, and expires 14 days after
///   the end of its vote and that delay.
/// - Times are unix seconds.
interface ICouncil {
    event MemberAdded(address indexed member);
    event MemberRemoved(address indexed member);

    error UnknownProposal(uint256 number);
    error NotMember(address account);
    error AlreadyMember(address account);
    error LastMember(address account);
    error TooManyMembers(uint256 allowed);
    error ZeroMember();
    error NotByVote(address sender);
    error BadPeriod(bytes32 field, uint256 secondsGiven, uint256 secondsLeast, uint256 secondsMost);
    error TooLarge(bytes32 field, uint256 given, uint256 allowed);
    error TooEarly(uint256 proposalId, uint256 from);
    error TwoThirdsNeeded(uint256 proposalId);

    /// @notice Adds a member, who votes on proposals made from the next second on. By a vote only; at most 100.
    function addMember(address member) external;

    /// @notice Removes a member, unless it is the last: also from votes that are under way, though votes cast stay cast.
    /// By a vote only.
    function removeMember(address member) external;

    /// @notice The members, in no particular order: 1 to 100.
    function members() external view returns (address[] memory);

    function isMember(address account) external view returns (bool);

    /// @notice Proposals are numbered from 1.
    function proposalCount() external view returns (uint256);

    /// @notice Reverts with UnknownProposal if there is none of that number.
    /// @return id what `IGovernor` knows it by, the hash of its calls and its description
    /// @return blockNumber the block with its `ProposalCreated`
    function proposalAt(uint256 number) external view returns (uint256 id, uint256 blockNumber);

    /// @notice How many votes carry this proposal.
    function votesNeeded(uint256 proposalId) external view returns (uint256);

    /// @notice Seconds between the queueing of a carried proposal and its execution.
    function executionDelay() external view returns (uint256);
}
