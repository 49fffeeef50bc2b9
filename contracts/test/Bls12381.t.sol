// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Test} from "./support/Vm.sol";

contract Bls12381Test is Test {
    bytes internal constant CURVE_TAG = "QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
    bytes internal constant EXPANDER_TAG = "QUUX-V01-CS02-with-expander-SHA256-128";

    function readG1(bytes calldata compressed, bytes calldata y) external pure returns (Bls12381.G1 memory) {
        return Bls12381.readG1("point", compressed, y);
    }

    function isSigned(Bls12381.G2 memory key, Bls12381.G1 memory signature) external view returns (bool) {
        return Bls12381.isSigned(key, "message", CURVE_TAG, signature);
    }

    function many(bytes1 letter, uint256 count) internal pure returns (bytes memory b) {
        b = new bytes(count);
        for (uint256 i; i < count; ++i) {
            b[i] = letter;
        }
    }

    function hashesTo(bytes memory message, bytes memory xAndY) internal view {
        Bls12381.G1 memory p = Bls12381.hashToG1(message, CURVE_TAG);
        vm.assertEq(abi.encodePacked(uint128(p.x.high), p.x.low, uint128(p.y.high), p.y.low), xAndY, string(message));
    }

    /// @dev RFC 9380, appendix J.9.1.
    function test_hash_to_curve_is_rfc_9380s() public view {
        hashesTo(
            "",
            hex"052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1"
            hex"08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"
        );
        hashesTo(
            "abc",
            hex"03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903"
            hex"0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"
        );
        hashesTo(
            "abcdef0123456789",
            hex"11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98"
            hex"03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709"
        );
        hashesTo(
            bytes.concat("q128_", many("q", 128)),
            hex"15f68eaa693b95ccb85215dc65fa81038d69629f70aeee0d0f677cf22285e7bf58d7cb86eefe8f2e9bc3f8cb84fac488"
            hex"1807a1d50c29f430b8cafc4f8638dfeeadf51211e1602a5f184443076715f91bb90a48ba1e370edce6ae1062f5e6dd38"
        );
        hashesTo(
            bytes.concat("a512_", many("a", 512)),
            hex"082aabae8b7dedb0e78aeb619ad3bfd9277a2f77ba7fad20ef6aabdc6c31d19ba5a6d12283553294c1825c4b3ca2dcfe"
            hex"05b84ae5a942248eea39e1d91030458c40153f3b654ab7872d779ad1e942856a20c438e8d99bc8abfbf74729ce1f7ac8"
        );
    }

    /// @dev RFC 9380, appendix K.1, the vectors of 128 bytes.
    function test_expand_message_is_rfc_9380s() public pure {
        vm.assertEq(
            abi.encodePacked(Bls12381.expand("", EXPANDER_TAG)),
            hex"af84c27ccfd45d41914fdff5df25293e221afc53d8ad2ac06d5e3e29485dadbee0d121587713a3e0dd4d5e69e93eb7cd4f5df4cd103e188cf60cb02edc3edf18eda8576c412b18ffb658e3dd6ec849469b979d444cf7b26911a08e63cf31f9dcc541708d3491184472c2c29bb749d4286b004ceb5ee6b9a7fa5b646c993f0ced",
            "empty"
        );
        vm.assertEq(
            abi.encodePacked(Bls12381.expand(bytes.concat("a512_", many("a", 512)), EXPANDER_TAG)),
            hex"546aff5444b5b79aa6148bd81728704c32decb73a3ba76e9e75885cad9def1d06d6792f8a7d12794e90efed817d96920d728896a4510864370c207f99bd4a608ea121700ef01ed879745ee3e4ceef777eda6d9e5e38b90c86ea6fb0b36504ba4a45d22e86f6db5dd43d98a294bebb9125d5b794e9d2a81181066eb954966a487",
            "517 bytes"
        );
    }

    /// @dev x = 4 is on the curve, but not of prime order (@noble/curves: isTorsionFree() is false).
    function test_a_signature_outside_the_subgroup_is_refused() public {
        bytes memory x = new bytes(48);
        (x[0], x[47]) = (0x80, 0x04);
        bytes memory y =
            hex"0a989badd40d6212b33cffc3f3763e9bc760f988c9926b26da9dd85e928483446346b8ed00e1de5d5ea93e354abe706c";
        Bls12381.G1 memory outside = this.readG1(x, y);
        Bls12381.G2 memory key;
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PointRefused.selector, bytes32("signature")));
        this.isSigned(key, outside);
    }

    function test_the_identity_is_no_signature() public {
        bytes memory zeros = new bytes(48);
        bytes memory x = new bytes(48);
        bytes memory reason = abi.encodeWithSelector(Bls12381.PointMalformed.selector, bytes32("point"));
        x[0] = 0xc0;
        vm.expectRevert(reason);
        this.readG1(x, zeros);
        x[0] = 0x80;
        vm.expectRevert(reason);
        this.readG1(x, zeros);
    }

    /// @dev Nothing of (p − 1) / 2 or less is the larger y, whatever the x.
    function test_the_sign_turns_at_half_the_field() public {
        bytes memory x = new bytes(48);
        bytes memory half =
            hex"0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555";
        bytes memory next =
            hex"0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd556";
        x[0] = 0x80;
        this.readG1(x, half);
        x[0] = 0xa0;
        this.readG1(x, next);
        bytes memory reason = abi.encodeWithSelector(Bls12381.PointMalformed.selector, bytes32("point"));
        vm.expectRevert(reason);
        this.readG1(x, half);
        x[0] = 0x80;
        vm.expectRevert(reason);
        this.readG1(x, next);
    }

    /// @dev The EVM before EIP-2537.
    /// forge-config: default.evm_version = "cancun"
    function test_without_precompiles_nothing_is_accepted() public {
        Bls12381.G2 memory key;
        Bls12381.G1 memory signature;
        signature.x.low = 1;
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileMissing.selector, address(0x10)));
        this.isSigned(key, signature);
    }
}
