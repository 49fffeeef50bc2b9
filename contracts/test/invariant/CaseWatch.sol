// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cases} from "../../src/Cases.sol";
import {UNKNOWN} from "../../src/interfaces/Constants.sol";
import {ICases} from "../../src/interfaces/ICases.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRules} from "../../src/interfaces/IRules.sol";
import {IUses} from "../../src/interfaces/IUses.sol";
import {Vm} from "../support/Vm.sol";

/// @notice Knows which changes of a case are legal, and remembers the first that was not.
contract CaseWatch {
    bytes32 private constant CIVIL = "civil-affairs";
    uint32 private constant ALL_MASK = 15;

    Cases private immutable cases;
    IRules private immutable rules;
    IRegistry private immutable registry;
    IUses private immutable uses;

    bytes32[] public ids;
    mapping(bytes32 id => address) public applicantOf;
    mapping(bytes32 id => uint32) public emitted;
    /// @notice The promise was broken while facts were missing, and the case went to a person.
    mapping(bytes32 id => bool) public wasHandedOver;
    mapping(uint256 status => uint256) public reached;
    string public violation;

    mapping(bytes32 id => ICases.Case) private _before;
    mapping(bytes32 id => int32[]) private _factsBefore;

    constructor(Cases cases_, IRules rules_, IRegistry registry_, IUses uses_) {
        (cases, rules, registry, uses) = (cases_, rules_, registry_, uses_);
    }

    function add(bytes32 id, address applicant) external {
        ids.push(id);
        applicantOf[id] = applicant;
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function before() external {
        for (uint256 i; i < ids.length; ++i) {
            (_before[ids[i]], _factsBefore[ids[i]]) = read(ids[i]);
        }
    }

    function afterwards(address sender, bytes4 call, bool ok, Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(cases)) countEvent(logs[i]);
        }
        for (uint256 i; i < ids.length; ++i) {
            (ICases.Case memory c, int32[] memory facts) = read(ids[i]);
            ICases.Case memory b = _before[ids[i]];
            bool isSame = keccak256(abi.encode(b, _factsBefore[ids[i]])) == keccak256(abi.encode(c, facts));
            if (!ok) require_(isSame, "a refused call changes nothing");
            require_(c.events == emitted[ids[i]], "the counter equals the events emitted");
            if (isSame) continue;
            ++reached[uint256(c.status)];
            if (call == ICases.escalate.selector && b.status == ICases.Status.Asking) wasHandedOver[ids[i]] = true;
            checkStep(ids[i], b, c, sender, call);
            checkFacts(_factsBefore[ids[i]], b.answered, facts, c.answered);
        }
    }

    /// @dev Every event carries its number first after the indexed fields.
    function countEvent(Vm.Log calldata log) private {
        bytes32 id = log.topics[1];
        require_(uint256(bytes32(log.data[:32])) == emitted[id], "events are numbered without a gap");
        ++emitted[id];
        if (log.topics[0] == ICases.FactsAttested.selector) checkUse(id, log.topics[2], log.data);
    }

    function checkUse(bytes32 id, bytes32 provider, bytes calldata data) private {
        (, uint32 mask,, bytes32 use) = abi.decode(data, (uint32, uint32, int32[], bytes32));
        require_(uses.binding(use) == keccak256(abi.encode(provider, id, mask)), "no fact without its use record");
    }

    function checkStep(bytes32 id, ICases.Case memory b, ICases.Case memory c, address sender, bytes4 call) private {
        require_(isLegal(b.status, c.status, call), "a legal transition");
        if (c.status == ICases.Status.Refused && b.status != ICases.Status.Refused) {
            require_(call == ICases.refuse.selector && c.officer == sender, "only a person refuses");
            require_(isOfficer(sender), "that person is an officer of the owner");
            require_(c.appealBy != 0 || c.appealed, "a refusal can be appealed");
        }
        bool isDecided = c.status == ICases.Status.Approved || c.status == ICases.Status.Refused;
        if (isDecided && b.status != c.status) checkDecision(id, b, c, sender, call);
        if (c.status == ICases.Status.Closed) {
            require_(block.timestamp > b.appealBy && !b.frozen, "closed only when nothing can change");
        }
        if (b.status != ICases.Status.None) {
            require_(c.applicant == b.applicant && c.ruleSet == b.ruleSet && c.version == b.version, "identity stays");
            require_(c.openedAt == b.openedAt && (c.appealed || !b.appealed), "history stays");
        }
        bool isFirstForm = b.status == ICases.Status.None;
        bool isApplicants = sender == applicantOf[id] && call == ICases.supplement.selector;
        require_(c.form == b.form || isFirstForm || isApplicants, "the form is the applicant's");
    }

    function checkDecision(bytes32 id, ICases.Case memory b, ICases.Case memory c, address sender, bytes4 call)
        private
    {
        if (call == ICases.approve.selector || call == ICases.refuse.selector) {
            require_(b.status == ICases.Status.Review && isOfficer(sender), "officers decide what is under review");
            require_(!b.frozen || b.officer != sender, "an appeal is decided by another officer");
        } else {
            (IRules.Outcome outcome, uint8 row) = rules.evaluate(c.ruleSet, cases.facts(id));
            require_(c.answered == ALL_MASK, "rules decide nothing while facts are missing");
            require_(c.officer == address(0) && c.status == ICases.Status.Approved, "rules only approve");
            require_(outcome == IRules.Outcome.Approve && row == c.row, "rules approve by their row");
        }
    }

    function checkFacts(int32[] memory b, uint32 answeredBefore, int32[] memory c, uint32 answered) private {
        require_(answeredBefore & ~answered == 0, "an answer is never taken back");
        for (uint256 i; i < c.length; ++i) {
            bool wasAnswered = (answeredBefore >> i) % 2 == 1;
            bool isAnswered = (answered >> i) % 2 == 1;
            if (wasAnswered) require_(b[i] == c[i], "a fact never changes");
            if (!isAnswered) require_(c[i] == UNKNOWN, "a fact not answered is unknown");
        }
    }

    function isLegal(ICases.Status from, ICases.Status to, bytes4 call) private pure returns (bool) {
        ICases.Status a = ICases.Status.Approved;
        ICases.Status r = ICases.Status.Refused;
        if (call == ICases.open.selector) return from == ICases.Status.None && to == ICases.Status.Asking;
        if (call == ICases.attest.selector || call == ICases.decide.selector) {
            return from == ICases.Status.Asking && (to == from || to == ICases.Status.Review || to == a);
        }
        if (call == ICases.approve.selector) return from == ICases.Status.Review && to == a;
        if (call == ICases.refuse.selector) return from == ICases.Status.Review && to == r;
        if (call == ICases.requestMore.selector) {
            return from == ICases.Status.Review && to == ICases.Status.Supplement;
        }
        if (call == ICases.supplement.selector) {
            return from == ICases.Status.Supplement && to == ICases.Status.Review;
        }
        if (call == ICases.appeal.selector) return (from == a || from == r) && to == ICases.Status.Review;
        if (call == ICases.close.selector) return (from == a || from == r) && to == ICases.Status.Closed;
        bool isPending = from == ICases.Status.Asking || from == ICases.Status.Review;
        return call == ICases.escalate.selector && isPending && to == ICases.Status.Review;
    }

    function isOfficer(address key) private view returns (bool) {
        IRegistry.Officer memory o = registry.officer(key);
        return o.active && o.organisation == CIVIL;
    }

    function read(bytes32 id) public view returns (ICases.Case memory c, int32[] memory facts) {
        try cases.get(id) returns (ICases.Case memory got) {
            return (got, cases.facts(id));
        } catch {
            return (c, facts);
        }
    }

    function require_(bool holds, string memory what) private {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
