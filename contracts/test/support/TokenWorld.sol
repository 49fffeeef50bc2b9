// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @notice An authority that signs tokens. Its keys are for tests alone, made by `openssl genrsa 2048`; signing is EMSA-PSS
/// (RFC 8017, section 9.1.1) written byte by byte, unlike the verifier.
abstract contract TokenWorld is CaseWorld {
    bytes internal constant KEY = hex"9762f6db7d38673263f368976cc4d5937fa357da6d31b477a4640f0905df5911babff59c57ed8893ef01ea14497ca647b300898a"
        hex"9df3c3b13d4f8f9f5857b0537119723b1157e102f2f9cc07225363664c2fb625162f84192107866f347cad172d1ee0a0eda1c92c"
        hex"dec5068840b392b51560e7c3e47fe0c0fdc75ce124b1b6dcac937d20ab3a10ca538e96290879217fa13e1feeb925168ebee4106e"
        hex"ca9d0f5436ad7017bb04b05a5f85ef0517ba383f2ccfb72ecf2b288abffc86cc9eeeb7df9b50e0bf95adcd8b4b2f7fa435da38e7"
        hex"817765ee3573cc5ca28d3bd2ab11cbf861fb1d6cd30851b0c38d9e4aa9e34eee069f8e72983904ded811803709ee7e45";
    bytes internal constant KEY_PRIVATE = hex"3849e3dfd8bf901f7c6a950938b837719093fba68bd35f76dcf9175e1380e86d5f32e0f03101713710377601f5111402b4dc0e48"
        hex"2c52e7008ffb753b9a6d8072862b1ffe3684a675a2429f4a47c919bc7fb77dd26c5d5e90b96742e5366ee52d28e9c23c141f83dd"
        hex"db370726c26802b4b22e45fee0876bda56823a56bc7e17af8301a64b31833de224ae67384b4ac9dac70901813521cc81ffac906d"
        hex"2d39e2cd64c350f5bb18a4061825f0bc837337868736eb35f6d22a4987629f7d095ebf6a88a679c8d2b6a7a5e4d38d7e315b1be8"
        hex"fd81ee514288999b73b563b554796f1ed2c5ea0ea135e8ff1865cfc9a736cc13ae080535b8fd0c0196da65755da33a41";
    bytes internal constant OTHER_KEY = hex"b538b9067e58a7b66a2a98243faa903f61d598070740d9032899aabb1cc358c41647800c0ff53720923f79aa64043b4bc382931d"
        hex"fc838dbd617f536f4af07131cfaa2d386cf6ac0c86c9f167c276fde8067f65ffd71c4b9c39b97396ad6916c8535a2ab503e6cf9c"
        hex"3bf9d9a8d88cf8558a1cf0af2b6aa63341d6acb8045648ccf833df758b5918f22cfde1a3ab5f73ca769edf6296c30f2bba94046e"
        hex"b2729b102c10a2f5431cde00f42670447f346804c8dbc74af565616533d8e179556d7f54979ae612ef7d77268a8a7587cc77a700"
        hex"54955bcaa7cb8761be693adf57e949f73e434e541f1fc61e301372ab31464d299193993748c2990517f9aacbc4a3afdd";
    bytes internal constant OTHER_KEY_PRIVATE = hex"05a4165e55607d17f8860ae655f5013877db263851c97af7d633b254d0b863f2f69e9325ccf95d15ee777b5a0a72f7458c786c0b"
        hex"eae84d692fb7bee91ff40c11f8dcdb3b7e68cf42348fe4abce29d60d7ae64c4e826ba70edddd1ff3f8c1e4aba7ac8ed7c39f53a7"
        hex"1156dda79bd60784e21fb47e3f63ba78adfbf8b461ae2de5e60293e7f2845a7d2535f7a418431a6f647ad67b21e15f7697fd7d66"
        hex"bedde2fa6cee2eb075d94fc75715649130da6f14ed559cf28dd0a705c144bf0aecccf261b618e07931191109eeccc3e0e0cd711a"
        hex"97db28c922870537926bdb3843b4422fdc7b61b13d3f786d68402fb0d46c3917d4e9b777cfc4c0233f98ee3cf383a021";

    bytes32 internal constant NONCE = keccak256("nonce");
    bytes32 internal constant SALT_OF_TOKEN = keccak256("salt of a token");
    uint64 internal constant DAY = 1 days;
    /// @dev `TZ=Asia/Shanghai date -d @1790000000` is 21 September 2026, day 20717 since 1 January 1970.
    uint64 internal constant FIRST_WINDOW = 20_717;

    function setUp() public virtual override {
        super.setUp();
        vm.prank(council);
        allowances.setIssuer(POLICE);
        publish(FIRST_WINDOW, KEY);
    }

    function publish(uint64 window, bytes memory modulus) internal {
        vm.prank(police);
        allowances.publish(window, modulus);
    }

    function tokenOf(address holder, bytes32 nonce, uint64 window) internal view returns (bytes memory) {
        return sign(KEY, KEY_PRIVATE, allowances.messageOf(holder, nonce, window));
    }

    function sign(bytes memory modulus, bytes memory exponent, bytes memory message)
        internal
        view
        returns (bytes memory)
    {
        return Math.modExp(encode(message, SALT_OF_TOKEN), exponent, modulus);
    }

    function encode(bytes memory message, bytes32 salt) private pure returns (bytes memory) {
        bytes32 hash = sha256(bytes.concat(new bytes(8), sha256(message), salt));
        bytes memory data = bytes.concat(new bytes(190), hex"01", salt);
        bytes memory mask;
        for (uint32 i; i < 7; ++i) {
            mask = bytes.concat(mask, sha256(bytes.concat(hash, bytes4(i))));
        }
        for (uint256 i; i < 223; ++i) {
            data[i] ^= mask[i];
        }
        data[0] &= 0x7f;
        return bytes.concat(data, hash, hex"bc");
    }
}
