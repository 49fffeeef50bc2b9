// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TokenWorld} from "./support/TokenWorld.sol";

contract AllowancesGasTest is TokenWorld {
    bytes internal signature;

    function setUp() public override {
        super.setUp();
        signature = tokenOf(applicant, NONCE, FIRST_WINDOW);
    }

    function test_publish_key() public {
        publish(FIRST_WINDOW + 1, OTHER_KEY);
    }

    function test_open_with_token() public {
        vm.prank(applicant);
        cases.openWithToken(ALLOWANCE, 1, FORM, NONCE, signature);
    }
}
