// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Allowances} from "../../src/Allowances.sol";
import {Cases} from "../../src/Cases.sol";
import {Consents} from "../../src/Consents.sol";
import {Credentials} from "../../src/Credentials.sol";
import {CONSENT, DECIDER, IDENTITY, ISSUER, PROVIDER} from "../../src/interfaces/Constants.sol";
import {ICases} from "../../src/interfaces/ICases.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRules} from "../../src/interfaces/IRules.sol";
import {IServices} from "../../src/interfaces/IServices.sol";
import {IStatutes} from "../../src/interfaces/IStatutes.sol";
import {Registry} from "../../src/Registry.sol";
import {Rules} from "../../src/Rules.sol";
import {Services} from "../../src/Services.sol";
import {Statutes} from "../../src/Statutes.sol";
import {Uses} from "../../src/Uses.sol";
import {Test} from "./Vm.sol";

/// @notice Three agencies, their officers, a law, and an old-age allowance, as every test finds them.
abstract contract World is Test {
    bytes32 internal constant POLICE = "public-security";
    bytes32 internal constant HEALTH = "health";
    bytes32 internal constant CIVIL = "civil-affairs";
    bytes32 internal constant ALLOWANCE = "old-age-allowance";
    bytes32 internal constant FORM = keccak256("form");
    bytes32 internal constant REASON = "age-below-65";

    uint256 internal constant POLICE_KEY = 0xA1;
    uint256 internal constant HEALTH_KEY = 0xA2;
    uint256 internal constant CIVIL_KEY = 0xA3;

    uint32 internal constant PROMISED = 5 days;
    uint32 internal constant STATUTORY = 20 days;
    uint32 internal constant APPEAL = 60 days;
    /// @dev The end of 20 November 2026, 60 days after START, in Beijing.
    uint64 internal constant LAST_APPEAL = 1_795_190_399;
    uint64 internal constant START = 1_790_000_000;

    // Predicates: registered 1 and age 2 (police, by law), death 4 (health, by consent), receiving 8 (civil, by law).
    uint32 internal constant POLICE_MASK = 3;
    uint32 internal constant HEALTH_MASK = 4;
    uint32 internal constant CIVIL_MASK = 8;
    uint32 internal constant ALL_MASK = 15;

    address internal council = address(0xC0);
    address internal police = vm.addr(POLICE_KEY);
    address internal health = vm.addr(HEALTH_KEY);
    address internal civil = vm.addr(CIVIL_KEY);
    address internal officer = address(0x0F1);
    address internal colleague = address(0x0F2);
    address internal stranger = address(0xBAD);
    address internal applicant = address(0xAA);

    Registry internal registry;
    Statutes internal statutes;
    Rules internal rules;
    Services internal services;
    Consents internal consents;
    Uses internal uses;
    Cases internal cases;
    Credentials internal credentials;
    Allowances internal allowances;

    bytes32 internal law;
    bytes32 internal ruleSetId;

    function setUp() public virtual {
        vm.warp(START);
        deploy();
        setOrganisation(POLICE, police, PROVIDER | IDENTITY);
        setOrganisation(HEALTH, health, PROVIDER);
        setOrganisation(CIVIL, civil, PROVIDER | DECIDER | ISSUER);
        setOfficer(civil, officer, CIVIL);
        setOfficer(civil, colleague, CIVIL);
        law = listStatute(aStatute("law", "one"));
        ruleSetId = rules.publish(theRules());
        vm.prank(civil);
        services.publish(ALLOWANCE, theService());
    }

    function deploy() internal {
        registry = new Registry(council, new bytes32[](0), new address[](0));
        statutes = new Statutes(registry);
        rules = new Rules(registry);
        services = new Services(registry);
        consents = new Consents(registry);
        uses = new Uses(registry);
        cases = new Cases(registry);
        credentials = new Credentials(registry);
        allowances = new Allowances(registry);
        setContract("statutes", address(statutes));
        setContract("rules", address(rules));
        setContract("services", address(services));
        setContract("consents", address(consents));
        setContract("uses", address(uses));
        setContract("cases", address(cases));
        setContract("credentials", address(credentials));
        setContract("allowances", address(allowances));
    }

    function setContract(bytes32 name, address location) internal {
        vm.prank(council);
        registry.setContract(name, location);
    }

    function setOrganisation(bytes32 id, address attester, uint32 roles) internal {
        IRegistry.Organisation memory o =
            IRegistry.Organisation(attester, roles, keccak256(abi.encode(id)), "name", "/gateway");
        vm.prank(council);
        registry.setOrganisation(id, o);
    }

    function setOfficer(address attester, address key, bytes32 organisation) internal {
        vm.prank(attester);
        registry.setOfficer(key, organisation, true);
    }

    function aStatute(string memory name, string memory article) internal pure returns (IStatutes.Statute memory) {
        return IStatutes.Statute(name, article, keccak256("text"), 1, 0);
    }

    function listStatute(IStatutes.Statute memory s) internal returns (bytes32) {
        vm.prank(council);
        return statutes.list(s);
    }

    function repealLaw() internal {
        IStatutes.Statute memory s = aStatute("law", "one");
        s.validTo = uint64(block.timestamp);
        listStatute(s);
    }

    function theService() internal view returns (IServices.Service memory) {
        return IServices.Service({
            owner: CIVIL,
            sponsor: 0,
            packageHash: keccak256("package"),
            ruleSet: ruleSetId,
            promisedSeconds: PROMISED,
            statutorySeconds: STATUTORY,
            appealSeconds: APPEAL,
            active: true,
            credentialType: "allowance-decision",
            uri: "/packages/old-age-allowance"
        });
    }

    function theRules() internal view returns (IRules.RuleSet memory r) {
        r.predicates = new IRules.Predicate[](4);
        r.predicates[0] = IRules.Predicate("registered", POLICE, law, 0, 1);
        r.predicates[1] = IRules.Predicate("age", POLICE, law, 0, 130);
        r.predicates[2] = IRules.Predicate("death-recorded", HEALTH, CONSENT, 0, 1);
        r.predicates[3] = IRules.Predicate("already-receiving", CIVIL, law, 0, 1);
        r.rows = new IRules.Row[](6);
        r.rows[0] = aRow(0, 1, 0, 0, IRules.Outcome.Refuse, 0, "not-registered");
        r.rows[1] = aRow(0, 0, 0, 64, IRules.Outcome.Refuse, 0, REASON);
        r.rows[2] = aRow(8, 0, 0, 0, IRules.Outcome.Refuse, 0, "already-receiving");
        r.rows[3] = aRow(4, 0, 0, 0, IRules.Outcome.Review, 15_000, "death-recorded");
        r.rows[4] = aRow(1, 12, 65, 69, IRules.Outcome.Approve, 7_500, "age-65-69");
        r.rows[5] = aRow(1, 12, 70, 130, IRules.Outcome.Approve, 15_000, "age-70");
    }

    /// @dev A bracket on the age if `max` is not zero.
    function aRow(
        uint32 trueMask,
        uint32 falseMask,
        int32 min,
        int32 max,
        IRules.Outcome outcome,
        uint64 amountFen,
        bytes32 reason
    ) internal view returns (IRules.Row memory row) {
        row = IRules.Row(trueMask, falseMask, new IRules.Bracket[](max == 0 ? 0 : 1), outcome, amountFen, reason, law);
        if (max != 0) row.brackets[0] = IRules.Bracket(1, min, max);
    }

    function status(bytes32 id) internal view returns (ICases.Status) {
        return cases.get(id).status;
    }
}
