// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForeignEvents} from "../src/interfaces/IForeignEvents.sol";
import {ForeignWorld} from "./support/ForeignWorld.sol";

/// @notice What it costs to believe another network, without the calldata; `.gas-snapshot` is reviewed like code.
contract ForeignGasTest is ForeignWorld {
    address internal constant VERIFY = address(0xCA11);
    address internal constant ACCEPT = address(0xCA12);

    function setUp() public override {
        super.setUp();
        // Prepared here, so that the tests measure the calls alone.
        IForeignEvents.Proof memory p = proofOf(1, 1);
        vm.etch(VERIFY, abi.encodeCall(IForeignEvents.verify, (four, p)));
        vm.etch(ACCEPT, abi.encodeCall(IForeignEvents.accept, (four, p)));
    }

    function sendCodeOf(address calldata_) internal {
        (bool ok,) = address(foreignEvents).call(calldata_.code);
        vm.assertTrue(ok, "accepted");
    }

    function test_verify_three_headers_down() public {
        sendCodeOf(VERIFY);
    }

    function test_accept_three_headers_down() public {
        sendCodeOf(ACCEPT);
    }

    function test_list_network() public {
        vm.prank(council);
        networks.list("another-name", CHAIN_ID, keyOne, KEY_Y_1);
    }
}
