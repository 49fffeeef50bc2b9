// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRules} from "./IRules.sol";

/// @title Cases: from opening over facts and review to decision, appeal and close
/// @notice Rules may approve; only a person may refuse. Every event carries `seq`, from 0 without a gap, and
/// `Case.events` is the next: with that number proven, a list of events is provably complete.
interface ICases {
    enum Status {
        None,
        Asking,
        Review,
        Supplement,
        Approved,
        Refused,
        Closed
    }

    /// @notice Why a person looks at the case.
    enum Cause {
        Unknown,
        PossibleRefusal,
        RuleAsks,
        Appeal
    }

    /// @notice Times are unix seconds.
    /// @param row of the rule set that was found last; 255 for none
    /// @param version of the service
    /// @param events how many this case has emitted
    /// @param appealBy the last second to appeal, the end of a day in UTC+8; 0 while undecided, and when there is no further appeal
    /// @param pausedAt since when the clocks stand still; 0 while they run
    /// @param answered the predicates attested, as bits
    /// @param frozen the decision has no effect while an appeal runs
    /// @param form salted commitment to the form
    /// @param officer who decided last; zero for nobody, or the rules
    /// @param askedMore more was asked for in this round of review
    struct Case {
        address applicant;
        Status status;
        uint8 row;
        uint32 version;
        uint32 events;
        uint64 openedAt;
        uint64 promisedBy;
        uint64 statutoryBy;
        uint64 appealBy;
        uint64 pausedAt;
        uint32 answered;
        bool frozen;
        Cause cause;
        uint64 amountFen;
        bytes32 service;
        bytes32 ruleSet;
        bytes32 form;
        address officer;
        bool askedMore;
        bool appealed;
        bool escalated;
    }

    event CaseOpened(
        bytes32 indexed id,
        bytes32 indexed service,
        address indexed applicant,
        uint32 seq,
        uint32 version,
        bytes32 ruleSet,
        bytes32 form,
        uint64 promisedBy,
        uint64 statutoryBy
    );
    event FactsRequested(bytes32 indexed id, bytes32 indexed provider, uint32 seq, uint32 mask);
    event FactsAttested(
        bytes32 indexed id, bytes32 indexed provider, uint32 seq, uint32 mask, int32[] values, bytes32 use
    );
    event ReviewRequested(bytes32 indexed id, uint32 seq, Cause cause, uint8 row);
    event SupplementRequested(
        bytes32 indexed id, address indexed officer, uint32 seq, bytes32[] defects, bytes32 statement
    );
    event Supplemented(bytes32 indexed id, uint32 seq, bytes32 form, uint64 promisedBy, uint64 statutoryBy);
    /// @param officer zero if the rules decided
    /// @param statement hash of the officer's words, which stay off the chain
    event Decided(
        bytes32 indexed id,
        bytes32 indexed service,
        address indexed officer,
        uint32 seq,
        IRules.Outcome outcome,
        uint8 row,
        uint64 amountFen,
        bytes32 reason,
        bytes32 statute,
        bytes32 statement,
        uint64 appealBy
    );
    event Appealed(bytes32 indexed id, uint32 seq, bytes32 statement, uint64 promisedBy, uint64 statutoryBy);
    event Escalated(bytes32 indexed id, uint32 seq);
    event Closed(bytes32 indexed id, uint32 seq);

