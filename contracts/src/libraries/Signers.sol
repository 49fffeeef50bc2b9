// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {IAccounts} from "../interfaces/IAccounts.sol";

/// @notice The signers of an account: which are sound, what they signed, and how that is hashed (EIP-712).
library Signers {
    uint8 internal constant WEIGHT_MAX = 2;
    uint8 internal constant WALLET_WEIGHT_MAX = 1;

    string private constant SIGNER = "Signer(uint8 kind,uint8 weight,bytes32 x,bytes32 y)";
    string private constant GUARDS = "Guards(bytes32[] authorities,bytes32[] guardians,uint8 guardiansNeeded)";
    bytes32 private constant SIGNER_TYPE = keccak256(bytes(SIGNER));
    bytes32 private constant GUARDS_TYPE = keccak256(bytes(GUARDS));
    bytes32 private constant CHANGE_TYPE =
        keccak256(abi.encodePacked("Change(bytes32 account,uint64 version,Signer[] add,bytes32[] remove)", SIGNER));
    bytes32 private constant GUARDING_TYPE =
        keccak256(abi.encodePacked("Guarding(bytes32 account,uint64 version,Guards guards)", GUARDS));
    bytes32 private constant RECOVERY_TYPE = keccak256(
        abi.encodePacked("Recovery(bytes32 account,uint64 version,Signer[] signers,bytes32 receiver)", SIGNER)
    );
    bytes32 private constant VETO_TYPE = keccak256("Veto(bytes32 account,uint64 version)");

    function idOf(IAccounts.Signer memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(s.kind, s.x, s.y));
    }

    /// @notice A key of its kind, with a weight that the kind may have.
    function isSound(IAccounts.Signer memory s) internal pure returns (bool) {
        if (s.weight == 0 || s.kind == IAccounts.Kind.None) return false;
        if (s.kind != IAccounts.Kind.Wallet) return s.weight <= WEIGHT_MAX && P256.isValidPublicKey(s.x, s.y);
        return s.weight <= WALLET_WEIGHT_MAX && s.y == 0 && s.x != 0 && uint256(s.x) <= type(uint160).max;
    }

    /// @notice Whether the signer signed the digest.
    function signed(IAccounts.Signer memory s, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (s.kind == IAccounts.Kind.Passkey) {
            (bool isWhole, WebAuthn.WebAuthnAuth calldata auth) = WebAuthn.tryDecodeAuth(signature);
            return isWhole && WebAuthn.verify(abi.encodePacked(digest), auth, s.x, s.y);
        }
        if (s.kind == IAccounts.Kind.Device) {
            if (signature.length != 64) return false;
            bytes32 hash = sha256(abi.encodePacked(digest));
            return P256.verify(hash, bytes32(signature[:32]), bytes32(signature[32:]), s.x, s.y);
        }
        return isBy(address(uint160(uint256(s.x))), digest, signature);
    }

    /// @notice Whether the address, which is not zero, signed the digest.
    function isBy(address who, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && signer == who;
    }

    function hashChange(bytes32 account, uint64 version, IAccounts.Signer[] calldata add, bytes32[] calldata remove)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(CHANGE_TYPE, account, version, hashAll(add), keccak256(abi.encodePacked(remove))));
    }

    function hashGuarding(bytes32 account, uint64 version, IAccounts.Guards calldata g)
        internal
        pure
        returns (bytes32)
    {
        bytes32 authorities = keccak256(abi.encodePacked(g.authorities));
        bytes32 guardians = keccak256(abi.encodePacked(g.guardians));
        bytes32 guards = keccak256(abi.encode(GUARDS_TYPE, authorities, guardians, g.guardiansNeeded));
        return keccak256(abi.encode(GUARDING_TYPE, account, version, guards));
    }

    function hashRecovery(bytes32 account, uint64 version, IAccounts.Signer[] calldata signers, bytes32 receiver)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(RECOVERY_TYPE, account, version, hashAll(signers), receiver));
    }

    function hashVeto(bytes32 account, uint64 version) internal pure returns (bytes32) {
        return keccak256(abi.encode(VETO_TYPE, account, version));
    }

    function hashAll(IAccounts.Signer[] calldata all) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](all.length);
        for (uint256 i; i < all.length; ++i) {
            hashes[i] = keccak256(abi.encode(SIGNER_TYPE, all[i].kind, all[i].weight, all[i].x, all[i].y));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
