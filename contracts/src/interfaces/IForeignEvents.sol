// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Events of other networks, believed because they are proven
/// @notice Certificate, header, receipt, log: each step is checked against the one before, and the first against the
/// network's key in `Networks`. The formats are those of `docs/proofs.md`. Who sends a proof does not matter.
interface IForeignEvents {
    /// @param certificate as `zhengtong_getReceiptProof` answers it
    /// @param signatureY the y coordinate, 48 bytes, of the point whose compressed form ends the certificate
    /// @param headers the certified header, its parent, and so on down to the block of the transaction
    /// @param transactionIndex in that block
    /// @param nodes from the block's `receiptsRoot` to the receipt
    /// @param logIndex in that receipt, from 0
    struct Proof {
        bytes certificate;
        bytes signatureY;
        bytes[] headers;
        uint256 transactionIndex;
        bytes[] nodes;
        uint256 logIndex;
    }

    /// @param id `keccak256(abi.encode(network, block hash, transaction index, log index))`: one event, one id, so whoever
    /// acts on an event keeps the id and acts once
    /// @param timestamp of its block, unix seconds by the other network's clock
    /// @param emitter the contract, by its address there: the same address here may be something else
    struct Event {
        bytes32 id;
        uint64 blockNumber;
        uint64 timestamp;
        address emitter;
        bytes32[] topics;
        bytes data;
    }

    event EventAccepted(
        bytes32 indexed id,
        bytes32 indexed network,
        address indexed emitter,
        uint64 blockNumber,
        uint64 timestamp,
        bytes32[] topics,
        bytes data
    );

    error AlreadyAccepted(bytes32 id, uint64 acceptedAt);

    /// @notice The event that a proof proves. Reverts with an error that names the step that failed.
    /// @param network its id in `Networks`
    function verify(bytes32 network, Proof calldata proof) external view returns (Event memory);

    /// @notice Verifies an event and records it here, once, for whoever follows this network's events.
    function accept(bytes32 network, Proof calldata proof) external returns (Event memory);

    /// @return unix seconds; zero if it was not
    function acceptedAt(bytes32 id) external view returns (uint64);
}
