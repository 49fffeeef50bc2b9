// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForeignEvents} from "../../src/ForeignEvents.sol";
import {IForeignEvents} from "../../src/interfaces/IForeignEvents.sol";
import {INetworks} from "../../src/interfaces/INetworks.sol";
import {Networks} from "../../src/Networks.sol";
import {Registry} from "../../src/Registry.sol";
import {Test} from "./Vm.sol";

/// @notice Two foreign networks, of 1 and of 4 validators, and their proofs, as the Rust reference makes them:
/// crates/types/tests/golden/proofs.json, made by crates/types/tests/it/golden.rs.
abstract contract ForeignWorld is Test {
    string internal constant GOLDEN = "../crates/types/tests/golden/proofs.json";
    /// @dev The golden block's transactions whose receipts are proven; the first one failed.
    uint256 internal constant RECEIPTS = 5;
    address internal constant EMITTER = address(0xC0DE0);
    bytes32 internal constant TOPIC = 0xe7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7;
    uint64 internal constant CHAIN_ID = 20260;
    uint64 internal constant START = 1_790_000_000;

    // y coordinates, by @noble/curves 2.4: G2.Point.fromHex(publicKey).toAffine().y as c1 ‖ c0, and
    // G1.Point.fromHex(signature).toAffine().y of the certificate over the receipts' block.
    bytes internal constant KEY_Y_1 = hex"086ef1286b07c6adab06fb01d4fe8381278b9a7772929867bac3b69ea4e3aa11d7671c53c5587797510f349fd34fd1bb"
        hex"1714fea95b314402cb41deaca20a8078f2a37bb5367404c81459ddbd762ee984972f08a324d14d638e9d76935aab1d62";
    bytes internal constant KEY_Y_4 = hex"163bdb9d32f181af4256fe2d2ac52aa841a5d7af850373a7de273f300c9fe54efd4b41bf2aad755564a4471136db0d50"
        hex"044a364f269d4ad8138443be70deb3d413604e4beecf81cbb05f75f893e58ee43c645d5019c6211dbe56224974e5be88";
    bytes internal constant SIGNATURE_Y_1 =
        hex"01b797e3da27e31b87b24af203e9b20fe0e2f97386293ea1a2d25017f6b92620f3e844403a582596a042ac92758bde9f";
    bytes internal constant SIGNATURE_Y_4 =
        hex"0e245c8613ead5fa963b9b4da8eb15db2f12b9e51cac1e3dff16fe16bc2a51898a509022c43cb39f12554cc4e256f1c3";

    address internal council = address(0xC0);
    address internal stranger = address(0xBAD);

    Networks internal networks;
    ForeignEvents internal foreignEvents;
    bytes internal keyOne;
    bytes internal keyFour;

    bytes32 internal one;
    bytes32 internal four;

    function setUp() public virtual {
        vm.warp(START);
        string memory golden = vm.readFile(GOLDEN);
        for (uint256 i; i < 2 * RECEIPTS; ++i) {
            (uint256 network, uint256 receipt) = (i / RECEIPTS, i % RECEIPTS);
            vm.etch(shelf(network, receipt), abi.encode(readProof(golden, network, receipt)));
        }
        Registry registry = new Registry(council, new bytes32[](0), new address[](0));
        networks = new Networks(registry);
        foreignEvents = new ForeignEvents(registry);
        vm.prank(council);
        registry.setContract("networks", address(networks));
        keyOne = vm.parseJsonBytes(golden, ".networks[0].publicKey");
        keyFour = vm.parseJsonBytes(golden, ".networks[1].publicKey");
        one = listNetwork("one", keyOne, KEY_Y_1);
        four = listNetwork("four", keyFour, KEY_Y_4);
    }

    function listNetwork(bytes32 name, bytes memory key, bytes memory y) internal returns (bytes32) {
        vm.prank(council);
        return networks.list(name, CHAIN_ID, key, y);
    }

    /// @param network 0 for the one of one validator, 1 for that of four
    /// @param receipt 0 to 4, of the transactions 0, 3, 127, 128 and 149
    function proofOf(uint256 network, uint256 receipt) internal view returns (IForeignEvents.Proof memory) {
        return abi.decode(shelf(network, receipt).code, (IForeignEvents.Proof));
    }

    function readProof(string memory golden, uint256 network, uint256 receipt)
        private
        pure
        returns (IForeignEvents.Proof memory)
    {
        string memory path = string.concat(".networks[", vm.toString(network), "].receipts[", vm.toString(receipt), "]");
        return IForeignEvents.Proof({
            certificate: vm.parseJsonBytes(golden, string.concat(path, ".finality.certificate")),
            signatureY: network == 0 ? SIGNATURE_Y_1 : SIGNATURE_Y_4,
            headers: vm.parseJsonBytesArray(golden, string.concat(path, ".finality.headers")),
            transactionIndex: vm.parseJsonUint(golden, string.concat(path, ".transactionIndex")),
            nodes: vm.parseJsonBytesArray(golden, string.concat(path, ".proof")),
            logIndex: 0
        });
    }

    /// @dev Proofs are kept as code of accounts, which is quick to read back; the file is not.
    function shelf(uint256 network, uint256 receipt) private pure returns (address) {
        return address(uint160(0xF11E0000 + network * RECEIPTS + receipt));
    }

    function isRefused(bytes32 network, IForeignEvents.Proof memory p) internal view returns (bool) {
        try foreignEvents.verify(network, p) {
            return false;
        } catch {
            return true;
        }
    }

    function refuses(bytes32 network, IForeignEvents.Proof memory p, bytes memory reason) internal {
        vm.expectRevert(reason);
        foreignEvents.verify(network, p);
    }

    /// @dev The same bytes with some bits of one flipped; `bits` must not be zero.
    function flipped(bytes memory b, uint256 position, uint8 bits) internal pure returns (bytes memory c) {
        c = bytes.concat(b);
        c[position] ^= bytes1(bits);
    }
}
