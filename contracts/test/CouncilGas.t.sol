// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Council} from "../src/Council.sol";
import {CouncilWorld} from "./support/CouncilWorld.sol";

/// @notice What deciding costs, see {GasTest}.
contract CouncilGasTest is CouncilWorld {
    Proposal internal open;
    Proposal internal carried;
    Proposal internal queued;

    function setUp() public override {
        super.setUp();
        open = propose(0, addValidator(2));
        carried = propose(0, addValidator(3));
        vote(carried, 0, 5, FOR);
        queued = propose(0, addValidator(4));
        vote(queued, 0, 5, FOR);
        queue(queued);
        vm.warp(block.timestamp + DELAY);
    }

    function test_propose() public {
        propose(0, addValidator(5));
    }

    function test_vote() public {
        vote(open, 0, 1, FOR);
    }

    function test_queue() public {
        queue(carried);
    }

    function test_execute() public {
        execute(queued);
    }

    /// @dev A genesis with the most members; a creation has at most 16,777,216.
    function test_create_with_100() public {
        new Council(registry, people(100), VOTING, DELAY);
    }
}
