// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerifier} from "../../src/MembershipVerifier.sol";
import {People} from "../../src/People.sol";
import {IPeople} from "../../src/interfaces/IPeople.sol";
import {World} from "./World.sol";

/// @notice A group of people as genesis makes it. `police` may enter leaves, `civil` may not.
abstract contract PeopleWorld is World {
    /// @dev Where foundry.toml links the library, and genesis creates it.
    address internal constant POSEIDON = 0xFCc561aF0B977Ab54b1c7bcDD49e76760aad9679;
    uint256 internal constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    People internal people;
    string internal vectors;

    function setUp() public virtual override {
        super.setUp();
        vm.etch(POSEIDON, vm.getDeployedCode("PoseidonT3.sol:PoseidonT3"));
        people = new People(registry);
        setContract("membership-verifier", address(new MembershipVerifier()));
        vectors = vm.readFile("test/vectors/people.json");
    }

    function enter(bytes32 seat, uint256 leaf) internal {
        vm.prank(police);
        people.enter(seat, leaf);
    }

    function remove(bytes32 seat) internal {
        vm.prank(police);
        people.remove(seat);
    }

    function root() internal view returns (uint256) {
        (, IPeople.Root memory now_) = people.current();
        return now_.root;
    }

    function seatAt(uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode("seat", index));
    }

    /// @dev A proof that Semaphore's own JavaScript made.
    function proofOf(string memory name) internal view returns (uint256 root_, IPeople.Membership memory proof) {
        string memory at_ = string.concat(".proofs.", name);
        root_ = vm.parseJsonUint(vectors, string.concat(at_, ".root"));
        proof.nullifier = vm.parseJsonUint(vectors, string.concat(at_, ".nullifier"));
        proof.message = vm.parseJsonUint(vectors, string.concat(at_, ".message"));
        proof.scope = vm.parseJsonUint(vectors, string.concat(at_, ".scope"));
        uint256[] memory points = vm.parseJsonUintArray(vectors, string.concat(at_, ".points"));
        for (uint256 i; i < 8; ++i) {
            proof.points[i] = points[i];
        }
    }

    /// @dev The members that the vectors were made with.
    function enterMembers() internal {
        uint256[] memory members = vm.parseJsonUintArray(vectors, ".members");
        for (uint256 i; i < members.length; ++i) {
            enter(seatAt(i), members[i]);
        }
    }
}
