// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDelegations} from "../src/interfaces/IDelegations.sol";
import {Delegations} from "../src/Delegations.sol";
import {World} from "./support/World.sol";

contract DelegationsTest is World {
    bytes32 internal constant DOCUMENT = keccak256("terms");
    uint64 internal constant UNTIL = START + 10;
    address internal constant KEY = address(0xDE1);

    Delegations internal delegations;

    function setUp() public override {
        super.setUp();
        delegations = new Delegations(registry);
    }

    function register(address key, bytes32 document) internal {
        vm.prank(key);
        delegations.register(document, UNTIL);
    }

    function end(address key) internal {
        vm.prank(key);
        delegations.end();
    }

    function test_a_delegation_holds_until_it_is_ended() public {
        vm.assertTrue(!delegations.isActive(KEY, DOCUMENT), "before");
        expectEvent(address(delegations));
        emit IDelegations.DelegationRegistered(KEY, DOCUMENT, UNTIL);
        register(KEY, DOCUMENT);
        vm.assertTrue(delegations.isActive(KEY, DOCUMENT), "registered");
        expectEvent(address(delegations));
        emit IDelegations.DelegationEnded(KEY);
        end(KEY);
        vm.assertTrue(!delegations.isActive(KEY, DOCUMENT), "ended");
        (bytes32 document, uint64 until, bool ended) = delegations.get(KEY);
        vm.assertTrue(document == DOCUMENT && until == UNTIL && ended, "what stays");
        (document, until, ended) = delegations.get(stranger);
        vm.assertTrue(document == 0 && until == 0 && !ended, "of others nothing");
    }

    function test_it_is_of_one_key_and_one_document() public {
        register(KEY, DOCUMENT);
        vm.assertTrue(!delegations.isActive(stranger, DOCUMENT), "key");
        vm.assertTrue(!delegations.isActive(KEY, keccak256("other terms")), "document");
        vm.assertTrue(!delegations.isActive(KEY, 0), "no document");
        vm.assertTrue(!delegations.isActive(stranger, 0), "nothing");
    }

    function test_a_stranger_who_saw_the_hash_changes_nothing() public {
        register(stranger, DOCUMENT);
        register(KEY, DOCUMENT);
        end(stranger);
        vm.assertTrue(delegations.isActive(KEY, DOCUMENT), "still both people's");
    }

    function test_bad_registrations_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IDelegations.EmptyDocument.selector));
        delegations.register(0, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyOver.selector, START));
        delegations.register(DOCUMENT, START);
        register(KEY, DOCUMENT);
        vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyRegistered.selector, KEY));
        register(KEY, keccak256("other terms"));
    }

    function test_nothing_ends_twice_or_begins_again() public {
        vm.expectRevert(abi.encodeWithSelector(IDelegations.NotRegistered.selector, KEY));
        end(KEY);
        register(KEY, DOCUMENT);
        end(KEY);
        vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyEnded.selector, KEY));
        end(KEY);
        vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyRegistered.selector, KEY));
        register(KEY, DOCUMENT);
    }

    function testFuzz_it_is_over_at_its_end(uint64 until, uint64 time) public {
        until = uint64(within(until, START + 1, type(uint64).max));
        time = uint64(within(time, START, type(uint64).max));
        vm.prank(KEY);
        delegations.register(DOCUMENT, until);
        vm.warp(time);
        vm.assertEq(delegations.isActive(KEY, DOCUMENT), time < until, "active");
    }

    /// @dev Whatever two keys do in whatever order, the contract is what a plain account of it says.
    function testFuzz_any_order_of_calls(uint256 moves) public {
        address[2] memory keys = [KEY, stranger];
        bool[2] memory known;
        bool[2] memory ended;
        for (uint256 step; step < 12; ++step) {
            uint256 who = moves & 1;
            if (moves & 2 == 0) {
                if (known[who]) {
                    vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyRegistered.selector, keys[who]));
                }
                register(keys[who], DOCUMENT);
                known[who] = true;
            } else {
                if (!known[who]) {
                    vm.expectRevert(abi.encodeWithSelector(IDelegations.NotRegistered.selector, keys[who]));
                } else if (ended[who]) {
                    vm.expectRevert(abi.encodeWithSelector(IDelegations.AlreadyEnded.selector, keys[who]));
                }
                end(keys[who]);
                ended[who] = known[who];
            }
            for (uint256 i; i < 2; ++i) {
                vm.assertEq(delegations.isActive(keys[i], DOCUMENT), known[i] && !ended[i], "active");
            }
            moves >>= 2;
        }
    }
}
