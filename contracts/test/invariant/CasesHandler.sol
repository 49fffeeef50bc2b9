// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cases} from "../../src/Cases.sol";
import {NO_ROW, UNKNOWN} from "../../src/interfaces/Constants.sol";
import {ICases} from "../../src/interfaces/ICases.sol";
import {Vm} from "../support/Vm.sol";
import {CaseWorld} from "../support/CaseWorld.sol";
import {CaseWatch} from "./CaseWatch.sol";

/// @notice Throws calls of every kind, sensible and not, at a few cases; after each, CaseWatch compares before and after.
contract CasesHandler is CaseWorld {
    uint8 internal constant NO_FLAW = 7;
    uint256 internal constant KEYS = 2;
    uint256 internal constant LAST_STEP = 30 days;

    CaseWatch public watch;
    address[KEYS] internal keys = [address(0xE1), address(0xE2)];
    address[4] internal senders;

    constructor() {
        setUp();
        watch = new CaseWatch(cases, rules, registry, uses);
        senders = [officer, colleague, stranger, address(0x0F9)];
        setOfficer(police, address(0x0F9), POLICE);
        for (uint256 i; i < KEYS; ++i) {
            watch.add(cases.caseId(keys[i]), keys[i]);
        }
    }

    function open(uint256 key) external {
        key = key % KEYS;
        vm.prank(keys[key]);
        try consents.grant(CONSENT_ID, HEALTH, ALLOWANCE, type(uint64).max, false) {} catch {}
        act(keys[key], abi.encodeCall(ICases.open, (ALLOWANCE, 1, FORM)));
    }

    function attestAll(uint256 key, int32 value) external {
        for (uint256 provider = 3; provider < 6; ++provider) {
            attest(key, provider, provider == 3 ? value : int32(2), NO_FLAW);
        }
    }

    /// @dev Now and then something is wrong: the signer, the mask, or the use record.
    function attest(uint256 key, uint256 provider, int32 value, uint8 flaw) public {
        bytes32 id = idOf(key);
        uint32 mask = [uint32(1), 2, 4, 3, 4, 8][provider % 6];
        Answer memory a = Answer(id, mask, valuesFor(mask, value), keccak256(abi.encode("tag", id, mask)), "");
        recordIfMay(a);
        if (flaw % 8 == 2) a.use = "never recorded";
        signBy(a, flaw % 8 == 0 ? HEALTH_KEY : keyOf(mask));
        if (flaw % 8 == 1) a.mask = a.mask << 1;
        act(stranger, abi.encodeCall(ICases.attest, (a.id, a.mask, a.values, a.use, a.signature)));
    }

    function recordIfMay(Answer memory a) internal {
        bytes32 basis = a.mask == HEALTH_MASK ? CONSENT_ID : law;
        vm.prank(vm.addr(keyOf(a.mask)));
        try uses.record(a.use, a.id, sourceOf(a.mask), CIVIL, a.mask, basis, new bytes(528)) {} catch {}
    }

    function decide(uint256 key) external {
        act(stranger, abi.encodeCall(ICases.decide, (idOf(key))));
    }

    function approve(uint256 key, uint256 sender, uint8 row, uint64 amountFen) external {
        amountFen = uint64(within(amountFen, 0, 16_000));
        act(senderOf(sender), abi.encodeCall(ICases.approve, (idOf(key), row % 7, amountFen, "reason", law, 0)));
    }

    function refuse(uint256 key, uint256 sender, uint8 row) external {
        row = row % 8 == 7 ? NO_ROW : row % 8;
        act(senderOf(sender), abi.encodeCall(ICases.refuse, (idOf(key), row, "reason", law, 0)));
    }

    function requestMore(uint256 key, uint256 sender) external {
        bytes32[] memory defects = new bytes32[](1);
        defects[0] = "defect";
        act(senderOf(sender), abi.encodeCall(ICases.requestMore, (idOf(key), defects, 0)));
    }

    function supplement(uint256 key, uint256 sender) external {
        act(applicantOr(key, sender), abi.encodeCall(ICases.supplement, (idOf(key), "new form")));
    }

    function appeal(uint256 key, uint256 sender) external {
        act(applicantOr(key, sender), abi.encodeCall(ICases.appeal, (idOf(key), 0)));
    }

    function escalate(uint256 key) external {
        act(stranger, abi.encodeCall(ICases.escalate, (idOf(key))));
    }

    function close(uint256 key) external {
        act(stranger, abi.encodeCall(ICases.close, (idOf(key))));
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + within(time, 0, LAST_STEP));
    }

    function act(address sender, bytes memory data) internal {
        watch.before();
        vm.recordLogs();
        vm.prank(sender);
        (bool ok,) = address(cases).call(data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        watch.afterwards(sender, bytes4(data), ok, logs);
    }

    function valuesFor(uint32 mask, int32 value) internal pure returns (int32[] memory) {
        int32 bit = value % 8 == 0 ? UNKNOWN : value % 8 == 1 ? int32(1) : int32(0);
        int32 age = value % 8 == 2 ? UNKNOWN : value % 3 == 0 ? int32(64) : int32(66);
        if (mask == 1) return one(bit == 0 ? int32(1) : bit);
        if (mask == 2) return one(age);
        if (mask == 3) return two(1, age);
        return one(bit);
    }

    function idOf(uint256 key) internal view returns (bytes32) {
        return cases.caseId(keys[key % KEYS]);
    }

    function senderOf(uint256 sender) internal view returns (address) {
        return senders[sender % 16 < 14 ? sender % 2 : sender % 4];
    }

    function applicantOr(uint256 key, uint256 sender) internal view returns (address) {
        return sender % 8 == 0 ? stranger : keys[key % KEYS];
    }
}
