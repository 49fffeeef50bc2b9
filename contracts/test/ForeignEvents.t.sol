// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {IForeignEvents} from "../src/interfaces/IForeignEvents.sol";
import {INetworks} from "../src/interfaces/INetworks.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Certificates} from "../src/libraries/Certificates.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {Receipts} from "../src/libraries/Receipts.sol";
import {ForeignEvents} from "../src/ForeignEvents.sol";
import {Registry} from "../src/Registry.sol";
import {ForeignWorld} from "./support/ForeignWorld.sol";

contract ForeignEventsTest is ForeignWorld {
    // What crates/types/tests/it/sample.rs puts into the golden block.
    uint64 internal constant BLOCK = 7;
    uint64 internal constant BLOCK_TIME = 1_790_000_007;
    bytes32 internal constant BLOCK_HASH = 0x68bb8e8703aa8cbc46aae1ff4aa4dc14cd2bf391ee57737fce11dcc76270a6f8;
    bytes internal constant DATA =
        hex"dadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadada";

    function test_events_of_both_networks_are_what_the_reference_put_there() public view {
        for (uint256 receipt = 1; receipt < RECEIPTS; ++receipt) {
            for (uint256 n; n < 2; ++n) {
                IForeignEvents.Proof memory p = proofOf(n, receipt);
                IForeignEvents.Event memory e = foreignEvents.verify(n == 0 ? one : four, p);
                vm.assertEq(uint256(e.blockNumber), BLOCK, "block");
                vm.assertEq(uint256(e.timestamp), BLOCK_TIME, "time");
                vm.assertEq(e.emitter, EMITTER, "emitter");
                vm.assertEq(e.topics.length, 2, "topics");
                vm.assertEq(e.topics[0], TOPIC, "topic 0");
                vm.assertEq(e.topics[1], bytes32(p.transactionIndex), "topic 1");
                vm.assertEq(e.data, DATA, "data");
            }
        }
    }

    function test_an_event_has_one_id() public view {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        bytes32 expected = keccak256(abi.encode(one, BLOCK_HASH, uint256(3), uint256(0)));
        vm.assertEq(foreignEvents.verify(one, p).id, expected, "id");
    }

    function test_an_event_is_accepted_once() public {
        IForeignEvents.Proof memory p = proofOf(1, 2);
        IForeignEvents.Event memory e = foreignEvents.verify(four, p);
        expectEvent(address(foreignEvents));
        emit IForeignEvents.EventAccepted(e.id, four, e.emitter, e.blockNumber, e.timestamp, e.topics, e.data);
        vm.prank(stranger);
        foreignEvents.accept(four, p);
        vm.assertEq(uint256(foreignEvents.acceptedAt(e.id)), START, "when");
        vm.expectRevert(abi.encodeWithSelector(IForeignEvents.AlreadyAccepted.selector, e.id, START));
        foreignEvents.accept(four, p);
    }

    function test_a_network_must_be_listed() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        refuses("none", p, abi.encodeWithSelector(INetworks.UnknownNetwork.selector, bytes32("none")));
        vm.prank(council);
        networks.withdraw(one);
        refuses(one, p, abi.encodeWithSelector(INetworks.NetworkIsWithdrawn.selector, one));
        listNetwork("one", keyOne, KEY_Y_1);
        foreignEvents.verify(one, p);
    }

    function test_without_networks_nothing_is_believed() public {
        ForeignEvents alone = new ForeignEvents(new Registry(council, new bytes32[](0), new address[](0)));
        IForeignEvents.Proof memory p = proofOf(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownContract.selector, bytes32("networks")));
        alone.verify(one, p);
    }

    function test_a_certificate_is_its_networks_alone() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        bytes memory wrong = abi.encodeWithSelector(Certificates.SignatureWrong.selector, keccak256(p.headers[0]));
        refuses(four, p, wrong);
        // The certificate of the other network over its own, different, block.
        IForeignEvents.Proof memory other = proofOf(1, 1);
        (p.certificate, p.signatureY) = (other.certificate, other.signatureY);
        wrong = abi.encodeWithSelector(Certificates.SignatureWrong.selector, keccak256(other.headers[0]));
        refuses(one, p, wrong);
    }

    function test_the_negated_signature_is_refused() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        p.signatureY = negated(p.signatureY);
        refuses(one, p, abi.encodeWithSelector(Bls12381.PointMalformed.selector, bytes32("signature")));
        // With the flag that says so, it is a point, but not the signature.
        p.certificate = flipped(p.certificate, p.certificate.length - 48, 0x20);
        bytes memory wrong = abi.encodeWithSelector(Certificates.SignatureWrong.selector, keccak256(p.headers[0]));
        refuses(one, p, wrong);
    }

    function test_headers_lead_from_the_certificate_down() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        bytes[] memory whole = p.headers;
        p.headers = new bytes[](0);
        refuses(one, p, abi.encodeWithSelector(Headers.BadHeaderCount.selector, 0, 256));
        p.headers = new bytes[](257);
        refuses(one, p, abi.encodeWithSelector(Headers.BadHeaderCount.selector, 257, 256));
        p.headers = new bytes[](1);
        p.headers[0] = new bytes(1025);
        refuses(one, p, abi.encodeWithSelector(Headers.BadHeaderLength.selector, 0, 1025, 1024));
        // Without the one between.
        p.headers = new bytes[](2);
        (p.headers[0], p.headers[1]) = (whole[0], whole[2]);
        bytes memory wrong =
            abi.encodeWithSelector(Headers.WrongHeaderHash.selector, 1, keccak256(whole[1]), keccak256(whole[2]));
        refuses(one, p, wrong);
        // Not far enough: the receipt is not under the one before.
        p.headers[1] = whole[1];
        wrong = abi.encodeWithSelector(Receipts.ReceiptNotProven.selector, 3, TrieProof.ProofError.INVALID_ROOT);
        refuses(one, p, wrong);
    }

    function test_a_receipt_stands_at_its_index_alone() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        bytes[] memory whole = p.nodes;
        for (uint256 index; index < 10; ++index) {
            p.transactionIndex = index;
            vm.assertEq(isRefused(one, p), index != 3, "index");
        }
        p.transactionIndex = type(uint256).max;
        vm.assertTrue(isRefused(one, p), "largest index");
        p.transactionIndex = 3;
        p.nodes = new bytes[](whole.length + 1);
        for (uint256 i; i < whole.length; ++i) {
            p.nodes[i] = whole[i];
        }
        p.nodes[whole.length] = whole[0];
        bytes memory wrong = abi.encodeWithSelector(
            Receipts.ReceiptNotProven.selector, 3, TrieProof.ProofError.INVALID_EXTRA_PROOF_ELEMENT
        );
        refuses(one, p, wrong);
        p.nodes = new bytes[](0);
        wrong = abi.encodeWithSelector(Receipts.ReceiptNotProven.selector, 3, TrieProof.ProofError.INVALID_PROOF);
        refuses(one, p, wrong);
        p.nodes = new bytes[](13);
        refuses(one, p, abi.encodeWithSelector(Receipts.BadNodeCount.selector, 13, 12));
        p.nodes = new bytes[](1);
        p.nodes[0] = new bytes(65_537);
        refuses(one, p, abi.encodeWithSelector(Receipts.BadNodeLength.selector, 0, 65_537, 65_536));
    }

    function test_a_log_must_be_there_and_its_transaction_have_succeeded() public {
        IForeignEvents.Proof memory p = proofOf(0, 1);
        p.logIndex = 1;
        refuses(one, p, abi.encodeWithSelector(Receipts.NoSuchLog.selector, 1, 1));
        refuses(one, proofOf(0, 0), abi.encodeWithSelector(Receipts.TransactionFailed.selector, 0));
    }

    /// @dev Every byte of the certificate and of its y, each with one bit flipped.
    function test_any_byte_changed_in_the_certificate_is_refused() public view {
        IForeignEvents.Proof memory p = proofOf(1, 1);
        (bytes memory certificate, bytes memory y) = (p.certificate, p.signatureY);
        for (uint256 i; i < certificate.length; ++i) {
            p.certificate = flipped(certificate, i, uint8(1 << (i % 8)));
            vm.assertTrue(isRefused(four, p), "certificate");
        }
        p.certificate = certificate;
        for (uint256 i; i < y.length; ++i) {
            p.signatureY = flipped(y, i, uint8(1 << (i % 8)));
            vm.assertTrue(isRefused(four, p), "y");
        }
    }

    /// forge-config: default.fuzz.runs = 1024
    function testFuzz_any_byte_changed_anywhere_is_refused(uint256 position, uint8 bits, uint8 receipt) public view {
        vm.assume(bits != 0);
        IForeignEvents.Proof memory p = proofOf(0, within(receipt, 1, RECEIPTS - 1));
        position = within(position, 0, size(p) - 1);
        change(p, position, bits);
        vm.assertTrue(isRefused(one, p), vm.toString(position));
    }

    /// forge-config: default.fuzz.runs = 512
    function testFuzz_a_proof_cut_short_is_refused(uint256 position, uint8 receipt) public view {
        IForeignEvents.Proof memory p = proofOf(0, within(receipt, 1, RECEIPTS - 1));
        bytes[] memory all = parts(p);
        uint256 which = position % all.length;
        all[which] = cut(all[which], position / all.length % all[which].length);
        assemble(p, all);
        vm.assertTrue(isRefused(one, p), vm.toString(position));
    }

    /// @dev The parts of a proof that are bytes, in order.
    function parts(IForeignEvents.Proof memory p) internal pure returns (bytes[] memory all) {
        all = new bytes[](2 + p.headers.length + p.nodes.length);
        (all[0], all[1]) = (p.certificate, p.signatureY);
        for (uint256 i; i < p.headers.length; ++i) {
            all[2 + i] = p.headers[i];
        }
        for (uint256 i; i < p.nodes.length; ++i) {
            all[2 + p.headers.length + i] = p.nodes[i];
        }
    }

    function assemble(IForeignEvents.Proof memory p, bytes[] memory all) internal pure {
        (p.certificate, p.signatureY) = (all[0], all[1]);
        for (uint256 i; i < p.headers.length; ++i) {
            p.headers[i] = all[2 + i];
        }
        for (uint256 i; i < p.nodes.length; ++i) {
            p.nodes[i] = all[2 + p.headers.length + i];
        }
    }

    function size(IForeignEvents.Proof memory p) internal pure returns (uint256 total) {
        bytes[] memory all = parts(p);
        for (uint256 i; i < all.length; ++i) {
            total += all[i].length;
        }
    }

    function change(IForeignEvents.Proof memory p, uint256 position, uint8 bits) internal pure {
        bytes[] memory all = parts(p);
        uint256 which;
        while (position >= all[which].length) {
            position -= all[which].length;
            ++which;
        }
        all[which] = flipped(all[which], position, bits);
        assemble(p, all);
    }

    function cut(bytes memory b, uint256 length) internal pure returns (bytes memory c) {
        c = new bytes(length);
        for (uint256 i; i < length; ++i) {
            c[i] = b[i];
        }
    }

    /// @dev p − y, byte by byte.
    function negated(bytes memory y) internal pure returns (bytes memory n) {
        bytes memory p =
            hex"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
        n = new bytes(48);
        int256 borrow;
        for (uint256 i = 48; i > 0; --i) {
            int256 d = int256(uint256(uint8(p[i - 1]))) - int256(uint256(uint8(y[i - 1]))) - borrow;
            borrow = d < 0 ? int256(1) : int256(0);
            n[i - 1] = bytes1(uint8(uint256(d + borrow * 256)));
        }
    }
}
