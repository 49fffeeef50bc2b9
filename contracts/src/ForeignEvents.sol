// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForeignEvents} from "./interfaces/IForeignEvents.sol";
import {INetworks} from "./interfaces/INetworks.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Bls12381} from "./libraries/Bls12381.sol";
import {Certificates} from "./libraries/Certificates.sol";
import {Headers} from "./libraries/Headers.sol";
import {Receipts} from "./libraries/Receipts.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IForeignEvents}.
contract ForeignEvents is IForeignEvents, Linked {
    mapping(bytes32 id => uint64) public acceptedAt;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IForeignEvents
    function accept(bytes32 network, Proof calldata proof) external returns (Event memory e) {
        e = verify(network, proof);
        if (acceptedAt[e.id] != 0) revert AlreadyAccepted(e.id, acceptedAt[e.id]);
        acceptedAt[e.id] = uint64(block.timestamp);
        emit EventAccepted(e.id, network, e.emitter, e.blockNumber, e.timestamp, e.topics, e.data);
    }

    /// @inheritdoc IForeignEvents
    function verify(bytes32 network, Proof calldata proof) public view returns (Event memory) {
        Bls12381.G2 memory key = INetworks(_peer("networks")).keyOf(network);
        bytes32 certified = Certificates.verify(key, proof.certificate, proof.signatureY);
        Headers.Header memory header = Headers.descend(certified, proof.headers);
        Receipts.Log memory log =
            Receipts.prove(header.receiptsRoot, proof.transactionIndex, proof.nodes, proof.logIndex);
        return Event({
            id: keccak256(abi.encode(network, header.hash, proof.transactionIndex, proof.logIndex)),
            blockNumber: header.number,
            timestamp: header.timestamp,
            emitter: log.emitter,
            topics: log.topics,
            data: log.data
        });
    }
}
