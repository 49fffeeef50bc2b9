// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "../../src/interfaces/ICases.sol";
import {UNKNOWN} from "../../src/interfaces/Constants.sol";
import {World} from "./World.sol";

/// @notice Brings cases to where a test wants them.
abstract contract CaseWorld is World {
    bytes32 internal constant CONSENT_ID = keccak256("consent record");
    bytes32 internal constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant FACTS_TYPE =
        keccak256("Facts(bytes32 caseId,bytes32 ruleSet,uint32 mask,int32[] values,bytes32 use)");

    struct Answer {
        bytes32 id;
        uint32 mask;
        int32[] values;
        bytes32 use;
        bytes signature;
    }

    function openCase() internal returns (bytes32) {
        return openCase(applicant);
    }

    function openCase(address key) internal returns (bytes32 id) {
        vm.prank(key);
        id = cases.open(ALLOWANCE, 1, FORM);
        vm.prank(key);
        consents.grant(CONSENT_ID, HEALTH, ALLOWANCE, START + 3650 days, false);
    }

    /// @dev A case whose facts are all in: registered, this age, death recorded or not, not receiving.
    function decidedBy(int32 age, int32 death) internal returns (bytes32 id) {
        id = openCase();
        send(answer(id, POLICE_MASK, two(1, age)));
        send(answer(id, HEALTH_MASK, one(death)));
        send(answer(id, CIVIL_MASK, one(0)));
    }

    function approvedCase() internal returns (bytes32) {
        return decidedBy(66, 0);
    }

    /// @dev A person looks, because a rule refuses (age 64).
    function reviewedCase() internal returns (bytes32) {
        return decidedBy(64, 0);
    }

    /// @dev A person looks, because a fact is unknown.
    function unknownCase() internal returns (bytes32) {
        return decidedBy(UNKNOWN, 0);
    }

    /// @dev Records the use and signs, as the source of the mask's lowest predicate does.
    function answer(bytes32 id, uint32 mask, int32[] memory values) internal returns (Answer memory a) {
        a = Answer(id, mask, values, keccak256(abi.encode("tag", id, mask)), "");
        recordUse(a.use, id, mask);
        signBy(a, keyOf(mask));
    }

    function recordUse(bytes32 tag, bytes32 id, uint32 mask) internal {
        bytes32 basis = mask == HEALTH_MASK ? CONSENT_ID : law;
        vm.prank(vm.addr(keyOf(mask)));
        uses.record(tag, id, sourceOf(mask), CIVIL, mask, basis, new bytes(528));
    }

    function signBy(Answer memory a, uint256 key) internal view {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hashOf(a, address(cases), block.chainid));
        a.signature = abi.encodePacked(r, s, v);
    }

    function send(Answer memory a) internal {
        cases.attest(a.id, a.mask, a.values, a.use, a.signature);
    }

    /// @dev EIP-712, written out from the standard.
    function hashOf(Answer memory a, address verifier, uint256 chain) internal view returns (bytes32) {
        bytes memory words;
        for (uint256 i; i < a.values.length; ++i) {
            words = bytes.concat(words, abi.encode(a.values[i]));
        }
        bytes32 domain =
            keccak256(abi.encode(DOMAIN_TYPE, keccak256("Zhengtong Cases"), keccak256("1"), chain, verifier));
        bytes32 body = keccak256(abi.encode(FACTS_TYPE, a.id, ruleSetId, a.mask, keccak256(words), a.use));
        return keccak256(bytes.concat(hex"1901", domain, body));
    }

    function keyOf(uint32 mask) internal pure returns (uint256) {
        if (mask & POLICE_MASK != 0) return POLICE_KEY;
        return mask & HEALTH_MASK != 0 ? HEALTH_KEY : CIVIL_KEY;
    }

    function sourceOf(uint32 mask) internal pure returns (bytes32) {
        if (mask & POLICE_MASK != 0) return POLICE;
        return mask & HEALTH_MASK != 0 ? HEALTH : CIVIL;
    }

    function one(int32 a) internal pure returns (int32[] memory values) {
        values = new int32[](1);
        values[0] = a;
    }

    function two(int32 a, int32 b) internal pure returns (int32[] memory values) {
        values = new int32[](2);
        (values[0], values[1]) = (a, b);
    }

    function requireStatus(bytes32 id, ICases.Status expected) internal view {
        vm.assertEq(uint256(status(id)), uint256(expected), "status");
    }
}
