// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How much gas an account may use in an epoch
/// @notice Gas has no price here; this is what bounds spam. Every account is in one class. A class says how much gas each of
/// its accounts may use in an epoch, and how much all of them together, so that no flood of fresh keys crowds out the others.
/// The chain itself enforces it, in its pool and by the validity of blocks: before a transaction runs, what its account used
/// in this epoch and its gas limit together must be within the quota, and the same for its class; afterwards the gas that it
/// used counts. Limits and classes are those of the state before the block.
///
/// The class of an account is the first of these that applies:
///
/// 1. GOVERNORS, for the council and, if it is a contract with members, for its members;
/// 2. what the council assigned it to;
/// 3. ORGANISATIONS, for the attester of an organisation of the registry;
/// 4. OFFICERS, for an active officer;
/// 5. EVERYONE.
///
/// The transactions of an account of EVERYONE are of RESIDENTS instead once it has shown a token of the daily allowance
/// (see {IAllowances}) that was valid in that block: by the opening of a case, or at the end of any transaction's data,
/// whatever became of that transaction. There the limit of an account is not an epoch's: it is what its token buys, once.
/// What that or the class's epoch has no room for is of EVERYONE again.
///
/// Governors are never bound by the total of their class, and always have GOVERNORS_LEAST: whatever was decided, and whoever
/// floods the chain, it can be decided otherwise.
interface IQuotas {
    /// @param account gas that one account may use in an epoch; in RESIDENTS, gas that a token buys
    /// @param total gas that all accounts of the class may use in an epoch together
    struct Limits {
        uint64 account;
        uint64 total;
    }

    /// @param name a slug, for people
    struct Class {
        bytes32 name;
        Limits limits;
    }

    struct Assignment {
        address account;
        uint8 class;
    }

    /// @notice What was used in the latest epoch in which anything was.
    struct Usage {
        uint64 epoch;
        uint64 gas;
    }

    /// @param gas of the epoch, in the account's own class
    /// @param byToken gas that its token paid for, ever
    /// @param hasToken whether it has shown a token
    struct AccountUsage {
        uint64 epoch;
        uint64 gas;
        uint64 byToken;
        bool hasToken;
    }

    event ClassSet(uint8 indexed class, bytes32 name, uint64 account, uint64 total);
    event Assigned(address indexed account, uint8 indexed class);
    event Unassigned(address indexed account);

    error UnknownClass(uint8 class);
    error TooManyClasses(uint256 allowed);
    error TooFewClasses(uint256 given, uint256 least);
    error TooManyAssignments(uint256 given, uint256 allowed);
    error TooLittleToGovern(uint64 given, uint64 least);
    error NotAssigned(address account);
    error ZeroAccount();

    /// @notice Changes a class, or adds the one after the last. Council only. It holds from the next block on.
    function setClass(uint8 class, Class calldata values) external;

    /// @notice Puts an account into a class, whatever the registry says of it. Council only.
    function assign(address account, uint8 class) external;

    /// @notice Takes that back. Council only.
    function unassign(address account) external;

    function classCount() external view returns (uint8);

    /// @notice Reverts with UnknownClass if there is none.
    function classAt(uint8 class) external view returns (Class memory);

    /// @notice The class that an account is in now, its token aside.
    function classOf(address account) external view returns (uint8);

    /// @notice What an account used, up to the block before.
    function usedBy(address account) external view returns (AccountUsage memory);

    /// @notice What the accounts of a class used together, up to the block before.
    function usedByClass(uint8 class) external view returns (Usage memory);
}
