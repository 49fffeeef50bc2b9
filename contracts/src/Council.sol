// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @dev See {ICouncil}.
contract Council is ICouncil, GovernorCountingSimple {
    using Checkpoints for Checkpoints.Trace208;

    uint256 private constant MAX_MEMBERS = 100;
    uint256 private constant MAX_CALLS = 32;
    uint256 private constant CALL_DATA_MAX_BYTES = 32_768;
    uint256 private constant DESCRIPTION_MAX_BYTES = 1024;
    uint256 private constant VOTING_LEAST = 1 minutes;
    uint256 private constant VOTING_MOST = 90 days;
    uint256 private constant DELAY_MOST = 30 days;
    uint256 private constant EXECUTED_WITHIN = 14 days;

    struct Made {
        uint256 id;
        uint256 blockNumber;
    }

    IRegistry public immutable registry;
    /// @inheritdoc ICouncil
    uint256 public immutable executionDelay;
    uint256 private immutable _votingPeriod;

    address[] private _members;
    /// @dev 1 from the second of being added, 0 from that of being removed.
    mapping(address account => Checkpoints.Trace208) private _membership;
    Checkpoints.Trace208 private _memberCount;
    mapping(uint256 proposalId => bool) private _needsTwoThirds;
    Made[] private _made;

    modifier byVote() {
        if (msg.sender != address(this)) revert NotByVote(msg.sender);
        _;
    }

    /// @param votingSeconds how long a proposal can be voted on, if it is not carried before
    constructor(IRegistry registry_, address[] memory members_, uint256 votingSeconds, uint256 delaySeconds)
        Governor("Zhengtong Council")
    {
        if (votingSeconds < VOTING_LEAST || votingSeconds > VOTING_MOST) {
            revert BadPeriod("voting", votingSeconds, VOTING_LEAST, VOTING_MOST);
        }
        if (delaySeconds > DELAY_MOST) revert BadPeriod("delay", delaySeconds, 0, DELAY_MOST);
        if (members_.length == 0) revert LastMember(address(0));
        (registry, _votingPeriod, executionDelay) = (registry_, votingSeconds, delaySeconds);
        for (uint256 i; i < members_.length; ++i) {
            _addMember(members_[i]);
        }
    }

    /// @inheritdoc ICouncil
    function addMember(address member) external byVote {
        _addMember(member);
    }

    /// @inheritdoc ICouncil
    function removeMember(address member) external byVote {
        if (!isMember(member)) revert NotMember(member);
        uint256 last = _members.length - 1;
        if (last == 0) revert LastMember(member);
        uint256 position;
        while (_members[position] != member) ++position;
        _members[position] = _members[last];
        _members.pop();
        _note(member, 0);
        emit MemberRemoved(member);
    }

    /// @inheritdoc ICouncil
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc ICouncil
    function isMember(address account) public view returns (bool) {
        return _membership[account].latest() == 1;
    }

    /// @inheritdoc ICouncil
    function proposalCount() external view returns (uint256) {
        return _made.length;
    }

    /// @inheritdoc ICouncil
    function proposalAt(uint256 number) external view returns (uint256 id, uint256 blockNumber) {
        if (number == 0 || number > _made.length) revert UnknownProposal(number);
        Made storage made = _made[number - 1];
        return (made.id, made.blockNumber);
    }

    /// @inheritdoc ICouncil
    function votesNeeded(uint256 proposalId) public view returns (uint256) {
        uint256 snapshot = proposalSnapshot(proposalId);
        if (snapshot == 0) revert GovernorNonexistentProposal(proposalId);
        return _needsTwoThirds[proposalId] ? (2 * _membersAt(snapshot) + 2) / 3 : quorum(snapshot);
    }

    /// @dev Carried at once, and for a while; otherwise as OpenZeppelin's.
    function state(uint256 proposalId) public view override returns (ProposalState s) {
        s = super.state(proposalId);
        if (s == ProposalState.Active && _quorumReached(proposalId)) {
            s = proposalEta(proposalId) == 0 ? ProposalState.Succeeded : ProposalState.Queued;
        }
        bool isCarried = s == ProposalState.Succeeded || s == ProposalState.Queued;
        uint256 lastStart = proposalDeadline(proposalId) + executionDelay;
        if (isCarried && clock() > lastStart + EXECUTED_WITHIN) s = ProposalState.Expired;
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    // forge-lint: disable-next-line(mixed-case-function)
    function COUNTING_MODE() public pure override returns (string memory) {
        return "support=bravo&quorum=for";
    }

    function votingDelay() public pure override returns (uint256) {
        return 0;
    }

    function votingPeriod() public view override returns (uint256) {
        return _votingPeriod;
    }

    function proposalThreshold() public pure override returns (uint256) {
        return 1;
    }

    function proposalNeedsQueuing(uint256) public pure override returns (bool) {
        return true;
    }

    /// @notice The votes that carry a proposal that two thirds are not needed for.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return _membersAt(timepoint) / 2 + 1;
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        if (targets.length > MAX_CALLS) revert TooLarge("calls", targets.length, MAX_CALLS);
        uint256 size = bytes(description).length;
        if (size > DESCRIPTION_MAX_BYTES) revert TooLarge("description", size, DESCRIPTION_MAX_BYTES);
        size = 0;
        for (uint256 i; i < calldatas.length; ++i) {
            size += calldatas[i].length;
        }
        if (size > CALL_DATA_MAX_BYTES) revert TooLarge("calldata", size, CALL_DATA_MAX_BYTES);
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        _made.push(Made(proposalId, block.number));
        if (_decidesWhoDecides(targets, calldatas)) _needsTwoThirds[proposalId] = true;
    }

    function _countVote(uint256 proposalId, address account, uint8 support, uint256 weight, bytes memory params)
        internal
        override
        returns (uint256)
    {
        if (weight == 0 || !isMember(account)) revert NotMember(account);
        return super._countVote(proposalId, account, support, weight, params);
    }

    function _queueOperations(uint256, address[] memory, uint256[] memory, bytes[] memory, bytes32)
        internal
        view
        override
        returns (uint48)
    {
        return SafeCast.toUint48(clock() + executionDelay);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override {
        uint256 from = proposalEta(proposalId);
        if (clock() < from) revert TooEarly(proposalId, from);
        // Another contract may have become `Validators` meanwhile.
        if (!_needsTwoThirds[proposalId] && _decidesWhoDecides(targets, calldatas)) revert TwoThirdsNeeded(proposalId);
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        (, uint256 votesFor,) = proposalVotes(proposalId);
        return votesFor >= votesNeeded(proposalId);
    }

    function _getVotes(address account, uint256 timepoint, bytes memory) internal view override returns (uint256) {
        return _membership[account].upperLookup(SafeCast.toUint48(timepoint));
    }

    function _membersAt(uint256 timepoint) private view returns (uint256) {
        return _memberCount.upperLookup(SafeCast.toUint48(timepoint));
    }

    function _decidesWhoDecides(address[] memory targets, bytes[] memory calldatas) private view returns (bool) {
        address validators = registry.contractOf("validators");
        for (uint256 i; i < targets.length; ++i) {
            if (targets[i] == address(this) || targets[i] == validators) return true;
            if (targets[i] == address(registry) && bytes4(calldatas[i]) == IRegistry.setContract.selector) return true;
        }
        return false;
    }

    function _addMember(address member) private {
        if (member == address(0)) revert ZeroMember();
        if (isMember(member)) revert AlreadyMember(member);
        if (_members.length == MAX_MEMBERS) revert TooManyMembers(MAX_MEMBERS);
        _members.push(member);
        _note(member, 1);
        emit MemberAdded(member);
    }

    function _note(address member, uint208 isIn) private {
        _membership[member].push(clock(), isIn);
        _memberCount.push(clock(), uint208(_members.length));
    }
}
