// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InternalLeanIMT, LeanIMTData} from "@zk-kit/lean-imt.sol/InternalLeanIMT.sol";
import {IDENTITY, PROVIDER} from "../src/interfaces/Constants.sol";
import {IPeople} from "../src/interfaces/IPeople.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {PeopleWorld} from "./support/PeopleWorld.sol";

contract PeopleTest is PeopleWorld {
    bytes32 internal constant SEAT = keccak256("a seat");

    LeanIMTData internal model;

    function test_a_leaf_is_entered_replaced_and_removed() public {
        expectEvent(address(people));
        emit IPeople.LeafEntered(POLICE, 11, 0, 11);
        enter(SEAT, 11);
        vm.assertEq(people.leafOf(POLICE, SEAT), 11, "on its seat");
        vm.assertEq(people.countOf(POLICE), 1, "one");
        expectLeaf(11, 0, true);

        vm.warp(START + 5);
        expectEvent(address(people));
        emit IPeople.LeafReplaced(POLICE, 11, 12, 0, 12);
        enter(SEAT, 12);
        vm.assertEq(people.leafOf(POLICE, SEAT), 12, "another on it");
        vm.assertEq(people.countOf(POLICE), 1, "still one");
        expectLeaf(11, 0, false);
        expectLeaf(12, 0, true);

        expectEvent(address(people));
        emit IPeople.LeafRemoved(POLICE, 12, 0, 0);
        remove(SEAT);
        vm.assertEq(people.leafOf(POLICE, SEAT), 0, "empty");
        vm.assertEq(people.countOf(POLICE), 0, "none");
        expectLeaf(12, 0, false);
        enter(SEAT, 13);
        expectLeaf(13, 1, true);
    }

    function expectLeaf(uint256 leaf, uint64 index, bool isCurrent) internal view {
        IPeople.Leaf memory known = people.stateOf(leaf);
        vm.assertTrue(known.index == index && known.since != 0, "known");
        vm.assertEq(known.isCurrent, isCurrent, "current");
    }

    function test_the_same_again_changes_nothing() public {
        enter(SEAT, 11);
        enter(keccak256("another"), 12);
        (uint64 number, IPeople.Root memory before) = people.current();
        vm.roll(block.number + 1);
        vm.recordLogs();
        enter(SEAT, 11);
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
        (uint64 after_, IPeople.Root memory same) = people.current();
        vm.assertTrue(number == after_ && same.root == before.root && people.countOf(POLICE) == 2, "as before");
    }

    function test_only_an_identity_authority_may() public {
        address[3] memory others = [stranger, civil, council];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPeople.NotAnAuthority.selector, others[i]));
            vm.prank(others[i]);
            people.enter(SEAT, 11);
            vm.expectRevert(abi.encodeWithSelector(IPeople.NotAnAuthority.selector, others[i]));
            vm.prank(others[i]);
            people.remove(SEAT);
        }
        enter(SEAT, 11);
        setOrganisation(POLICE, police, PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IPeople.NotAnAuthority.selector, police));
        enter(SEAT, 12);
    }

    function test_an_authority_cannot_touch_the_seats_of_another() public {
        enter(SEAT, 11);
        setOrganisation(CIVIL, civil, IDENTITY);
        vm.expectRevert(abi.encodeWithSelector(IPeople.SeatIsEmpty.selector, CIVIL, SEAT));
        vm.prank(civil);
        people.remove(SEAT);
        vm.expectRevert(abi.encodeWithSelector(IPeople.LeafUsed.selector, 11));
        vm.prank(civil);
        people.enter(SEAT, 11);
        vm.prank(civil);
        people.enter(SEAT, 12);
        vm.assertEq(people.leafOf(POLICE, SEAT), 11, "theirs stays");
        vm.assertTrue(people.countOf(POLICE) == 1 && people.countOf(CIVIL) == 1, "each its own");
    }

    function test_bad_leaves_and_seats_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IPeople.EmptySeat.selector));
        enter(0, 11);
        uint256[3] memory bad = [0, FIELD, type(uint256).max];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPeople.NotALeaf.selector, bad[i]));
            enter(SEAT, bad[i]);
        }
        enter(SEAT, FIELD - 1);
        vm.expectRevert(abi.encodeWithSelector(IPeople.SeatIsEmpty.selector, POLICE, seatAt(1)));
        remove(seatAt(1));
    }

    function test_a_leaf_is_entered_once_ever() public {
        enter(SEAT, 11);
        vm.expectRevert(abi.encodeWithSelector(IPeople.LeafUsed.selector, 11));
        enter(seatAt(1), 11);
        enter(SEAT, 12);
        vm.expectRevert(abi.encodeWithSelector(IPeople.LeafUsed.selector, 11));
        enter(SEAT, 11);
        remove(SEAT);
        vm.expectRevert(abi.encodeWithSelector(IPeople.LeafUsed.selector, 12));
        enter(SEAT, 12);
    }

    /// @dev Entered, replaced, removed and entered again, as zk-kit's own JavaScript has it.
    function test_roots_are_those_of_semaphores_group() public {
        uint256[] memory what = vm.parseJsonUintArray(vectors, ".what");
        uint256[] memory index = vm.parseJsonUintArray(vectors, ".index");
        uint256[] memory leaf = vm.parseJsonUintArray(vectors, ".leaf");
        uint256[] memory roots = vm.parseJsonUintArray(vectors, ".root");
        vm.assertTrue(what.length > 20, "vectors");
        for (uint256 i; i < what.length; ++i) {
            if (what[i] == 2) remove(seatAt(index[i]));
            else enter(seatAt(index[i]), leaf[i]);
            vm.assertEq(root(), roots[i], vm.toString(i));
        }
    }

    function replaceInModel(uint256 old, uint256 new_, uint256[] calldata siblings) external {
        InternalLeanIMT._update(model, old, new_, siblings);
    }

    /// @dev The path beside a leaf, from the nodes that the contract keeps.
    function siblingsOf(uint64 index, uint64 size) internal view returns (uint256[] memory siblings) {
        siblings = new uint256[](25);
        uint256 count;
        for (uint8 level; uint64(1) << level < size; ++level) {
            uint64 at_ = index >> level;
            if (at_ & 1 == 1 || at_ < (size - 1) >> level) siblings[count++] = people.node(level, at_ ^ 1);
        }
    }

    /// @dev Any order of entering and replacing gives the tree of `@zk-kit/lean-imt.sol`, and the nodes that are kept give
    /// the siblings that it wants.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_the_tree_is_that_of_lean_imt_sol(uint256 moves) public {
        uint64 size;
        for (uint256 step = 1; step <= 24; ++step) {
            uint256 leaf = uint256(keccak256(abi.encode(moves, step))) >> 8;
            if (size == 0 || moves & 3 != 0) {
                enter(seatAt(size++), leaf);
                InternalLeanIMT._insert(model, leaf);
            } else {
                uint64 index = uint64(uint256(keccak256(abi.encode(moves)))) % size;
                uint256 old = people.leafOf(POLICE, seatAt(index));
                this.replaceInModel(old, leaf, siblingsOf(index, size));
                enter(seatAt(index), leaf);
            }
            vm.assertEq(root(), InternalLeanIMT._root(model), vm.toString(step));
            moves >>= 2;
        }
        vm.assertEq(people.countOf(POLICE), size, "one leaf a seat");
    }

    function test_each_block_leaves_one_root_and_256_are_kept() public {
        (uint64 number,) = people.current();
        vm.assertEq(number, 0, "none");
        vm.expectRevert(abi.encodeWithSelector(IPeople.RootNotKept.selector, 0, 1, 0));
        people.rootAt(0);
        for (uint256 i = 1; i <= 300; ++i) {
            vm.roll(i);
            vm.warp(START + i);
            enter(seatAt(1), 1000 + 2 * i);
            enter(seatAt(1), 1001 + 2 * i);
        }
        (number,) = people.current();
        vm.assertEq(number, 300, "one a block");
        IPeople.Root memory kept = people.rootAt(45);
        vm.assertTrue(
            kept.root == 1091 && kept.since == START + 45 && kept.blockNumber == 45 && kept.size == 1, "last of 45"
        );
        vm.assertEq(people.rootAt(300).root, 1601, "newest");
        vm.expectRevert(abi.encodeWithSelector(IPeople.RootNotKept.selector, 44, 45, 300));
        people.rootAt(44);
        vm.expectRevert(abi.encodeWithSelector(IPeople.RootNotKept.selector, 301, 45, 300));
        people.rootAt(301);
    }
}
