// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {Accounts} from "../../src/Accounts.sol";
import {DECIDER, IDENTITY, ISSUER, PROVIDER, RECOVERY} from "../../src/interfaces/Constants.sol";
import {IAccounts} from "../../src/interfaces/IAccounts.sol";
import {World} from "./World.sol";

/// @notice A resident's account: a passkey, a device's key of weight 1, an external wallet; three authorities, no
/// guardians. A second phone waits to take over. Typed data is hashed here from its types' texts, as EIP-712 says.
abstract contract AccountWorld is World {
    uint256 internal constant PASSKEY = 0xB1;
    uint256 internal constant DEVICE = 0xB2;
    uint256 internal constant WALLET = 0xB3;
    uint256 internal constant NEW_PASSKEY = 0xB4;
    uint256 internal constant NEW_DEVICE = 0xB5;
    uint256 internal constant THIEF = 0xB6;
    uint256 internal constant P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    uint64 internal constant DELAY = 72 hours;
    bytes32 internal constant RECEIVER = keccak256("X25519 key of the new phone");
    bytes32 internal constant SALT = keccak256("salt");
    string internal constant SIGNER_TEXT = "Signer(uint8 kind,uint8 weight,bytes32 x,bytes32 y)";

    Accounts internal accounts;
    bytes32 internal account;

    function setUp() public virtual override {
        super.setUp();
        setOrganisation(POLICE, police, PROVIDER | IDENTITY | RECOVERY);
        setOrganisation(HEALTH, health, PROVIDER | RECOVERY);
        setOrganisation(CIVIL, civil, PROVIDER | DECIDER | ISSUER | RECOVERY);
        accounts = new Accounts(registry, DELAY);
        account = accounts.create(theSigners(), theGuards(), SALT);
    }

    function passkey(uint256 key) internal pure returns (IAccounts.Signer memory s) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        s = IAccounts.Signer(IAccounts.Kind.Passkey, 2, bytes32(x), bytes32(y));
    }

    function device(uint256 key, uint8 weight) internal pure returns (IAccounts.Signer memory s) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        s = IAccounts.Signer(IAccounts.Kind.Device, weight, bytes32(x), bytes32(y));
    }

    function wallet(uint256 key) internal pure returns (IAccounts.Signer memory) {
        return IAccounts.Signer(IAccounts.Kind.Wallet, 1, bytes32(uint256(uint160(vm.addr(key)))), 0);
    }

    function idOf(IAccounts.Signer memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(s.kind, s.x, s.y));
    }

    function theSigners() internal pure returns (IAccounts.Signer[] memory all) {
        all = new IAccounts.Signer[](3);
        (all[0], all[1], all[2]) = (passkey(PASSKEY), device(DEVICE, 1), wallet(WALLET));
    }

    function newSigners() internal pure returns (IAccounts.Signer[] memory all) {
        all = new IAccounts.Signer[](2);
        (all[0], all[1]) = (passkey(NEW_PASSKEY), device(NEW_DEVICE, 1));
    }

    function theGuards() internal pure returns (IAccounts.Guards memory g) {
        g.authorities = new bytes32[](3);
        (g.authorities[0], g.authorities[1], g.authorities[2]) = (POLICE, HEALTH, CIVIL);
    }

    function guardianGuards() internal pure returns (IAccounts.Guards memory g) {
        g.guardians = new bytes32[](3);
        for (uint256 i; i < 3; ++i) {
            g.guardians[i] = keccak256(abi.encode(vm.addr(0xD0 + i), SALT));
        }
        g.guardiansNeeded = 2;
    }

    /* Digests */

    function typed(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(
            abi.encode(domainType, keccak256("Zhengtong Accounts"), keccak256("1"), block.chainid, address(accounts))
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function hashSigners(IAccounts.Signer[] memory all) internal pure returns (bytes32) {
        bytes memory words;
        for (uint256 i; i < all.length; ++i) {
            bytes32 hash =
                keccak256(abi.encode(keccak256(bytes(SIGNER_TEXT)), all[i].kind, all[i].weight, all[i].x, all[i].y));
            words = bytes.concat(words, hash);
        }
        return keccak256(words);
    }

    function changeDigest(IAccounts.Signer[] memory add, bytes32[] memory remove) internal view returns (bytes32) {
        string memory text = "Change(bytes32 account,uint64 version,Signer[] add,bytes32[] remove)";
        bytes32 type_ = keccak256(bytes(string.concat(text, SIGNER_TEXT)));
        bytes32 removed = keccak256(abi.encodePacked(remove));
        return typed(keccak256(abi.encode(type_, account, accounts.version(account), hashSigners(add), removed)));
    }

    function recoveryDigest(IAccounts.Signer[] memory signers, bytes32 receiver) internal view returns (bytes32) {
        string memory text = "Recovery(bytes32 account,uint64 version,Signer[] signers,bytes32 receiver)";
        bytes32 type_ = keccak256(bytes(string.concat(text, SIGNER_TEXT)));
        return typed(keccak256(abi.encode(type_, account, accounts.version(account), hashSigners(signers), receiver)));
    }

    function guardingDigest(IAccounts.Guards memory g) internal view returns (bytes32) {
        string memory guards = "Guards(bytes32[] authorities,bytes32[] guardians,uint8 guardiansNeeded)";
        bytes32 type_ =
            keccak256(bytes(string.concat("Guarding(bytes32 account,uint64 version,Guards guards)", guards)));
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(bytes(guards)),
                keccak256(abi.encodePacked(g.authorities)),
                keccak256(abi.encodePacked(g.guardians)),
                g.guardiansNeeded
            )
        );
        return typed(keccak256(abi.encode(type_, account, accounts.version(account), hash)));
    }

    function vetoDigest() internal view returns (bytes32) {
        bytes32 type_ = keccak256("Veto(bytes32 account,uint64 version)");
        return typed(keccak256(abi.encode(type_, account, accounts.version(account))));
    }

    /* Signatures */

    function p256(uint256 key, bytes32 hash) internal pure returns (bytes32 r, bytes32 s) {
        (r, s) = vm.signP256(key, hash);
        if (uint256(s) > P256_N / 2) s = bytes32(P256_N - uint256(s));
    }

    function byPasskey(uint256 key, bytes32 digest) internal pure returns (IAccounts.Proof memory) {
        return byPasskey(key, digest, 0x05, "webauthn.get");
    }

    /// @param flags of the authenticator: 0x01 user present, 0x04 user verified
    function byPasskey(uint256 key, bytes32 digest, bytes1 flags, string memory kind)
        internal
        pure
        returns (IAccounts.Proof memory)
    {
        WebAuthn.WebAuthnAuth memory auth;
        auth.authenticatorData = abi.encodePacked(sha256("portal"), flags, uint32(0));
        auth.typeIndex = 1;
        auth.clientDataJSON = string.concat(
            "{\"type\":\"",
            kind,
            "\",\"challenge\":\"",
            Base64.encodeURL(abi.encodePacked(digest)),
            "\",\"origin\":\"https://portal\"}"
        );
        auth.challengeIndex = 11 + bytes(kind).length;
        (auth.r, auth.s) =
            p256(key, sha256(abi.encodePacked(auth.authenticatorData, sha256(bytes(auth.clientDataJSON)))));
        bytes memory signature = abi.encode(
            auth.r, auth.s, auth.challengeIndex, auth.typeIndex, auth.authenticatorData, auth.clientDataJSON
        );
        return IAccounts.Proof(idOf(passkey(key)), signature);
    }

    function byDevice(uint256 key, bytes32 digest) internal pure returns (IAccounts.Proof memory) {
        (bytes32 r, bytes32 s) = p256(key, sha256(abi.encodePacked(digest)));
        return IAccounts.Proof(idOf(device(key, 1)), abi.encodePacked(r, s));
    }

    function byKey(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function byWallet(uint256 key, bytes32 digest) internal pure returns (IAccounts.Proof memory) {
        return IAccounts.Proof(idOf(wallet(key)), byKey(key, digest));
    }

    function one(IAccounts.Proof memory proof) internal pure returns (IAccounts.Proof[] memory proofs) {
        proofs = new IAccounts.Proof[](1);
        proofs[0] = proof;
    }

    function both(IAccounts.Proof memory a, IAccounts.Proof memory b)
        internal
        pure
        returns (IAccounts.Proof[] memory proofs)
    {
        proofs = new IAccounts.Proof[](2);
        (proofs[0], proofs[1]) = a.signer < b.signer ? (a, b) : (b, a);
    }

    /* Steps */

    function keyOf(bytes32 authority) internal pure returns (uint256) {
        return authority == POLICE ? POLICE_KEY : authority == HEALTH ? HEALTH_KEY : CIVIL_KEY;
    }

    function approve(bytes32 authority) internal {
        bytes memory signature = byKey(keyOf(authority), recoveryDigest(newSigners(), RECEIVER));
        accounts.approve(account, newSigners(), RECEIVER, authority, signature);
    }

    function startedRecovery() internal returns (bytes32 id) {
        id = recoveryDigest(newSigners(), RECEIVER);
        approve(POLICE);
        approve(HEALTH);
    }

    function isLive(IAccounts.Signer memory s) internal view returns (bool) {
        return accounts.isSigner(account, idOf(s));
    }
}
