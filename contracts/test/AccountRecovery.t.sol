// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PROVIDER} from "../src/interfaces/Constants.sol";
import {IAccounts} from "../src/interfaces/IAccounts.sol";
import {AccountWorld} from "./support/AccountWorld.sol";

/// @notice Recovery: two of three authorities or guardians, a delay, a veto, and nothing but new signers.
contract AccountRecoveryTest is AccountWorld {
    function finish() internal {
        accounts.finish(account, newSigners(), RECEIVER);
    }

    function notFinished(bytes memory reason) internal {
        IAccounts.Signer[] memory signers = newSigners();
        vm.expectRevert(reason);
        accounts.finish(account, signers, RECEIVER);
        vm.assertTrue(isLive(passkey(PASSKEY)) && !isLive(passkey(NEW_PASSKEY)), "nothing changed");
    }

    function test_two_authorities_start_the_delay_and_it_ends() public {
        bytes32 id = recoveryDigest(newSigners(), RECEIVER);
        vm.assertEq(accounts.recoveryId(account, newSigners(), RECEIVER), id, "the id is what is signed");
        approve(POLICE);
        vm.assertEq(accounts.recovery(id).readyAt, 0, "one is not enough");
        bytes memory signature = byKey(CIVIL_KEY, id);
        bytes32[] memory ids = new bytes32[](2);
        (ids[0], ids[1]) = (idOf(passkey(NEW_PASSKEY)), idOf(device(NEW_DEVICE, 1)));
        expectEvent(address(accounts));
        emit IAccounts.RecoveryApproved(account, id, CIVIL);
        expectEvent(address(accounts));
        emit IAccounts.RecoveryStarted(account, id, START + 3 days, ids, RECEIVER);
        accounts.approve(account, newSigners(), RECEIVER, CIVIL, signature);

        vm.warp(START + 3 days - 1);
        notFinished(abi.encodeWithSelector(IAccounts.NotReady.selector, id, START + 3 days));
        vm.warp(START + 3 days);
        expectEvent(address(accounts));
        emit IAccounts.SignerRemoved(account, idOf(wallet(WALLET)));
        vm.prank(stranger);
        finish();
        vm.assertEq(keccak256(abi.encode(accounts.signersOf(account))), keccak256(abi.encode(newSigners())), "signers");
        vm.assertTrue(!isLive(passkey(PASSKEY)) && !isLive(device(DEVICE, 1)) && !isLive(wallet(WALLET)), "the old");
        vm.assertEq(accounts.recovered(account), id, "recovered");
        vm.assertEq(accounts.version(account), 2, "version");
        vm.expectRevert(abi.encodeWithSelector(IAccounts.NotApproved.selector, recoveryDigest(newSigners(), RECEIVER)));
        finish();
    }

    function test_a_third_approval_does_not_move_the_date() public {
        bytes32 id = startedRecovery();
        vm.warp(START + 1 days);
        approve(CIVIL);
        vm.assertEq(accounts.recovery(id).readyAt, START + 3 days, "as it was");
    }

    function test_any_live_signer_stops_it() public {
        for (uint256 i; i < 3; ++i) {
            setUp();
            bytes32 id = startedRecovery();
            vm.warp(START + 3 days);
            bytes32 digest = vetoDigest();
            IAccounts.Proof memory proof =
                [byPasskey(PASSKEY, digest), byDevice(DEVICE, digest), byWallet(WALLET, digest)][i];
            expectEvent(address(accounts));
            emit IAccounts.RecoveryVetoed(account, proof.signer);
            accounts.veto(account, proof);
            bytes32 fresh = recoveryDigest(newSigners(), RECEIVER);
            vm.assertTrue(fresh != id, "approvals so far are void");
            notFinished(abi.encodeWithSelector(IAccounts.NotApproved.selector, fresh));
            vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, proof.signer));
            accounts.veto(account, proof);
        }
        // It can be asked for again, from the start.
        startedRecovery();
        vm.warp(START + 6 days);
        finish();
        vm.assertTrue(isLive(passkey(NEW_PASSKEY)), "recovered at last");
    }

    function test_who_is_no_live_signer_cannot_stop_it() public {
        startedRecovery();
        bytes32 digest = vetoDigest();
        IAccounts.Proof memory proof = byPasskey(THIEF, digest);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, proof.signer));
        accounts.veto(account, proof);
        proof = byPasskey(NEW_PASSKEY, digest);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, proof.signer));
        accounts.veto(account, proof);
        proof = byDevice(DEVICE, keccak256("another"));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, proof.signer));
        accounts.veto(account, proof);
    }

    function test_a_recovering_key_cannot_act_before_the_end() public {
        startedRecovery();
        vm.warp(START + 3 days - 1);
        IAccounts.Signer[] memory add = new IAccounts.Signer[](1);
        add[0] = passkey(THIEF);
        bytes32[] memory none;
        IAccounts.Proof memory proof = byPasskey(NEW_PASSKEY, changeDigest(add, none));
        bytes memory unknown = abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, proof.signer);
        vm.expectRevert(unknown);
        accounts.change(account, add, none, one(proof));
        proof = byPasskey(NEW_PASSKEY, guardingDigest(guardianGuards()));
        vm.expectRevert(unknown);
        accounts.setGuards(account, guardianGuards(), one(proof));
        vm.assertTrue(!isLive(passkey(NEW_PASSKEY)), "no signer yet");
    }

    function test_the_lost_key_cannot_act_after_the_end() public {
        startedRecovery();
        vm.warp(START + 3 days);
        finish();
        IAccounts.Proof memory proof = byPasskey(PASSKEY, vetoDigest());
        vm.expectRevert(abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, proof.signer));
        accounts.veto(account, proof);
    }

    function test_whoever_can_sign_has_lost_nothing() public {
        bytes32 id = startedRecovery();
        bytes32[] memory remove = new bytes32[](1);
        remove[0] = idOf(wallet(WALLET));
        IAccounts.Signer[] memory none;
        accounts.change(account, none, remove, one(byPasskey(PASSKEY, changeDigest(none, remove))));
        vm.warp(START + 3 days);
        bytes32 fresh = recoveryDigest(newSigners(), RECEIVER);
        vm.assertTrue(fresh != id, "void");
        notFinished(abi.encodeWithSelector(IAccounts.NotApproved.selector, fresh));
    }

    function test_only_named_authorities_approve_and_each_once() public {
        bytes32 id = recoveryDigest(newSigners(), RECEIVER);
        bytes memory signature = byKey(POLICE_KEY, id);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.NotAGuard.selector, account, bytes32("none")));
        accounts.approve(account, newSigners(), RECEIVER, "none", signature);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, HEALTH));
        accounts.approve(account, newSigners(), RECEIVER, HEALTH, signature);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, POLICE));
        accounts.approve(account, newSigners(), keccak256("another receiver"), POLICE, signature);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, POLICE));
        accounts.approve(account, theSigners(), RECEIVER, POLICE, signature);
        approve(POLICE);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.AlreadyApproved.selector, id, POLICE));
        accounts.approve(account, newSigners(), RECEIVER, POLICE, signature);
        setOrganisation(HEALTH, health, PROVIDER);
        signature = byKey(HEALTH_KEY, id);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.NotAnAuthority.selector, HEALTH));
        accounts.approve(account, newSigners(), RECEIVER, HEALTH, signature);
    }

    function test_approvals_for_different_keys_do_not_add_up() public {
        approve(POLICE);
        bytes32 other = keccak256("another receiver");
        bytes memory signature = byKey(HEALTH_KEY, recoveryDigest(newSigners(), other));
        accounts.approve(account, newSigners(), other, HEALTH, signature);
        vm.warp(START + 30 days);
        notFinished(abi.encodeWithSelector(IAccounts.NotApproved.selector, recoveryDigest(newSigners(), RECEIVER)));
    }

    function test_an_authority_that_lost_its_role_no_longer_counts() public {
        bytes32 id = startedRecovery();
        setOrganisation(HEALTH, health, PROVIDER);
        vm.warp(START + 3 days);
        notFinished(abi.encodeWithSelector(IAccounts.NotApproved.selector, id));
        approve(CIVIL);
        finish();
        vm.assertTrue(isLive(passkey(NEW_PASSKEY)), "two others do");
    }

    function test_signers_that_could_not_act_are_refused_at_once() public {
        IAccounts.Signer[] memory weak = new IAccounts.Signer[](1);
        weak[0] = device(NEW_DEVICE, 1);
        bytes memory signature = byKey(POLICE_KEY, recoveryDigest(weak, RECEIVER));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 1, 2));
        accounts.approve(account, weak, RECEIVER, POLICE, signature);
        IAccounts.Signer[] memory twice = new IAccounts.Signer[](2);
        (twice[0], twice[1]) = (passkey(NEW_PASSKEY), passkey(NEW_PASSKEY));
        signature = byKey(POLICE_KEY, recoveryDigest(twice, RECEIVER));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.Repeated.selector, idOf(twice[0])));
        accounts.approve(account, twice, RECEIVER, POLICE, signature);
    }

    function test_guardians_recover_as_many_as_were_named() public {
        account = accounts.create(theSigners(), guardianGuards(), SALT);
        bytes32 id = recoveryDigest(newSigners(), RECEIVER);
        bytes memory first = byKey(0xD0, id);
        accounts.approveAsGuardian(account, newSigners(), RECEIVER, vm.addr(0xD0), SALT, first);
        bytes32 hash = keccak256(abi.encode(vm.addr(0xD0), SALT));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.AlreadyApproved.selector, id, hash));
        accounts.approveAsGuardian(account, newSigners(), RECEIVER, vm.addr(0xD0), SALT, first);
        hash = keccak256(abi.encode(vm.addr(0xD1), SALT));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, hash));
        accounts.approveAsGuardian(account, newSigners(), RECEIVER, vm.addr(0xD1), SALT, first);
        hash = keccak256(abi.encode(vm.addr(THIEF), SALT));
        bytes memory thief = byKey(THIEF, id);
        vm.expectRevert(abi.encodeWithSelector(IAccounts.NotAGuard.selector, account, hash));
        accounts.approveAsGuardian(account, newSigners(), RECEIVER, vm.addr(THIEF), SALT, thief);
        notFinished(abi.encodeWithSelector(IAccounts.NotApproved.selector, id));
        accounts.approveAsGuardian(account, newSigners(), RECEIVER, vm.addr(0xD2), SALT, byKey(0xD2, id));
        vm.warp(START + 3 days);
        finish();
        vm.assertTrue(isLive(passkey(NEW_PASSKEY)), "recovered");
    }

    function testFuzz_no_recovery_ends_early(uint32 after_) public {
        bytes32 id = startedRecovery();
        vm.warp(START + after_);
        if (after_ < DELAY) notFinished(abi.encodeWithSelector(IAccounts.NotReady.selector, id, START + DELAY));
        else finish();
    }
}
