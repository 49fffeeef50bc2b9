// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPeople} from "../src/interfaces/IPeople.sol";
import {PeopleWorld} from "./support/PeopleWorld.sol";

/// @notice Proofs of `@semaphore-protocol/proof`, with the artifacts of its ceremony for 25 levels.
contract MembershipTest is PeopleWorld {
    function refused(uint256 root_, IPeople.Membership memory proof) internal {
        vm.expectRevert(abi.encodeWithSelector(IPeople.NotAMember.selector, root_, proof.nullifier));
        people.verify(root_, proof);
    }

    function test_a_member_can_prove_it_and_a_replaced_one_cannot() public {
        enterMembers();
        (uint256 then_, IPeople.Membership memory old) = proofOf("first");
        vm.assertEq(root(), then_, "of this tree");
        people.verify(root(), old);

        uint256[] memory what = vm.parseJsonUintArray(vectors, ".what");
        uint256[] memory index = vm.parseJsonUintArray(vectors, ".index");
        uint256[] memory leaf = vm.parseJsonUintArray(vectors, ".leaf");
        for (uint256 i = 12; i < what.length; ++i) {
            if (what[i] == 2) remove(seatAt(index[i]));
            else enter(seatAt(index[i]), leaf[i]);
        }
        refused(root(), old);
        (uint256 now_, IPeople.Membership memory again) = proofOf("again");
        vm.assertEq(root(), now_, "of the tree now");
        people.verify(now_, again);
        refused(then_, again);
        // A ballot that froze the root of then still counts the secret of then, and only that.
        people.verify(then_, old);
        (, IPeople.Membership memory last) = proofOf("last");
        people.verify(now_, last);
    }

    function test_a_nullifier_is_of_a_secret_and_a_scope() public view {
        (, IPeople.Membership memory first) = proofOf("first");
        (, IPeople.Membership memory once) = proofOf("firstOnceMore");
        (, IPeople.Membership memory elsewhere) = proofOf("firstElsewhere");
        (, IPeople.Membership memory again) = proofOf("again");
        vm.assertTrue(first.points[0] != once.points[0], "two proofs");
        vm.assertEq(first.nullifier, once.nullifier, "the same");
        vm.assertTrue(first.scope == again.scope && first.nullifier != again.nullifier, "another secret");
        vm.assertTrue(first.scope != elsewhere.scope && first.nullifier != elsewhere.nullifier, "another scope");
    }

    function test_nothing_of_a_proof_can_be_changed() public {
        (uint256 root_, IPeople.Membership memory proof) = proofOf("first");
        refused(root_ + 1, proof);
        proof.message ^= 1;
        refused(root_, proof);
        (, proof) = proofOf("first");
        proof.scope ^= 1;
        refused(root_, proof);
        (, proof) = proofOf("first");
        proof.nullifier ^= 1;
        refused(root_, proof);
        // The same number, as the field counts.
        (, proof) = proofOf("first");
        proof.nullifier += FIELD;
        refused(root_, proof);
        for (uint256 i; i < 8; ++i) {
            (, proof) = proofOf("first");
            proof.points[i] ^= 1;
            refused(root_, proof);
            proof.points[i] = 0;
            refused(root_, proof);
        }
    }

    /// @dev Whoever claims a path of 26 levels gets the root zero from the circuit, without any leaf. The tree has that root
    /// when its only leaf was removed.
    function test_nobody_is_a_member_of_the_empty_tree() public {
        (uint256 none, IPeople.Membership memory proof) = proofOf("nobody");
        vm.assertEq(none, 0, "of no leaf");
        refused(0, proof);
        enter(seatAt(0), 7);
        remove(seatAt(0));
        vm.assertEq(root(), 0, "empty");
        refused(root(), proof);
    }

    function test_too_little_gas_is_no_answer() public view {
        (uint256 root_, IPeople.Membership memory proof) = proofOf("first");
        (bool isEnough,) = address(people).staticcall{gas: 200_000}(abi.encodeCall(people.verify, (root_, proof)));
        vm.assertTrue(!isEnough, "refused");
        people.verify(root_, proof);
    }
}
