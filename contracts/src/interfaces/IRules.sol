// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Rule sets: decision tables over facts, published by content, and their evaluation
/// @notice The id of a rule set is `keccak256(abi.encode(ruleSet))`, so that whoever knows the id knows the rules.
interface IRules {
    enum Outcome {
        Review,
        Approve,
        Refuse
    }

    /// @param id a slug
    /// @param provider the organisation that holds the data
    /// @param basis the statute that allows the question, or CONSENT
    /// @param min the least value a known fact may have; 0..1 is a boolean
    struct Predicate {
        bytes32 id;
        bytes32 provider;
        bytes32 basis;
        int32 min;
        int32 max;
    }

    /// @notice Holds when `min <= fact <= max`.
    struct Bracket {
        uint8 predicate;
        int32 min;
        int32 max;
    }

    /// @notice Holds when every literal does: facts of `trueMask` are 1, of `falseMask` 0, and each bracket holds.
    /// @param amountFen for Approve the amount, for Review the most an officer may grant; 1 yuan is 100 fen
    /// @param reason a slug
    /// @param statute the id of the article the row comes from
    struct Row {
        uint32 trueMask;
        uint32 falseMask;
        Bracket[] brackets;
        Outcome outcome;
        uint64 amountFen;
        bytes32 reason;
        bytes32 statute;
    }

    /// @notice At most 32 predicates, 64 rows, and 8 brackets a row.
    struct RuleSet {
        Predicate[] predicates;
        Row[] rows;
    }

    event RuleSetPublished(bytes32 indexed id, address indexed publisher);

    error UnknownRuleSet(bytes32 id);
    error UnknownRow(bytes32 id, uint8 row);
    error TooManyPredicates(uint256 given, uint256 allowed);
    error TooManyRows(uint256 given, uint256 allowed);
    error TooManyBrackets(uint256 row, uint256 given, uint256 allowed);
    error DuplicatePredicate(bytes32 predicate);
    error BasisMissing(uint256 predicate);
    error BadRange(uint256 predicate, int32 min, int32 max);
    error BadMask(uint256 row, uint32 trueMask, uint32 falseMask);
    error NotBoolean(uint256 row, uint256 predicate);
    error BadBracket(uint256 row, uint256 bracket);
    error AmountWithRefusal(uint256 row, uint64 amountFen);
    error RowStatuteMissing(uint256 row);
    error WrongFactCount(uint256 given, uint256 expected);
    error FactOutOfRange(uint256 index, int32 value);

    /// @notice Checks and keeps a rule set. Anyone may; publishing the same again changes nothing.
    function publish(RuleSet calldata rules) external returns (bytes32 id);

    function ruleSet(bytes32 id) external view returns (RuleSet memory);
    function predicates(bytes32 id) external view returns (Predicate[] memory);
    function row(bytes32 id, uint8 index) external view returns (Row memory);

    /// @notice The predicates, as bits, that this provider answers.
    function providerMask(bytes32 id, bytes32 provider) external view returns (uint32);

    /// @notice Scans the rows in order with Kleene's three values: a literal on an UNKNOWN fact is unknown; a row is
    /// false if any literal is, else unknown if any is, else true. The first row that is not false stops the scan:
    /// true gives its outcome and index, unknown gives (Review, 255). No such row: (Review, 255).
    /// @param facts one for each predicate, UNKNOWN or within its range
    function evaluate(bytes32 id, int32[] calldata facts) external view returns (Outcome outcome, uint8 row);
}
