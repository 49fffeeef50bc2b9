// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Council} from "../src/Council.sol";
import {ICouncil} from "../src/interfaces/ICouncil.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IValidators} from "../src/interfaces/IValidators.sol";
import {Validators} from "../src/Validators.sol";
import {CouncilWorld} from "./support/CouncilWorld.sol";

contract CouncilTest is CouncilWorld {
    uint8 internal constant ACTIVE = uint8(IGovernor.ProposalState.Active);
    uint8 internal constant DEFEATED = uint8(IGovernor.ProposalState.Defeated);
    uint8 internal constant SUCCEEDED = uint8(IGovernor.ProposalState.Succeeded);
    uint8 internal constant QUEUED = uint8(IGovernor.ProposalState.Queued);
    uint8 internal constant EXPIRED = uint8(IGovernor.ProposalState.Expired);
    uint8 internal constant EXECUTED = uint8(IGovernor.ProposalState.Executed);

    function queueFails(Proposal memory p, uint8 current) internal {
        bytes32 succeeded = bytes32(uint256(1) << SUCCEEDED);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, p.id, current, succeeded)
        );
        queue(p);
    }

    function executeFails(Proposal memory p, uint8 current) internal {
        bytes32 queued = bytes32(uint256(1) << QUEUED);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, p.id, current, queued)
        );
        execute(p);
    }

    function proposeFails(Proposal memory p, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(member(0));
        council.propose(p.targets, p.values, p.calls, p.description);
    }

    function test_a_validator_is_added_by_two_thirds() public {
        Proposal memory p = propose(0, addValidator(2));
        vm.assertEq(council.votesNeeded(p.id), 5, "of seven");
        vote(p, 0, 4, FOR);
        expectState(p, ACTIVE, "four are not enough");
        queueFails(p, ACTIVE);
        executeFails(p, ACTIVE);
        vote(p, 4, 1, FOR);
        expectState(p, SUCCEEDED, "five are, at once");
        executeFails(p, SUCCEEDED);
        queue(p);
        uint256 from = block.timestamp + DELAY;
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TooEarly.selector, p.id, from));
        execute(p);
        vm.warp(from);
        vm.prank(stranger);
        execute(p);
        vm.assertEq(validators.list().length, 2, "added");
        expectState(p, EXECUTED, "done");
        executeFails(p, EXECUTED);
    }

    function test_more_than_half_decide_the_rest() public {
        Proposal memory p = propose(3, listAgency());
        vm.assertEq(council.votesNeeded(p.id), 4, "of seven");
        vote(p, 2, 3, FOR);
        expectState(p, ACTIVE, "three are not enough");
        vote(p, 0, 2, AGAINST);
        vote(p, 5, 1, FOR);
        expectState(p, SUCCEEDED, "four are");
        queue(p);
        vm.warp(block.timestamp + DELAY);
        execute(p);
        vm.assertEq(registry.organisationOf(address(7)), "civil-affairs", "listed");
    }

    function test_half_is_not_more_than_half() public {
        found(6);
        Proposal memory p = propose(0, listAgency());
        vote(p, 0, 3, FOR);
        vote(p, 3, 2, ABSTAIN);
        vm.warp(council.proposalDeadline(p.id));
        expectState(p, ACTIVE, "until the last second");
        vm.warp(council.proposalDeadline(p.id) + 1);
        expectState(p, DEFEATED, "who abstains is not for it");
        queueFails(p, DEFEATED);
        executeFails(p, DEFEATED);
    }

    /// @dev Two thirds of n, rounded up; more than half of n.
    function test_votes_needed_by_members() public {
        uint8[8] memory counts = [1, 2, 3, 4, 5, 6, 9, 10];
        uint8[8] memory half = [1, 2, 2, 3, 3, 4, 5, 6];
        uint8[8] memory thirds = [1, 2, 2, 3, 4, 4, 6, 7];
        for (uint256 i; i < counts.length; ++i) {
            found(counts[i]);
            vm.assertEq(council.votesNeeded(propose(0, listAgency()).id), half[i], "more than half");
            vm.assertEq(council.votesNeeded(propose(0, addValidator(2)).id), thirds[i], "two thirds");
        }
    }

    function test_what_decides_who_decides_needs_two_thirds() public {
        address a = address(council);
        expectNeeded(a, abi.encodeCall(ICouncil.addMember, (stranger)), 5);
        expectNeeded(a, abi.encodeCall(ICouncil.removeMember, (member(1))), 5);
        expectNeeded(a, abi.encodeCall(council.relay, (address(registry), 0, "")), 5);
        expectNeeded(address(validators), abi.encodeCall(IValidators.remove, (bytes32(uint256(1)))), 5);
        expectNeeded(address(registry), abi.encodeCall(IRegistry.setContract, ("statutes", stranger)), 5);
        expectNeeded(address(registry), abi.encodeCall(IRegistry.setOfficer, (stranger, "health", true)), 4);
        expectNeeded(address(registry), hex"", 4);
        expectNeeded(stranger, abi.encodeCall(IRegistry.setContract, ("statutes", stranger)), 4);

        Proposal memory p = listAgency();
        Proposal memory other = addValidator(2);
        (p.targets, p.values, p.calls) = (two(p.targets[0], other.targets[0]), new uint256[](2), new bytes[](2));
        p.calls[1] = other.calls[0];
        vm.assertEq(council.votesNeeded(propose(0, p).id), 5, "one of several calls");
    }

    function expectNeeded(address target, bytes memory call, uint256 votes) internal {
        Proposal memory p = proposal(target, call);
        p.description = vm.toString(uint256(keccak256(abi.encode(target, call))));
        vm.assertEq(council.votesNeeded(propose(0, p).id), votes, "votes needed");
    }

    function two(address a, address b) internal pure returns (address[] memory both) {
        both = new address[](2);
        (both[0], both[1]) = (a, b);
    }

    function test_four_cannot_act_on_what_became_the_validators_after_their_vote() public {
        IValidators.Validator[] memory first = new IValidators.Validator[](1);
        first[0] = aValidator(1);
        Validators successor = new Validators(registry, first);
        Proposal memory early =
            propose(0, proposal(address(successor), abi.encodeCall(IValidators.add, (aValidator(9)))));
        vote(early, 0, 4, FOR);
        queue(early);
        bytes memory call = abi.encodeCall(IRegistry.setContract, ("validators", address(successor)));
        carry(proposal(address(registry), call), 5);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TwoThirdsNeeded.selector, early.id));
        execute(early);
        vm.assertEq(successor.list().length, 1, "unchanged");
    }

    function test_who_is_no_member_neither_proposes_nor_votes() public {
        Proposal memory p = addValidator(2);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, stranger, 0, 1));
        vm.prank(stranger);
        council.propose(p.targets, p.values, p.calls, p.description);
        p = propose(0, p);
        for (uint8 support; support < 3; ++support) {
            vm.expectRevert(abi.encodeWithSelector(ICouncil.NotMember.selector, stranger));
            vm.prank(stranger);
            council.castVote(p.id, support);
        }
    }

    function test_a_member_votes_once_and_takes_nothing_back() public {
        Proposal memory p = propose(0, addValidator(2));
        vote(p, 0, 1, FOR);
        for (uint8 support; support < 3; ++support) {
            vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, member(0)));
            vm.prank(member(0));
            council.castVote(p.id, support);
        }
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInvalidVoteType.selector));
        vm.prank(member(1));
        council.castVote(p.id, 3);
    }

    function test_membership_is_changed_by_vote_alone() public {
        bytes memory refused = abi.encodeWithSelector(ICouncil.NotByVote.selector, member(0));
        vm.expectRevert(refused);
        vm.prank(member(0));
        council.addMember(stranger);
        vm.expectRevert(refused);
        vm.prank(member(0));
        council.removeMember(member(1));

        carry(proposal(address(council), abi.encodeCall(ICouncil.addMember, (stranger))), 5);
        vm.assertTrue(council.isMember(stranger), "added");
        vm.assertEq(council.members().length, 8, "eight");
        carry(proposal(address(council), abi.encodeCall(ICouncil.removeMember, (member(0)))), 6);
        vm.assertTrue(!council.isMember(member(0)), "removed");
        vm.assertEq(council.members()[0], stranger, "the last takes its place");
        vm.warp(block.timestamp + 1);
        proposeFails(
            addValidator(3),
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, member(0), 0, 1)
        );
    }

    /// @dev Who comes later does not count in a vote under way, and who was removed votes no more in it.
    function test_membership_counts_as_of_the_proposal() public {
        Proposal memory p = propose(1, addValidator(2));
        vote(p, 1, 2, FOR);
        carry(proposal(address(council), abi.encodeCall(ICouncil.addMember, (stranger))), 5);
        carry(proposal(address(council), abi.encodeCall(ICouncil.removeMember, (member(6)))), 6);
        vm.assertEq(council.votesNeeded(p.id), 5, "of the seven there were");
        vm.expectRevert(abi.encodeWithSelector(ICouncil.NotMember.selector, stranger));
        vm.prank(stranger);
        council.castVote(p.id, FOR);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.NotMember.selector, member(6)));
        vm.prank(member(6));
        council.castVote(p.id, FOR);
        vote(p, 3, 3, FOR);
        expectState(p, SUCCEEDED, "five of seven");
    }

    function test_the_council_keeps_1_to_100_members() public {
        found(1);
        failsInside(abi.encodeCall(ICouncil.removeMember, (member(0))), ICouncil.LastMember.selector, member(0), 1);
        failsInside(abi.encodeCall(ICouncil.removeMember, (stranger)), ICouncil.NotMember.selector, stranger, 1);
        failsInside(abi.encodeCall(ICouncil.addMember, (member(0))), ICouncil.AlreadyMember.selector, member(0), 1);
        found(100);
        Proposal memory p = propose(0, proposal(address(council), abi.encodeCall(ICouncil.addMember, (stranger))));
        vote(p, 0, 67, FOR);
        queue(p);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.TooManyMembers.selector, 100));
        execute(p);
        expectState(p, QUEUED, "nothing happened");
    }

    function failsInside(bytes memory call, bytes4 reason, address about, uint256 votes) internal {
        Proposal memory p = propose(0, proposal(address(council), call));
        vote(p, 0, votes, FOR);
        queue(p);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(reason, about));
        execute(p);
    }

    function test_a_carried_proposal_expires() public {
        Proposal memory p = propose(0, addValidator(2));
        vote(p, 0, 5, FOR);
        queue(p);
        uint256 last = council.proposalDeadline(p.id) + DELAY + 14 days;
        vm.warp(last);
        expectState(p, QUEUED, "until the last second");
        vm.warp(last + 1);
        expectState(p, EXPIRED, "and no longer");
        executeFails(p, EXPIRED);

        p = addValidator(3);
        p = propose(0, p);
        vote(p, 0, 5, FOR);
        vm.warp(council.proposalDeadline(p.id) + DELAY + 14 days + 1);
        queueFails(p, EXPIRED);
    }

    function test_a_proposal_is_bounded() public {
        Proposal memory p = listAgency();
        (p.targets, p.values, p.calls) = (new address[](33), new uint256[](33), new bytes[](33));
        proposeFails(p, abi.encodeWithSelector(ICouncil.TooLarge.selector, bytes32("calls"), 33, 32));
        p = proposal(address(7), new bytes(32_769));
        proposeFails(p, abi.encodeWithSelector(ICouncil.TooLarge.selector, bytes32("calldata"), 32_769, 32_768));
        p = proposal(address(7), new bytes(32_768));
        p.description = string(new bytes(1025));
        proposeFails(p, abi.encodeWithSelector(ICouncil.TooLarge.selector, bytes32("description"), 1025, 1024));
        p.description = string(new bytes(1024));
        propose(0, p);
        p.targets = new address[](0);
        proposeFails(p, abi.encodeWithSelector(IGovernor.GovernorInvalidProposalLength.selector, 0, 1, 1));
    }

    function test_genesis_refuses_bad_terms() public {
        foundFails(people(0), 60, 0, abi.encodeWithSelector(ICouncil.LastMember.selector, address(0)));
        foundFails(new address[](1), 60, 0, abi.encodeWithSelector(ICouncil.ZeroMember.selector));
        foundFails(people(101), 60, 0, abi.encodeWithSelector(ICouncil.TooManyMembers.selector, 100));
        address[] memory twice = people(2);
        twice[1] = twice[0];
        foundFails(twice, 60, 0, abi.encodeWithSelector(ICouncil.AlreadyMember.selector, twice[0]));
        bytes4 bad = ICouncil.BadPeriod.selector;
        foundFails(people(1), 59, 0, abi.encodeWithSelector(bad, bytes32("voting"), 59, 60, 90 days));
        foundFails(people(1), 90 days + 1, 0, abi.encodeWithSelector(bad, bytes32("voting"), 90 days + 1, 60, 90 days));
        foundFails(people(1), 60, 30 days + 1, abi.encodeWithSelector(bad, bytes32("delay"), 30 days + 1, 0, 30 days));
        new Council(registry, people(1), 60, 30 days);
    }

    function foundFails(address[] memory who, uint256 voting, uint256 delay, bytes memory reason) internal {
        vm.expectRevert(reason);
        new Council(registry, who, voting, delay);
    }

    function test_proposals_are_numbered_from_1() public {
        for (uint256 number; number < 2; ++number) {
            vm.expectRevert(abi.encodeWithSelector(ICouncil.UnknownProposal.selector, number));
            council.proposalAt(number);
        }
        Proposal memory first = propose(0, listAgency());
        vm.roll(block.number + 7);
        Proposal memory second = propose(1, addValidator(2));
        vm.assertEq(council.proposalCount(), 2, "how many");
        (uint256 id, uint256 blockNumber) = council.proposalAt(1);
        vm.assertEq(id, first.id, "first");
        (id, blockNumber) = council.proposalAt(2);
        vm.assertEq(id, second.id, "second");
        vm.assertEq(blockNumber, block.number, "block");
        proposeFails(
            addValidator(2),
            abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, id, ACTIVE, bytes32(0))
        );
        vm.assertEq(council.proposalCount(), 2, "not twice");
    }

    function test_what_does_not_exist_needs_no_number() public {
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 7));
        council.votesNeeded(7);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 7));
        council.state(7);
    }

    function test_wallets_see_a_clock_in_seconds() public view {
        vm.assertEq(uint256(council.clock()), block.timestamp, "clock");
        vm.assertEq(council.CLOCK_MODE(), "mode=timestamp", "mode");
        vm.assertEq(council.COUNTING_MODE(), "support=bravo&quorum=for", "counting");
        vm.assertEq(council.executionDelay(), DELAY, "delay");
        vm.assertEq(council.votingPeriod(), VOTING, "period");
    }

    /// @dev Whatever the members do, it is carried exactly when enough of them are for it, and stays so.
    function testFuzz_carried_exactly_when_enough_are_for_it(uint8 size, uint256 choices, bool twoThirds) public {
        uint256 n = within(size, 1, 40);
        found(n);
        Proposal memory p = propose(0, twoThirds ? addValidator(2) : listAgency());
        uint256 votesFor;
        for (uint256 i; i < n; ++i) {
            uint8 support = uint8(choices >> (2 * i)) & 3;
            bool isCarried = twoThirds ? 3 * votesFor >= 2 * n : 2 * votesFor > n;
            expectState(p, isCarried ? SUCCEEDED : ACTIVE, "carried or not");
            if (isCarried) break;
            if (support == 3) continue;
            vote(p, i, 1, support);
            if (support == FOR) ++votesFor;
        }
        bool isCarriedAtLast = twoThirds ? 3 * votesFor >= 2 * n : 2 * votesFor > n;
        vm.warp(council.proposalDeadline(p.id) + 1);
        expectState(p, isCarriedAtLast ? SUCCEEDED : DEFEATED, "at the end");
    }
}
