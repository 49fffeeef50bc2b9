// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PeopleWorld} from "./support/PeopleWorld.sol";
import {IPeople} from "../src/interfaces/IPeople.sol";

contract PeopleGasTest is PeopleWorld {
    uint256 internal root_;
    IPeople.Membership internal proof;

    function setUp() public override {
        super.setUp();
        enterMembers();
        (root_, proof) = proofOf("first");
    }

    function test_enter_the_13th() public {
        enter(seatAt(12), 13);
    }

    function test_replace_one_of_12() public {
        enter(seatAt(3), 13);
    }

    function test_verify() public view {
        people.verify(root_, proof);
    }
}
