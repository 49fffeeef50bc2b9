// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title People: one leaf for each resident whom an identity authority has verified
/// @notice A Semaphore group. A leaf is the commitment to a secret that never leaves a wallet; the wallet can prove that it
/// knows the secret of some leaf, and not of which. Who a leaf is of stands nowhere here. An authority gives each person one
/// *seat*, a random number that it keeps with the person's records, and a seat has one leaf at a time.
/// The tree is a lean incremental Merkle tree of Poseidon hashes, as zk-kit makes it, at most 25 levels deep.
interface IPeople {
    /// @param root of the tree, as it was at the end of a block
    /// @param since unix seconds of that block
    /// @param blockNumber of that block
    /// @param size how many leaves the tree had then, removed ones included
    struct Root {
        uint256 root;
        uint64 since;
        uint64 blockNumber;
        uint64 size;
    }

    /// @param index place of the leaf in the tree
    /// @param since unix seconds at which it was entered; zero if it never was
    /// @param isCurrent false once it was replaced or removed
    struct Leaf {
        uint64 index;
        uint64 since;
        bool isCurrent;
    }

    /// @notice A Semaphore 4 proof for 25 levels. The circuit hides which leaf it is of, and binds the rest.
    /// @param nullifier the same for the same secret and scope, and of no use for finding either
    /// @param message what is said with the proof; it cannot be changed without making another
    /// @param scope what it counts once for
    /// @param points of the Groth16 proof: A, B, C
    struct Membership {
        uint256 nullifier;
        uint256 message;
        uint256 scope;
        uint256[8] points;
    }

    event LeafEntered(bytes32 indexed authority, uint256 indexed leaf, uint64 index, uint256 root);
    event LeafReplaced(
        bytes32 indexed authority, uint256 indexed oldLeaf, uint256 indexed newLeaf, uint64 index, uint256 root
    );
    event LeafRemoved(bytes32 indexed authority, uint256 indexed leaf, uint64 index, uint256 root);

    error NotAnAuthority(address sender);
    error EmptySeat();
    error NotALeaf(uint256 leaf);
    error LeafUsed(uint256 leaf);
    error SeatIsEmpty(bytes32 authority, bytes32 seat);
    error RootNotKept(uint64 number, uint64 oldest, uint64 newest);
    error NotAMember(uint256 root, uint256 nullifier);

    /// @notice Puts a leaf on a seat of the sender's organisation, which must have the role IDENTITY: in the tree's next place,
    /// or in the place of the seat's leaf, which then is no member any more. The same again changes nothing.
    /// @param seat a random number, one a person, that nobody can tell from others
    /// @param leaf a Semaphore identity commitment. A leaf is entered once, ever: an old one never comes back.
    function enter(bytes32 seat, uint256 leaf) external;

    /// @notice Takes the leaf off a seat of the sender's organisation. Its place in the tree stays empty.
    function remove(bytes32 seat) external;

    /// @notice The leaf on a seat; zero if there is none.
    function leafOf(bytes32 authority, bytes32 seat) external view returns (uint256);

    /// @notice Where a leaf is or was; zeros if it was never entered.
    function stateOf(uint256 leaf) external view returns (Leaf memory);

    /// @notice How many leaves an authority has in the tree now. Everybody can hold it against how many residents there are.
    function countOf(bytes32 authority) external view returns (uint64);

    /// @notice The tree now: number of its root among all, and the root. A ballot keeps both when it opens.
    function current() external view returns (uint64 number, Root memory root);

    /// @notice One of the last 256 roots, of which each block leaves one at most. Reverts with RootNotKept for others.
    function rootAt(uint64 number) external view returns (Root memory);

    /// @notice A node of the tree: level 0 are the leaves. Zero if there is none, or the leaf was removed.
    function node(uint8 level, uint64 index) external view returns (uint256);

    /// @notice Returns if the proof shows that somebody knows the secret of a leaf under this root; reverts with NotAMember if
    /// not. The root must be one that the caller got from here; the caller keeps the nullifiers it has seen. Under the root of no leaf, which is
    /// zero, nobody is a member: the circuit gives that root to whoever claims a path longer than it is deep.
    function verify(uint256 root, Membership calldata membership) external view;
}
