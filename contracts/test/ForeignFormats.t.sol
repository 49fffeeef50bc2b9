// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Certificates} from "../src/libraries/Certificates.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {Receipts} from "../src/libraries/Receipts.sol";
import {Test} from "./support/Vm.sol";

/// @notice What only a network whose validators break its own rules could sign; and certificates of a wrong form.
contract ForeignFormatsTest is Test {
    using RLP for *;

    function verify(bytes calldata certificate, bytes calldata signatureY) external view {
        Bls12381.G2 memory key;
        Certificates.verify(key, certificate, signatureY);
    }

    function descend(bytes32 certified, bytes[] calldata headers) external pure returns (Headers.Header memory) {
        return Headers.descend(certified, headers);
    }

    function prove(bytes32 root, bytes[] calldata nodes, uint256 logIndex) external pure returns (Receipts.Log memory) {
        return Receipts.prove(root, 0, nodes, logIndex);
    }

    function certificateFails(bytes memory varints, uint256 rest) internal {
        bytes memory certificate = bytes.concat(varints, new bytes(rest));
        vm.expectRevert(abi.encodeWithSelector(Certificates.CertificateMalformed.selector, certificate.length));
        this.verify(certificate, new bytes(48));
    }

    /// @dev With a well-formed start the next check is the signature's, all zeros here.
    function certificateReads(bytes memory varints) internal {
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PointMalformed.selector, bytes32("signature")));
        this.verify(bytes.concat(varints, new bytes(80)), new bytes(48));
    }

    function test_a_certificate_starts_with_three_shortest_varints() public {
        certificateReads(hex"000000");
        certificateReads(hex"00ac02ab02");
        certificateReads(hex"ffffffffffffffffff01ffffffffffffffffff01ffffffffffffffffff01");
        certificateFails(hex"", 0);
        certificateFails(hex"000000", 79);
        certificateFails(hex"000000", 81);
        certificateFails(hex"00ac02ab00", 80); // not the shortest
        certificateFails(hex"0000ffffffffffffffffff02", 80); // 65 bits
        certificateFails(hex"0000ffffffffffffffffffff01", 80); // 11 bytes
        certificateFails(hex"ffffff", 0);
        certificateFails(hex"000000", 108);
    }

    function aHeader(uint256 number, bytes32 parent, uint256 fields) internal pure returns (bytes memory) {
        bytes[] memory items = new bytes[](fields);
        for (uint256 i; i < fields; ++i) {
            items[i] = i == 0 ? parent.encode() : i == 8 ? number.encode() : uint256(0).encode();
        }
        return items.encode();
    }

    function test_headers_have_21_fields_and_count_down() public {
        bytes[] memory headers = new bytes[](2);
        headers[1] = aHeader(7, 0, 21);
        headers[0] = aHeader(8, keccak256(headers[1]), 21);
        vm.assertEq(uint256(this.descend(keccak256(headers[0]), headers).number), 7, "number");

        headers[0] = aHeader(9, keccak256(headers[1]), 21);
        vm.expectRevert(abi.encodeWithSelector(Headers.WrongHeaderNumber.selector, 1, 9, 7));
        this.descend(keccak256(headers[0]), headers);
        headers[0] = aHeader(0, keccak256(headers[1]), 21);
        vm.expectRevert(abi.encodeWithSelector(Headers.WrongHeaderNumber.selector, 1, 0, 7));
        this.descend(keccak256(headers[0]), headers);
        for (uint256 fields = 20; fields < 23; fields += 2) {
            headers[0] = aHeader(8, keccak256(headers[1]), fields);
            vm.expectRevert(abi.encodeWithSelector(Headers.HeaderMalformed.selector, 0, fields));
            this.descend(keccak256(headers[0]), headers);
        }
        headers[0] = aHeader(8, keccak256(headers[1]), 21);
        headers[1] = hex"00";
        vm.expectRevert(
            abi.encodeWithSelector(
                Headers.WrongHeaderHash.selector, 1, keccak256(aHeader(7, 0, 21)), keccak256(hex"00")
            )
        );
        this.descend(keccak256(headers[0]), headers);
    }

    function aLog(uint256 topics, uint256 parts) internal pure returns (bytes memory) {
        bytes[] memory words = new bytes[](topics);
        for (uint256 i; i < topics; ++i) {
            words[i] = bytes32(i).encode();
        }
        bytes[] memory items = new bytes[](parts);
        for (uint256 i; i < parts; ++i) {
            items[i] = i == 0 ? address(0xE).encode() : i == 1 ? words.encode() : bytes("data").encode();
        }
        return items.encode();
    }

    /// @dev A block with one transaction: its receipts' trie is one leaf, for the key 0x80.
    function blockOf(bytes memory start, bytes[] memory logs, uint256 fields)
        internal
        pure
        returns (bytes32 root, bytes[] memory nodes)
    {
        bytes[] memory items = new bytes[](fields);
        for (uint256 i; i < fields; ++i) {
            items[i] = i == 3 ? logs.encode() : i == 2 ? new bytes(256).encode() : uint256(1).encode();
        }
        bytes[] memory leaf = new bytes[](2);
        leaf[0] = bytes(hex"2080").encode();
        leaf[1] = bytes.concat(start, items.encode()).encode();
        nodes = new bytes[](1);
        nodes[0] = leaf.encode();
        root = keccak256(nodes[0]);
    }

    function receiptFails(bytes memory start, bytes memory log, uint256 fields) internal {
        bytes[] memory logs = new bytes[](1);
        logs[0] = log;
        (bytes32 root, bytes[] memory nodes) = blockOf(start, logs, fields);
        vm.expectRevert(abi.encodeWithSelector(Receipts.ReceiptMalformed.selector, 0));
        this.prove(root, nodes, 0);
    }

    function test_receipts_of_all_types_and_several_logs() public view {
        bytes[] memory logs = new bytes[](3);
        (logs[0], logs[1], logs[2]) = (aLog(0, 3), aLog(1, 3), aLog(4, 3));
        bytes[5] memory starts = [bytes(hex""), hex"01", hex"02", hex"03", hex"04"];
        for (uint256 i; i < 5; ++i) {
            (bytes32 root, bytes[] memory nodes) = blockOf(starts[i], logs, 4);
            Receipts.Log memory log = this.prove(root, nodes, 2);
            vm.assertEq(log.emitter, address(0xE), "emitter");
            vm.assertEq(log.topics.length, 4, "topics");
            vm.assertEq(log.topics[3], bytes32(uint256(3)), "topic");
            vm.assertEq(log.data, bytes("data"), "data");
            vm.assertEq(this.prove(root, nodes, 0).topics.length, 0, "no topics");
        }
    }

    function test_receipts_of_another_form_are_refused() public {
        receiptFails(hex"05", aLog(1, 3), 4);
        receiptFails(hex"00", aLog(1, 3), 4);
        receiptFails(hex"02", aLog(1, 3), 5);
        receiptFails(hex"02", aLog(5, 3), 4);
        receiptFails(hex"02", aLog(1, 4), 4);
    }
}
