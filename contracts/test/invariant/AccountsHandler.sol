// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../../src/interfaces/IAccounts.sol";
import {AccountWorld} from "../support/AccountWorld.sol";

/// @notice Two phones of one person and three authorities do what they like, in any order and at any time. What must
/// come of it is reckoned here in other words: a list of who holds the account, and when it may change hands.
contract AccountsHandler is AccountWorld {
    string public violation;
    uint256 public finished;
    uint256 public vetoed;

    bool internal isOnNewPhone;
    mapping(bytes32 authority => bool) internal saidYes;
    uint256 internal readyAt;
    uint256 internal time = START;

    constructor() {
        setUp();
    }

    /// @dev The signers that are asked for: those of the phone that does not hold the account.
    function wanted() internal view returns (IAccounts.Signer[] memory) {
        return isOnNewPhone ? theSigners() : newSigners();
    }

    function wait(uint24 seconds_) external {
        time += seconds_;
        vm.warp(time);
    }

    function approveBy(uint8 who) external {
        bytes32 authority = [POLICE, HEALTH, CIVIL][who % 3];
        bytes memory signature = byKey(keyOf(authority), recoveryDigest(wanted(), RECEIVER));
        try accounts.approve(account, wanted(), RECEIVER, authority, signature) {
            require_(!saidYes[authority], "an authority counted twice");
            saidYes[authority] = true;
            uint256 yes = (saidYes[POLICE] ? 1 : 0) + (saidYes[HEALTH] ? 1 : 0) + (saidYes[CIVIL] ? 1 : 0);
            if (yes == 2) readyAt = time + 3 days;
        } catch {
            require_(saidYes[authority], "an authority was refused");
        }
        check();
    }

    function stop(uint8 who) external {
        bytes32 digest = vetoDigest();
        bool isLive_ = who % 2 == (isOnNewPhone ? 1 : 0);
        IAccounts.Proof memory proof = byDevice(who % 2 == 0 ? DEVICE : NEW_DEVICE, digest);
        try accounts.veto(account, proof) {
            require_(isLive_, "stopped by who is no signer");
            forget();
            ++vetoed;
        } catch {
            require_(!isLive_, "a live signer could not stop it");
        }
        check();
    }

    function finish() external {
        bool may = readyAt != 0 && time >= readyAt;
        try accounts.finish(account, wanted(), RECEIVER) {
            require_(may, "finished too early");
            isOnNewPhone = !isOnNewPhone;
            forget();
            ++finished;
        } catch {
            require_(!may, "not finished when it was time");
        }
        check();
    }

    /// @dev The phone that holds the account, or the other, tries to add a thief's key.
    function addThief(uint8 who) external {
        IAccounts.Signer[] memory add = new IAccounts.Signer[](1);
        add[0] = device(THIEF, 1);
        bytes32[] memory none;
        bool byNew = who % 2 == 1;
        IAccounts.Proof memory proof = byPasskey(byNew ? NEW_PASSKEY : PASSKEY, changeDigest(add, none));
        if (byNew == isOnNewPhone) return; // It may; that is tested elsewhere.
        try accounts.change(account, add, none, one(proof)) {
            require_(false, "a key acted that is no signer");
        } catch {}
        check();
    }

    function forget() internal {
        readyAt = 0;
        (saidYes[POLICE], saidYes[HEALTH], saidYes[CIVIL]) = (false, false, false);
    }

    /// @dev The account is held by one phone, whole, and by nobody else.
    function check() internal {
        bytes32 held = keccak256(abi.encode(accounts.signersOf(account)));
        bytes32 expected = keccak256(abi.encode(isOnNewPhone ? newSigners() : theSigners()));
        require_(held == expected, "signers changed without a recovery");
        require_(!isLive(device(THIEF, 1)), "a thief came in");
    }

    function require_(bool holds, string memory what) internal {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
