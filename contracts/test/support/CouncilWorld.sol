// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Council} from "../../src/Council.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IValidators} from "../../src/interfaces/IValidators.sol";
import {Registry} from "../../src/Registry.sol";
import {Validators} from "../../src/Validators.sol";
import {Test} from "./Vm.sol";

/// @notice A council of seven that governs a registry and a list of validators, as a genesis makes them. More than half of
/// seven are four, two thirds are five.
abstract contract CouncilWorld is Test {
    struct Proposal {
        uint256 id;
        address[] targets;
        uint256[] values;
        bytes[] calls;
        string description;
    }

    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;
    uint256 internal constant VOTING = 7 days;
    uint256 internal constant DELAY = 1 days;
    uint64 internal constant START = 1_790_000_000;

    address internal stranger = address(0xBAD);
    Council internal council;
    Registry internal registry;
    Validators internal validators;

    function setUp() public virtual {
        found(7);
    }

    function found(uint256 count) internal {
        vm.warp(START);
        bytes32[] memory names = new bytes32[](1);
        address[] memory places = new address[](1);
        uint256 nonce = vm.getNonce(address(this));
        (names[0], places[0]) = ("validators", vm.computeCreateAddress(address(this), nonce + 1));
        registry = new Registry(vm.computeCreateAddress(address(this), nonce + 2), names, places);
        IValidators.Validator[] memory first = new IValidators.Validator[](1);
        first[0] = aValidator(1);
        validators = new Validators(registry, first);
        council = new Council(registry, people(count), VOTING, DELAY);
        vm.warp(START + 60);
    }

    function member(uint256 index) internal pure returns (address) {
        return address(uint160(0xC000 + index));
    }

    function people(uint256 count) internal pure returns (address[] memory all) {
        all = new address[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = member(i);
        }
    }

    function aValidator(uint256 key) internal pure returns (IValidators.Validator memory) {
        return IValidators.Validator(bytes32(key), "192.0.2.7:9700", "institution");
    }

    function addValidator(uint256 key) internal view returns (Proposal memory) {
        return proposal(address(validators), abi.encodeCall(IValidators.add, (aValidator(key))));
    }

    function listAgency() internal view returns (Proposal memory) {
        IRegistry.Organisation memory o = IRegistry.Organisation(address(7), 1, keccak256("key"), "name", "/gateway");
        return proposal(address(registry), abi.encodeCall(IRegistry.setOrganisation, ("civil-affairs", o)));
    }

    function proposal(address target, bytes memory call) internal pure returns (Proposal memory p) {
        (p.targets, p.values, p.calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (p.targets[0], p.calls[0], p.description) = (target, call, "why");
    }

    function propose(uint256 by, Proposal memory p) internal returns (Proposal memory) {
        vm.prank(member(by));
        p.id = council.propose(p.targets, p.values, p.calls, p.description);
        vm.warp(block.timestamp + 1);
        return p;
    }

    function vote(Proposal memory p, uint256 first, uint256 count, uint8 support) internal {
        for (uint256 i = first; i < first + count; ++i) {
            vm.prank(member(i));
            council.castVote(p.id, support);
        }
    }

    function queue(Proposal memory p) internal {
        council.queue(p.targets, p.values, p.calls, keccak256(bytes(p.description)));
    }

    function execute(Proposal memory p) internal {
        council.execute(p.targets, p.values, p.calls, keccak256(bytes(p.description)));
    }

    /// @dev Proposed, carried by this many, queued, waited for, executed.
    function carry(Proposal memory p, uint256 votes) internal returns (Proposal memory) {
        p = propose(0, p);
        vote(p, 0, votes, FOR);
        queue(p);
        vm.warp(block.timestamp + DELAY);
        execute(p);
        return p;
    }

    function expectState(Proposal memory p, uint8 expected, string memory what) internal view {
        vm.assertEq(uint256(council.state(p.id)), expected, what);
    }
}
