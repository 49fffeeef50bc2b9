// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDENTITY, PROVIDER} from "../src/interfaces/Constants.sol";
import {IAccounts} from "../src/interfaces/IAccounts.sol";
import {AccountWorld} from "./support/AccountWorld.sol";

/// @notice Making an account and changing its signers.
contract AccountsTest is AccountWorld {
    function change(IAccounts.Signer[] memory add, bytes32[] memory remove, IAccounts.Proof[] memory proofs) internal {
        accounts.change(account, add, remove, proofs);
    }

    function adding(IAccounts.Signer memory s) internal pure returns (IAccounts.Signer[] memory add) {
        add = new IAccounts.Signer[](1);
        add[0] = s;
    }

    function removing(IAccounts.Signer memory s) internal pure returns (bytes32[] memory remove) {
        remove = new bytes32[](1);
        remove[0] = idOf(s);
    }

    /// @dev The passkey, which may act alone, tries.
    function fails(IAccounts.Signer[] memory add, bytes32[] memory remove, bytes memory reason) internal {
        IAccounts.Proof[] memory proofs = one(byPasskey(PASSKEY, changeDigest(add, remove)));
        failsBy(add, remove, proofs, reason);
    }

    function failsBy(
        IAccounts.Signer[] memory add,
        bytes32[] memory remove,
        IAccounts.Proof[] memory proofs,
        bytes memory reason
    ) internal {
        uint64 before = accounts.version(account);
        vm.expectRevert(reason);
        change(add, remove, proofs);
        vm.assertEq(accounts.version(account), before, "nothing changed");
    }

    function cannotCreate(IAccounts.Signer[] memory signers, IAccounts.Guards memory g, bytes memory reason) internal {
        vm.expectRevert(reason);
        accounts.create(signers, g, "another");
    }

    function test_an_account_is_what_it_was_made_of() public view {
        IAccounts.Signer[] memory all = accounts.signersOf(account);
        vm.assertEq(keccak256(abi.encode(all)), keccak256(abi.encode(theSigners())), "signers");
        vm.assertEq(keccak256(abi.encode(accounts.guardsOf(account))), keccak256(abi.encode(theGuards())), "guards");
        bytes32 id = keccak256(abi.encode(block.chainid, address(accounts), theSigners(), theGuards(), SALT));
        vm.assertEq(account, id, "id");
        vm.assertEq(accounts.version(account), 1, "version");
        vm.assertEq(accounts.delaySeconds(), 259_200, "three days");
        vm.assertEq(accounts.signerId(passkey(PASSKEY)), idOf(passkey(PASSKEY)), "id of a signer");
    }

    function test_an_account_is_made_once() public {
        vm.expectRevert(abi.encodeWithSelector(IAccounts.AccountExists.selector, account));
        accounts.create(theSigners(), theGuards(), SALT);
        vm.assertTrue(accounts.create(theSigners(), theGuards(), "another") != account, "another salt");
    }

    function test_signers_must_be_sound_and_enough() public {
        IAccounts.Signer memory s = passkey(PASSKEY);
        s.y = bytes32(uint256(s.y) ^ 1);
        bytes4 bad = IAccounts.BadSigner.selector;
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s = passkey(PASSKEY);
        s.weight = 3;
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s.weight = 0;
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s.kind = IAccounts.Kind.None;
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s = wallet(WALLET);
        s.weight = 2;
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s = wallet(WALLET);
        s.y = "more";
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(bad, s.kind, s.weight, s.x, s.y));
        s = wallet(WALLET);
        cannotCreate(adding(s), theGuards(), abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 1, 2));
        cannotCreate(
            new IAccounts.Signer[](0), theGuards(), abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 0, 2)
        );
        IAccounts.Signer[] memory many = new IAccounts.Signer[](9);
        for (uint256 i; i < 9; ++i) {
            many[i] = device(0xF0 + i, 2);
        }
        cannotCreate(many, theGuards(), abi.encodeWithSelector(IAccounts.TooManySigners.selector, 9, 8));
    }

    function test_guards_must_be_three_authorities_or_guardians() public {
        bytes4 bad = IAccounts.BadGuards.selector;
        IAccounts.Guards memory g;
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 0, 0, 0));
        g.authorities = new bytes32[](2);
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 2, 0, 0));
        g = theGuards();
        g.guardiansNeeded = 1;
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 3, 0, 1));
        g = guardianGuards();
        g.guardiansNeeded = 0;
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 0, 3, 0));
        g.guardiansNeeded = 4;
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 0, 3, 4));
        g.guardians = new bytes32[](8);
        cannotCreate(theSigners(), g, abi.encodeWithSelector(bad, 0, 8, 4));
        g = theGuards();
        g.authorities[2] = POLICE;
        cannotCreate(theSigners(), g, abi.encodeWithSelector(IAccounts.Repeated.selector, POLICE));
        g = guardianGuards();
        g.guardians[2] = g.guardians[0];
        cannotCreate(theSigners(), g, abi.encodeWithSelector(IAccounts.Repeated.selector, g.guardians[0]));
        setOrganisation(CIVIL, civil, PROVIDER | IDENTITY);
        cannotCreate(theSigners(), theGuards(), abi.encodeWithSelector(IAccounts.NotAnAuthority.selector, CIVIL));
    }

    function test_a_passkey_adds_and_removes_signers() public {
        IAccounts.Signer[] memory add = adding(passkey(NEW_PASSKEY));
        bytes32[] memory remove = removing(device(DEVICE, 1));
        IAccounts.Proof[] memory proofs = one(byPasskey(PASSKEY, changeDigest(add, remove)));
        expectEvent(address(accounts));
        emit IAccounts.SignerRemoved(account, remove[0]);
        expectEvent(address(accounts));
        emit IAccounts.SignerAdded(account, idOf(add[0]), add[0].kind, 2, add[0].x, add[0].y);
        change(add, remove, proofs);
        vm.assertTrue(isLive(passkey(NEW_PASSKEY)) && isLive(passkey(PASSKEY)) && isLive(wallet(WALLET)), "live");
        vm.assertTrue(!isLive(device(DEVICE, 1)), "removed");
        vm.assertEq(accounts.signersOf(account).length, 3, "three");
        // The same signature again is for a version that is over.
        vm.expectRevert(abi.encodeWithSelector(IAccounts.WrongSignature.selector, proofs[0].signer));
        change(add, remove, proofs);
    }

    function test_a_device_and_a_wallet_act_only_together() public {
        IAccounts.Signer[] memory add = adding(passkey(NEW_PASSKEY));
        bytes32[] memory none;
        bytes32 digest = changeDigest(add, none);
        bytes memory little = abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 1, 2);
        failsBy(add, none, one(byWallet(WALLET, digest)), little);
        failsBy(add, none, one(byDevice(DEVICE, digest)), little);
        failsBy(add, none, new IAccounts.Proof[](0), abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 0, 2));
        IAccounts.Proof[] memory twice = both(byWallet(WALLET, digest), byWallet(WALLET, digest));
        failsBy(add, none, twice, abi.encodeWithSelector(IAccounts.Repeated.selector, twice[0].signer));
        change(add, none, both(byWallet(WALLET, digest), byDevice(DEVICE, digest)));
        vm.assertTrue(isLive(passkey(NEW_PASSKEY)), "added");
    }

    function test_only_signers_act_and_only_with_what_they_signed() public {
        IAccounts.Signer[] memory add = adding(passkey(THIEF));
        bytes32[] memory none;
        bytes32 digest = changeDigest(add, none);
        bytes32 stranger_ = idOf(passkey(THIEF));
        failsBy(
            add,
            none,
            one(byPasskey(THIEF, digest)),
            abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, stranger_)
        );
        IAccounts.Proof memory forged = byPasskey(THIEF, digest);
        forged.signer = idOf(passkey(PASSKEY));
        bytes memory wrong = abi.encodeWithSelector(IAccounts.WrongSignature.selector, forged.signer);
        failsBy(add, none, one(forged), wrong);
        failsBy(add, none, one(byPasskey(PASSKEY, keccak256("another"))), wrong);
        failsBy(add, none, one(byPasskey(PASSKEY, digest, 0x01, "webauthn.get")), wrong); // not verified
        failsBy(add, none, one(byPasskey(PASSKEY, digest, 0x04, "webauthn.get")), wrong); // not present
        failsBy(add, none, one(byPasskey(PASSKEY, digest, 0x05, "webauthn.create")), wrong);
        forged.signature = "";
        failsBy(add, none, one(forged), wrong);
        forged.signature = new bytes(192);
        failsBy(add, none, one(forged), wrong);
        IAccounts.Proof memory short = byDevice(DEVICE, digest);
        short.signature = new bytes(63);
        failsBy(add, none, one(short), abi.encodeWithSelector(IAccounts.WrongSignature.selector, short.signer));
    }

    function test_a_device_signature_is_not_malleable() public {
        IAccounts.Signer[] memory add = adding(passkey(NEW_PASSKEY));
        bytes32[] memory none;
        bytes32 digest = changeDigest(add, none);
        (bytes32 r, bytes32 s) = p256(DEVICE, sha256(abi.encodePacked(digest)));
        IAccounts.Proof memory high = IAccounts.Proof(idOf(device(DEVICE, 1)), abi.encodePacked(r, P256_N - uint256(s)));
        failsBy(add, none, one(high), abi.encodeWithSelector(IAccounts.WrongSignature.selector, high.signer));
    }

    function test_changes_leave_an_account_that_can_act() public {
        IAccounts.Signer[] memory nobody;
        bytes32[] memory all = new bytes32[](2);
        (all[0], all[1]) = (idOf(passkey(PASSKEY)), idOf(wallet(WALLET)));
        fails(nobody, all, abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 1, 2));
        bytes32 unknown = idOf(passkey(THIEF));
        fails(
            nobody, removing(passkey(THIEF)), abi.encodeWithSelector(IAccounts.UnknownSigner.selector, account, unknown)
        );
        bytes32 known = idOf(device(DEVICE, 2));
        fails(
            adding(device(DEVICE, 2)),
            new bytes32[](0),
            abi.encodeWithSelector(IAccounts.SignerExists.selector, account, known)
        );
        IAccounts.Signer[] memory many = new IAccounts.Signer[](6);
        for (uint256 i; i < 6; ++i) {
            many[i] = device(0xF0 + i, 1);
        }
        fails(many, new bytes32[](0), abi.encodeWithSelector(IAccounts.TooManySigners.selector, 9, 8));
    }

    function test_guards_change_by_the_signers() public {
        IAccounts.Guards memory g = guardianGuards();
        bytes32 digest = guardingDigest(g);
        IAccounts.Proof[] memory weak = one(byDevice(DEVICE, digest));
        vm.expectRevert(abi.encodeWithSelector(IAccounts.TooLittleWeight.selector, 1, 2));
        accounts.setGuards(account, g, weak);
        IAccounts.Proof[] memory proofs = one(byPasskey(PASSKEY, digest));
        expectEvent(address(accounts));
        emit IAccounts.GuardsChanged(account, g.authorities, g.guardians, 2);
        accounts.setGuards(account, g, proofs);
        vm.assertEq(keccak256(abi.encode(accounts.guardsOf(account))), keccak256(abi.encode(g)), "guards");
    }

    function test_an_unknown_account_answers_so() public {
        bytes memory unknown = abi.encodeWithSelector(IAccounts.UnknownAccount.selector, bytes32("none"));
        vm.expectRevert(unknown);
        accounts.signersOf("none");
        IAccounts.Proof memory proof = byDevice(DEVICE, "none");
        vm.expectRevert(unknown);
        accounts.veto("none", proof);
        IAccounts.Signer[] memory signers = newSigners();
        vm.expectRevert(unknown);
        accounts.finish("none", signers, RECEIVER);
        vm.expectRevert(unknown);
        accounts.approve("none", signers, RECEIVER, POLICE, "");
        vm.assertEq(accounts.version("none"), 0, "version");
    }

    function testFuzz_a_signature_is_for_one_digest(bytes32 digest, uint8 flip) public {
        IAccounts.Signer[] memory add = adding(passkey(NEW_PASSKEY));
        bytes32[] memory none;
        vm.assume(digest != changeDigest(add, none));
        bytes memory wrong = abi.encodeWithSelector(IAccounts.WrongSignature.selector, idOf(passkey(PASSKEY)));
        failsBy(add, none, one(byPasskey(PASSKEY, digest)), wrong);
        IAccounts.Proof memory proof = byPasskey(PASSKEY, changeDigest(add, none));
        uint256 place = flip % 64; // Within r and s.
        proof.signature[place] = bytes1(uint8(proof.signature[place]) ^ 1);
        failsBy(add, none, one(proof), wrong);
    }
}
