// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {IDENTITY} from "./interfaces/Constants.sol";
import {IPeople} from "./interfaces/IPeople.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {LeanTree} from "./libraries/LeanTree.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IPeople}.
contract People is IPeople, Linked {
    using LeanTree for LeanTree.Tree;

    uint64 private constant ROOTS_KEPT = 256;
    /// @dev The order of BN254's scalar field, in which leaves, roots and nullifiers are.
    uint256 private constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    mapping(uint256 leaf => Leaf) private _known;
    mapping(bytes32 authority => mapping(bytes32 seat => uint256 leaf)) private _seats;
    mapping(bytes32 authority => uint64) public countOf;
    LeanTree.Tree private _tree;
    /// @dev Of the newest root; the first is 1.
    uint64 private _number;
    Root[ROOTS_KEPT] private _roots;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IPeople
    function enter(bytes32 seat, uint256 leaf) external {
        bytes32 authority = _authority();
        if (seat == 0) revert EmptySeat();
        if (leaf == 0 || leaf >= FIELD) revert NotALeaf(leaf);
        uint256 old = _seats[authority][seat];
        if (old == leaf) return;
        if (_known[leaf].since != 0) revert LeafUsed(leaf);

        _seats[authority][seat] = leaf;
        (uint64 index, uint256 root) = old == 0 ? _tree.append(leaf) : _replace(old, leaf);
        _known[leaf] = Leaf(index, uint64(block.timestamp), true);
        _keep(root);
        if (old == 0) {
            ++countOf[authority];
            emit LeafEntered(authority, leaf, index, root);
        } else {
            emit LeafReplaced(authority, old, leaf, index, root);
        }
    }

    /// @inheritdoc IPeople
    function remove(bytes32 seat) external {
        bytes32 authority = _authority();
        uint256 old = _seats[authority][seat];
        if (old == 0) revert SeatIsEmpty(authority, seat);

        delete _seats[authority][seat];
        --countOf[authority];
        (uint64 index, uint256 root) = _replace(old, 0);
        _keep(root);
        emit LeafRemoved(authority, old, index, root);
    }

    /// @inheritdoc IPeople
    function leafOf(bytes32 authority, bytes32 seat) external view returns (uint256) {
        return _seats[authority][seat];
    }

    /// @inheritdoc IPeople
    function stateOf(uint256 leaf) external view returns (Leaf memory) {
        return _known[leaf];
    }

    /// @inheritdoc IPeople
    function current() external view returns (uint64 number, Root memory root) {
        number = _number;
        root = _roots[number % ROOTS_KEPT];
    }

    /// @inheritdoc IPeople
    function rootAt(uint64 number) external view returns (Root memory) {
        uint64 newest = _number;
        uint64 oldest = newest < ROOTS_KEPT ? 1 : newest - ROOTS_KEPT + 1;
        if (number < oldest || number > newest) revert RootNotKept(number, oldest, newest);
        return _roots[number % ROOTS_KEPT];
    }

    /// @inheritdoc IPeople
    function node(uint8 level, uint64 index) external view returns (uint256) {
        return _tree.node(level, index);
    }

    /// @inheritdoc IPeople
    function verify(uint256 root, Membership calldata m) external view {
        uint256[4] memory signals = [root, m.nullifier, _digest(m.message), _digest(m.scope)];
        uint256[8] calldata p = m.points;
        bool holds = ISemaphoreVerifier(_peer("membership-verifier"))
            .verifyProof([p[0], p[1]], [[p[2], p[3]], [p[4], p[5]]], [p[6], p[7]], signals, LeanTree.MAX_DEPTH);
        if (!holds || root == 0) revert NotAMember(root, m.nullifier);
    }

    function _authority() private view returns (bytes32 organisation) {
        organisation = registry.organisationOf(msg.sender);
        if (organisation == 0) revert NotAnAuthority(msg.sender);
        (, uint32 roles) = registry.attesterOf(organisation);
        if (roles & IDENTITY == 0) revert NotAnAuthority(msg.sender);
    }

    function _replace(uint256 old, uint256 new_) private returns (uint64 index, uint256 root) {
        Leaf storage known = _known[old];
        known.isCurrent = false;
        index = known.index;
        root = _tree.update(index, new_);
    }

    /// @dev One a block, so that many changes at once do not push out the roots that proofs are being made against.
    function _keep(uint256 root) private {
        uint64 number = _number;
        if (number == 0 || _roots[number % ROOTS_KEPT].blockNumber != block.number) _number = ++number;
        _roots[number % ROOTS_KEPT] = Root(root, uint64(block.timestamp), uint64(block.number), _tree.size);
    }

    /// @dev As Semaphore folds messages and scopes into the field.
    function _digest(uint256 value) private pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(value))) >> 8;
    }
}
