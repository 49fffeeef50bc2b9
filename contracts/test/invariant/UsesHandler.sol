// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CaseWorld} from "../support/CaseWorld.sol";

/// @notice Tries uses of every kind, and says beforehand, from what the rules of the world are, which may pass.
contract UsesHandler is CaseWorld {
    uint256 internal constant TAGS = 32;
    bytes32 internal constant OTHER_LAW_ARTICLE = keccak256(abi.encode("other", "one"));

    string public violation;
    uint256 public recorded;
    uint256 public refused;
    mapping(bytes32 tag => bytes32) public firstBinding;
    bytes32 internal asking;
    bytes32 internal decided;
    bool internal isConsented = true;
    bytes32 internal constant ONCE = "once";
    uint256 public usesOfStanding;
    uint256 public usesOfOnce;
    bool internal isRepealed;

    constructor() {
        setUp();
        listStatute(aStatute("other", "one"));
        applicant = address(0xAB);
        decided = approvedCase();
        applicant = address(0xAA);
        asking = openCase();
        vm.prank(applicant);
        consents.grant(ONCE, HEALTH, ALLOWANCE, START + 3650 days, true);
    }

    function record(uint8 tag, uint8 who, uint8 where, uint8 what, uint8 why, uint8 flaw) external {
        if (flaw == 3) revoke();
        if (flaw == 4) repeal();
        bytes32 id = [asking, asking, asking, decided, bytes32("none")][where % 5];
        uint32 mask = [uint32(0), 1, 2, 3, 4, 8, 5, 16][what % 8];
        bytes32 provider = [POLICE, HEALTH, CIVIL][who % 3];
        bytes32 basis = [law, CONSENT_ID, OTHER_LAW_ARTICLE, ONCE, bytes32(0)][why % 5];
        bool isPlausible = flaw >= 64;
        if (isPlausible) {
            (mask, basis) =
            ([POLICE_MASK, HEALTH_MASK, CIVIL_MASK][who % 3], who % 3 == 1 ? (why % 8 == 0 ? ONCE : CONSENT_ID) : law);
        }
        address sender = flaw % 8 == 0 ? stranger : [police, health, civil][who % 3];
        bytes32 consumer = flaw % 8 == 1 ? HEALTH : CIVIL;
        uint256 length = flaw % 8 == 2 ? 527 : 528;
        bytes32 name = keccak256(abi.encode(uint8(tag % TAGS)));

        bool may = flaw % 8 > 2 && id == asking && firstBinding[name] == 0 && hasBasis(provider, mask, basis);
        vm.prank(sender);
        try uses.record(name, id, provider, consumer, mask, basis, new bytes(length)) {
            require_(may, "recorded without a right to");
            firstBinding[name] = keccak256(abi.encode(provider, id, mask));
            if (basis == CONSENT_ID) ++usesOfStanding;
            if (basis == ONCE) ++usesOfOnce;
            ++recorded;
        } catch {
            require_(!may, "refused with a right to");
            ++refused;
        }
        checkTags();
        checkConsents();
    }

    function revoke() public {
        if (!isConsented) return;
        vm.prank(applicant);
        consents.revoke(CONSENT_ID);
        isConsented = false;
    }

    function repeal() public {
        if (!isRepealed) repealLaw();
        isRepealed = true;
    }

    /// @dev The world's rules in words: police and civil affairs by law, health by the applicant's consent.
    function hasBasis(bytes32 provider, uint32 mask, bytes32 basis) internal view returns (bool) {
        if (provider == POLICE) return (mask == 1 || mask == 2 || mask == 3) && basis == law && !isRepealed;
        if (provider == CIVIL) return mask == 8 && basis == law && !isRepealed;
        return mask == 4 && (basis == CONSENT_ID ? isConsented : basis == ONCE && usesOfOnce == 0);
    }

    function checkConsents() internal {
        require_(usesOfOnce < 2, "a consent for one use was used twice");
        require_(consents.get(ONCE, applicant).uses == usesOfOnce, "uses of the one for once");
        require_(consents.get(CONSENT_ID, applicant).uses == usesOfStanding, "uses of the standing one");
    }

    function checkTags() internal {
        for (uint8 i; i < TAGS; ++i) {
            bytes32 name = keccak256(abi.encode(i));
            require_(uses.binding(name) == firstBinding[name], "a tag keeps its first use");
        }
    }

    function require_(bool holds, string memory what) internal {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
