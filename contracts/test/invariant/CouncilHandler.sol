// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICouncil} from "../../src/interfaces/ICouncil.sol";
import {CouncilWorld} from "../support/CouncilWorld.sol";

/// @notice Members and others propose, vote, queue, execute and let time pass at random; a plain count of votes beside it
/// says what may happen.
contract CouncilHandler is CouncilWorld {
    uint256 internal constant PEOPLE = 9;

    string public violation;
    uint256 public executed;
    uint256 public refused;
    Proposal[] internal proposals;
    mapping(uint256 id => uint256) internal votesFor;
    mapping(uint256 id => uint256) internal needed;
    mapping(uint256 id => uint256) internal queuedAt;
    mapping(uint256 id => bool) internal isDone;

    constructor() {
        found(7);
    }

    function act(uint8 what, uint8 who, uint8 which, uint8 how) external {
        vm.warp(block.timestamp + 1 + uint256(how) * 60);
        if (what % 16 == 0 || proposals.length == 0) return suggest(who, how);
        Proposal memory p = proposals[proposals.length - 1 - which % min(proposals.length, 3)];
        if (what % 16 < 10) cast(p, who, how);
        else if (what % 16 < 13) line(p);
        else run(p);
        check();
    }

    /// @dev A member is added or removed, or an agency is listed: two thirds, two thirds, more than half.
    function suggest(uint8 who, uint8 how) internal {
        address someone = member(how % PEOPLE);
        bytes memory call = council.isMember(someone)
            ? abi.encodeCall(ICouncil.removeMember, (someone))
            : abi.encodeCall(ICouncil.addMember, (someone));
        Proposal memory p = how % 3 == 0 ? listAgency() : proposal(address(council), call);
        p.description = vm.toString(proposals.length);
        bool may = council.isMember(member(who % PEOPLE));
        uint256 n = council.members().length;
        vm.prank(member(who % PEOPLE));
        try council.propose(p.targets, p.values, p.calls, p.description) returns (uint256 id) {
            require_(may, "proposed by a stranger");
            p.id = id;
            needed[id] = how % 3 == 0 ? n / 2 + 1 : (2 * n + 2) / 3;
            proposals.push(p);
        } catch {
            require_(!may, "a member may propose");
            ++refused;
        }
    }

    function cast(Proposal memory p, uint8 who, uint8 how) internal {
        address voter = member(who % PEOPLE);
        bool may = council.isMember(voter);
        bool wasCarried = votesFor[p.id] >= needed[p.id];
        bool hadVoted = council.hasVoted(p.id, voter);
        uint8 support = how % 4 == 0 ? AGAINST : FOR;
        vm.prank(voter);
        try council.castVote(p.id, support) {
            require_(may && !hadVoted && !wasCarried, "a vote that does not count");
            if (support == FOR) ++votesFor[p.id];
        } catch {
            ++refused;
        }
    }

    function line(Proposal memory p) internal {
        try council.queue(p.targets, p.values, p.calls, keccak256(bytes(p.description))) {
            require_(votesFor[p.id] >= needed[p.id] && queuedAt[p.id] == 0, "queued without the votes");
            queuedAt[p.id] = block.timestamp;
        } catch {
            ++refused;
        }
    }

    function run(Proposal memory p) internal {
        try council.execute(p.targets, p.values, p.calls, keccak256(bytes(p.description))) {
            require_(votesFor[p.id] >= needed[p.id], "executed without the votes");
            require_(queuedAt[p.id] != 0 && block.timestamp >= queuedAt[p.id] + DELAY, "executed too early");
            require_(!isDone[p.id], "executed twice");
            isDone[p.id] = true;
            ++executed;
        } catch {
            ++refused;
        }
    }

    /// @dev Listed are exactly those who are members, each once, and the numbers of votes follow.
    function check() internal {
        uint256 count;
        for (uint256 i; i < PEOPLE; ++i) {
            if (council.isMember(member(i))) ++count;
        }
        address[] memory listed = council.members();
        require_(listed.length == count && count >= 1, "how many");
        for (uint256 i; i < listed.length; ++i) {
            require_(council.isMember(listed[i]), "listed but no member");
        }
        require_(council.quorum(block.timestamp) == count / 2 + 1, "more than half");
        require_(council.proposalCount() == proposals.length, "proposals");
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function require_(bool holds, string memory what) internal {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
