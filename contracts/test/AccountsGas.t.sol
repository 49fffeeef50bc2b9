// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../src/interfaces/IAccounts.sol";
import {AccountWorld} from "./support/AccountWorld.sol";

/// @notice What an account costs, see {GasTest}. Building the calls is part of it, alike each time.
contract AccountsGasTest is AccountWorld {
    function test_create() public {
        accounts.create(theSigners(), theGuards(), "another");
    }

    function test_veto_by_passkey() public {
        accounts.veto(account, byPasskey(PASSKEY, vetoDigest()));
    }

    function test_recover() public {
        startedRecovery();
        vm.warp(START + DELAY);
        accounts.finish(account, newSigners(), RECEIVER);
    }
}