    error UnknownCase(bytes32 id);
    error KeyAlreadyUsed(bytes32 id, address applicant);
    error FormMissing();
    error TokenMissing(bytes32 issuer);
    error NotLatest(bytes32 service, uint32 version, uint32 latest);
    error NotActive(bytes32 service, uint32 version);
    error NotAsking(bytes32 id, Status status);
    error NotUnderReview(bytes32 id, Status status);
    error NotSupplementing(bytes32 id, Status status);
    error NotPending(bytes32 id, Status status);
    error NotDecided(bytes32 id, Status status);
    error NotRequested(bytes32 id, uint32 mask);
    error AlreadyAttested(bytes32 id, uint32 mask);
    error WrongValueCount(uint256 given, uint256 expected);
    error ValueOutOfRange(uint256 predicate, int32 value);
    error NotTheSource(bytes32 provider, address signer);
    error UseNotRecorded(bytes32 use);
    error FactsMissing(bytes32 id, uint32 mask);
    error NotTheApplicant(bytes32 id, address sender);
    error NotAnOfficer(address sender);
    error SameOfficer(address sender);
    error RowRefuses(uint8 row);
    error RowApproves(uint8 row);
    error AmountTooHigh(uint64 amountFen, uint64 allowedFen);
    error StatuteNotInForce(bytes32 statute);
    error BadDefectCount(uint256 given, uint256 allowed);
    error AlreadyAskedMore(bytes32 id);
    error AppealOver(bytes32 id, uint64 appealBy);
    error AlreadyAppealed(bytes32 id);
    error AppealStillOpen(bytes32 id, uint64 appealBy);
    error NotDelivered(bytes32 id);
    error NotOverdue(bytes32 id, uint64 promisedBy);
    error AlreadyEscalated(bytes32 id);

    /// @notice Opens the sender's case: one key, one case. Asks every provider of the rule set for its facts. Reverts with
    /// TokenMissing where `Allowances` names an issuer.
    function open(bytes32 service, uint32 version, bytes32 form) external returns (bytes32 id);

    /// @notice As `open`, with a token of the day's allowance, see {IAllowances}: what it takes where there is an issuer.
    /// @param nonce and signature: the token, made for the sender
    function openWithToken(bytes32 service, uint32 version, bytes32 form, bytes32 nonce, bytes calldata signature)
        external
        returns (bytes32 id);

    /// @notice Brings a provider's signed answers; anyone may carry them. The last fact makes the rules decide.
    /// @param mask predicates of one provider, as bits
    /// @param values one for each bit, lowest first; UNKNOWN where the provider cannot say
    /// @param use tag of the use record that allows this answer: same provider, case and mask
    /// @param signature of the provider's attester over the EIP-712 struct
    /// `Facts(bytes32 caseId,bytes32 ruleSet,uint32 mask,int32[] values,bytes32 use)`
    /// in the domain ("Zhengtong Cases", "1", chain id, this contract)
    function attest(bytes32 id, uint32 mask, int32[] calldata values, bytes32 use, bytes calldata signature) external;

    /// @notice Applies the rules when all facts are in. Normally done by the last `attest`.
    function decide(bytes32 id) external;

    /// @notice An officer of the owner approves, by a row that does not refuse, at most that row's amount.
    function approve(bytes32 id, uint8 row, uint64 amountFen, bytes32 reason, bytes32 statute, bytes32 statement)
        external;

    /// @notice An officer of the owner refuses, by a row that does not approve, or by none (255).
    function refuse(bytes32 id, uint8 row, bytes32 reason, bytes32 statute, bytes32 statement) external;

    /// @notice An officer of the owner asks for everything that is missing, once a round; the clocks pause.
    /// @param defects 1 to 16 codes (slugs)
    function requestMore(bytes32 id, bytes32[] calldata defects, bytes32 statement) external;

    /// @notice The applicant answers with a new form; the clocks go on.
    function supplement(bytes32 id, bytes32 form) external;

    /// @notice The applicant appeals, once, until `appealBy`: the effect is frozen and another officer decides.
    function appeal(bytes32 id, bytes32 statement) external;

    /// @notice Anyone may say, once a round, that the promise is broken. A case that still waits for facts goes to a person:
    /// an agency that does not answer must not hold it up for ever.
    function escalate(bytes32 id) external;

    /// @notice Anyone may close a decided case that can no longer be appealed, once what was approved has been delivered.
    function close(bytes32 id) external;

    /// @notice `keccak256(abi.encode(chainId, cases, applicant))`: known before the case is opened.
    function caseId(address applicant) external view returns (bytes32);

    function get(bytes32 id) external view returns (Case memory);

    /// @return one for each predicate, UNKNOWN while not attested
    function facts(bytes32 id) external view returns (int32[] memory);
}
