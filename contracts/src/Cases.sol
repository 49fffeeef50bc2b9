// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {NO_ROW, UNKNOWN} from "./interfaces/Constants.sol";
import {ICases} from "./interfaces/ICases.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRules} from "./interfaces/IRules.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Bits} from "./libraries/Bits.sol";
import {Clocks} from "./libraries/Clocks.sol";
import {Text} from "./libraries/Text.sol";
import {CaseBook} from "./CaseBook.sol";
import {Linked} from "./Linked.sol";

/// @dev See {ICases}.
contract Cases is CaseBook, EIP712 {
    using Bits for uint32;
    using Clocks for Case;

    struct Decision {
        IRules.Outcome outcome;
        uint8 row;
        uint64 amountFen;
        bytes32 reason;
        bytes32 statute;
        bytes32 statement;
    }

    uint256 private constant DEFECTS_MAX = 16;
    bytes32 private constant FACTS_TYPE =
        keccak256("Facts(bytes32 caseId,bytes32 ruleSet,uint32 mask,int32[] values,bytes32 use)");

    constructor(IRegistry registry_) Linked(registry_) EIP712("Zhengtong Cases", "1") {}

    /// @inheritdoc ICases
    function open(bytes32 service, uint32 version, bytes32 form) external returns (bytes32 id) {
        id = _vacant(form);
        bytes32 issuer = _allowances().issuer();
        if (issuer != 0) revert TokenMissing(issuer);
        _open(id, service, version, form);
    }

    /// @inheritdoc ICases
    function openWithToken(bytes32 service, uint32 version, bytes32 form, bytes32 nonce, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        id = _vacant(form);
        _allowances().redeem(msg.sender, nonce, signature);
        _open(id, service, version, form);
    }

    /// @inheritdoc ICases
    function attest(bytes32 id, uint32 mask, int32[] calldata values, bytes32 use, bytes calldata signature) external {
        Case storage c = _known(id);
        if (c.status != Status.Asking) revert NotAsking(id, c.status);
        int32[] storage stored = _facts[id];
        if (mask == 0 || mask & ~Bits.full(stored.length) != 0) revert NotRequested(id, mask);
        if (mask & c.answered != 0) revert AlreadyAttested(id, mask & c.answered);
        if (values.length != mask.ones()) revert WrongValueCount(values.length, mask.ones());

        bytes32 provider = _keep(id, c.ruleSet, stored, mask, values);
        _requireSource(provider, _factsHash(id, c.ruleSet, mask, values, use), signature);
        if (_uses().binding(use) != keccak256(abi.encode(provider, id, mask))) revert UseNotRecorded(use);

        c.answered |= mask;
        emit FactsAttested(id, provider, _next(c), mask, values, use);
        if (c.answered == Bits.full(stored.length)) _decide(id, c);
    }

    /// @inheritdoc ICases
    function decide(bytes32 id) external {
        Case storage c = _known(id);
        if (c.status != Status.Asking) revert NotAsking(id, c.status);
        uint32 missing = Bits.full(_facts[id].length) & ~c.answered;
        if (missing != 0) revert FactsMissing(id, missing);
        _decide(id, c);
    }

    /// @inheritdoc ICases
    function approve(bytes32 id, uint8 row, uint64 amountFen, bytes32 reason, bytes32 statute, bytes32 statement)
        external
    {
        Case storage c = _underReview(id);
        IRules.Row memory r = _rules().row(c.ruleSet, row);
        if (r.outcome == IRules.Outcome.Refuse) revert RowRefuses(row);
        if (amountFen > r.amountFen) revert AmountTooHigh(amountFen, r.amountFen);
        _conclude(id, c, Decision(IRules.Outcome.Approve, row, amountFen, reason, statute, statement));
    }

    /// @inheritdoc ICases
    function refuse(bytes32 id, uint8 row, bytes32 reason, bytes32 statute, bytes32 statement) external {
        Case storage c = _underReview(id);
        bool isByRow = row != NO_ROW;
        if (isByRow && _rules().row(c.ruleSet, row).outcome == IRules.Outcome.Approve) revert RowApproves(row);
        _conclude(id, c, Decision(IRules.Outcome.Refuse, row, 0, reason, statute, statement));
    }

    /// @inheritdoc ICases
    function requestMore(bytes32 id, bytes32[] calldata defects, bytes32 statement) external {
        Case storage c = _underReview(id);
        if (c.askedMore) revert AlreadyAskedMore(id);
        if (defects.length == 0 || defects.length > DEFECTS_MAX) revert BadDefectCount(defects.length, DEFECTS_MAX);
        for (uint256 i; i < defects.length; ++i) {
            Text.requireSlug(defects[i]);
        }

        c.status = Status.Supplement;
        c.askedMore = true;
        c.pause();
        emit SupplementRequested(id, msg.sender, _next(c), defects, statement);
    }

    /// @inheritdoc ICases
    function supplement(bytes32 id, bytes32 form) external {
        Case storage c = _known(id);
        _requireApplicant(id, c);
        if (c.status != Status.Supplement) revert NotSupplementing(id, c.status);
        if (form == 0) revert FormMissing();

        c.status = Status.Review;
        c.form = form;
        c.resume();
        emit Supplemented(id, _next(c), form, c.promisedBy, c.statutoryBy);
    }

    /// @inheritdoc ICases
    function appeal(bytes32 id, bytes32 statement) external {
        Case storage c = _known(id);
        _requireApplicant(id, c);
        if (!_isDecided(c)) revert NotDecided(id, c.status);
        if (c.appealed) revert AlreadyAppealed(id);
        if (block.timestamp > c.appealBy) revert AppealOver(id, c.appealBy);

        c.status = Status.Review;
        c.cause = Cause.Appeal;
        (c.appealed, c.frozen, c.askedMore, c.escalated) = (true, true, false, false);
        c.start(_service(c));
        emit Appealed(id, _next(c), statement, c.promisedBy, c.statutoryBy);
    }

    /// @inheritdoc ICases
    function escalate(bytes32 id) external {
        Case storage c = _known(id);
        if (c.status != Status.Asking && c.status != Status.Review) revert NotPending(id, c.status);
        if (block.timestamp <= c.promisedBy) revert NotOverdue(id, c.promisedBy);
        if (c.escalated) revert AlreadyEscalated(id);

        c.escalated = true;
        emit Escalated(id, _next(c));
        if (c.status == Status.Asking) _review(id, c, Cause.Unknown, NO_ROW);
    }

    /// @inheritdoc ICases
    function close(bytes32 id) external {
        Case storage c = _known(id);
        if (!_isDecided(c)) revert NotDecided(id, c.status);
        if (block.timestamp <= c.appealBy) revert AppealStillOpen(id, c.appealBy);
        if (c.status == Status.Approved && !_isDelivered(id, c)) revert NotDelivered(id);

        c.status = Status.Closed;
        emit Closed(id, _next(c));
    }

    /// @dev The id of the sender's case, which is not open yet.
    function _vacant(bytes32 form) private view returns (bytes32 id) {
        if (form == 0) revert FormMissing();
        id = caseId(msg.sender);
        if (_cases[id].status != Status.None) revert KeyAlreadyUsed(id, msg.sender);
    }

    function _open(bytes32 id, bytes32 service, uint32 version, bytes32 form) private {
        (uint32 latest, IServices.Service memory s) = IServices(_peer("services")).latest(service);
        if (version != latest) revert NotLatest(service, version, latest);
        if (!s.active) revert NotActive(service, version);

        Case storage c = _cases[id];
        c.applicant = msg.sender;
        c.status = Status.Asking;
        c.row = NO_ROW;
        c.version = version;
        c.openedAt = Clocks.nowSeconds();
        c.service = service;
        c.ruleSet = s.ruleSet;
        c.form = form;
        c.start(s);
        emit CaseOpened(id, service, msg.sender, _next(c), version, s.ruleSet, form, c.promisedBy, c.statutoryBy);
        _ask(id, c);
    }

    /// @dev Sets every fact to UNKNOWN and asks each provider once, in the order of its first predicate.
    function _ask(bytes32 id, Case storage c) private {
        IRules rules = _rules();
        IRules.Predicate[] memory predicates = rules.predicates(c.ruleSet);
        uint32 asked;
        for (uint256 i; i < predicates.length; ++i) {
            _facts[id].push(UNKNOWN);
            if (asked.has(i)) continue;
            uint32 mask = rules.providerMask(c.ruleSet, predicates[i].provider);
            asked |= mask;
            emit FactsRequested(id, predicates[i].provider, _next(c), mask);
        }
        if (predicates.length == 0) _decide(id, c);
    }

    /// @dev Keeps the values, which must all be of one provider and within range.
    function _keep(bytes32 id, bytes32 ruleSet, int32[] storage stored, uint32 mask, int32[] calldata values)
        private
        returns (bytes32 provider)
    {
        IRules.Predicate[] memory predicates = _rules().predicates(ruleSet);
        uint256 used;
        for (uint256 i; i < predicates.length; ++i) {
            if (!mask.has(i)) continue;
            IRules.Predicate memory p = predicates[i];
            if (used == 0) provider = p.provider;
            else if (p.provider != provider) revert NotRequested(id, mask);
            int32 value = values[used++];
            if (value != UNKNOWN && (value < p.min || value > p.max)) revert ValueOutOfRange(i, value);
            stored[i] = value;
        }
    }

    function _factsHash(bytes32 id, bytes32 ruleSet, uint32 mask, int32[] calldata values, bytes32 use)
        private
        view
        returns (bytes32)
    {
        bytes32 valuesHash = keccak256(abi.encodePacked(values));
        return _hashTypedDataV4(keccak256(abi.encode(FACTS_TYPE, id, ruleSet, mask, valuesHash, use)));
    }

    function _requireSource(bytes32 provider, bytes32 hash, bytes calldata signature) private view {
        (address signer, ECDSA.RecoverError error_,) = ECDSA.tryRecover(hash, signature);
        bool isValid = error_ == ECDSA.RecoverError.NoError && _isAttester(provider, signer);
        if (!isValid) revert NotTheSource(provider, signer);
    }

    /// @dev Rules approve at once, unless the law behind the row is no longer in force; all else goes to a person.
    function _decide(bytes32 id, Case storage c) private {
        IRules rules = _rules();
        (IRules.Outcome outcome, uint8 row) = rules.evaluate(c.ruleSet, _facts[id]);
        if (outcome == IRules.Outcome.Approve) {
            IRules.Row memory r = rules.row(c.ruleSet, row);
            if (_isInForce(r.statute)) {
                return _record(id, c, Decision(outcome, row, r.amountFen, r.reason, r.statute, 0));
            }
        }
        Cause cause = outcome == IRules.Outcome.Refuse ? Cause.PossibleRefusal : Cause.RuleAsks;
        if (row == NO_ROW) cause = Cause.Unknown;
        _review(id, c, cause, row);
    }

    /// @dev From here on a person decides.
    function _review(bytes32 id, Case storage c, Cause cause, uint8 row) private {
        (c.status, c.cause, c.row) = (Status.Review, cause, row);
        emit ReviewRequested(id, _next(c), cause, row);
    }

    /// @dev An officer's decision.
    function _conclude(bytes32 id, Case storage c, Decision memory d) private {
        Text.requireSlug(d.reason);
        if (!_isInForce(d.statute)) revert StatuteNotInForce(d.statute);
        c.officer = msg.sender;
        _record(id, c, d);
    }

    function _record(bytes32 id, Case storage c, Decision memory d) private {
        c.status = d.outcome == IRules.Outcome.Approve ? Status.Approved : Status.Refused;
        (c.row, c.amountFen, c.frozen) = (d.row, d.amountFen, false);
        c.appealBy = c.appealed ? 0 : Clocks.endOfDayAfter(_service(c).appealSeconds);
        emit Decided(
            id,
            c.service,
            c.officer,
            _next(c),
            d.outcome,
            d.row,
            d.amountFen,
            d.reason,
            d.statute,
            d.statement,
            c.appealBy
        );
    }
}
