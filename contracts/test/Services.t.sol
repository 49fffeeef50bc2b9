// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DECIDER, ISSUER, PROVIDER} from "../src/interfaces/Constants.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IRules} from "../src/interfaces/IRules.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {IStatutes} from "../src/interfaces/IStatutes.sol";
import {Text} from "../src/libraries/Text.sol";
import {World} from "./support/World.sol";

contract ServicesTest is World {
    bytes32 internal constant FRESH = "fresh";

    function publishFails(address sender, bytes32 id, IServices.Service memory s, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(sender);
        services.publish(id, s);
    }

    function test_versions_count_from_one() public {
        IServices.Service memory s = theService();
        (uint32 version,) = services.latest(ALLOWANCE);
        vm.assertEq(version, 1, "published in setUp");
        s.packageHash = keccak256("second");
        expectEvent(address(services));
        emit IServices.ServicePublished(ALLOWANCE, 2, CIVIL, s);
        vm.prank(civil);
        vm.assertEq(services.publish(ALLOWANCE, s), 2, "next");
        IServices.Service memory got;
        (version, got) = services.latest(ALLOWANCE);
        vm.assertEq(version, 2, "latest");
        vm.assertEq(abi.encode(got), abi.encode(s), "kept whole");
        vm.assertEq(abi.encode(services.service(ALLOWANCE, 1)), abi.encode(theService()), "the first stays");
    }

    function test_owner_sponsor_and_council_may_publish() public {
        IServices.Service memory s = theService();
        setOrganisation(HEALTH, health, PROVIDER | DECIDER);
        s.sponsor = HEALTH;
        vm.prank(health);
        services.publish(FRESH, s);
        vm.prank(civil);
        services.publish(FRESH, s);
        vm.prank(council);
        vm.assertEq(services.publish(FRESH, s), 3, "three publishers");
    }

    function test_nobody_else_may_publish() public {
        IServices.Service memory s = theService();
        publishFails(stranger, FRESH, s, abi.encodeWithSelector(IServices.NotItsPublisher.selector, FRESH, stranger));
        publishFails(police, FRESH, s, abi.encodeWithSelector(IServices.NotItsPublisher.selector, FRESH, police));
    }

    function test_nobody_takes_over_a_service() public {
        IServices.Service memory s = theService();
        setOrganisation(HEALTH, health, PROVIDER | DECIDER | ISSUER);
        s.owner = HEALTH;
        bytes memory reason = abi.encodeWithSelector(IServices.NotItsPublisher.selector, ALLOWANCE, health);
        publishFails(health, ALLOWANCE, s, reason);
        (s.owner, s.sponsor) = (CIVIL, HEALTH);
        publishFails(health, ALLOWANCE, s, reason);
    }

    function test_roles_are_required() public {
        IServices.Service memory s = theService();
        s.owner = HEALTH;
        publishFails(health, FRESH, s, abi.encodeWithSelector(IServices.RoleMissing.selector, HEALTH, DECIDER));
        s = theService();
        s.sponsor = HEALTH;
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IServices.RoleMissing.selector, HEALTH, DECIDER));
        setOrganisation(CIVIL, civil, PROVIDER | DECIDER);
        s = theService();
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IServices.RoleMissing.selector, CIVIL, ISSUER));
        s.credentialType = 0;
        vm.prank(civil);
        services.publish(FRESH, s);
        setOrganisation(HEALTH, health, DECIDER);
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IServices.RoleMissing.selector, HEALTH, PROVIDER));
        s.owner = "none";
        bytes memory unknown = abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none"));
        publishFails(council, FRESH, s, unknown);
    }

    function test_a_service_must_be_whole() public {
        IServices.Service memory s = theService();
        publishFails(civil, "Not A Slug", s, abi.encodeWithSelector(Text.BadSlug.selector, bytes32("Not A Slug")));
        s.packageHash = 0;
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IServices.PackageHashMissing.selector, FRESH));
        s = theService();
        s.uri = "";
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IServices.BadLength.selector, bytes32("uri"), 0, 256));
        s = theService();
        s.ruleSet = "none";
        publishFails(civil, FRESH, s, abi.encodeWithSelector(IRules.UnknownRuleSet.selector, bytes32("none")));
    }

    function test_laws_behind_rules_must_be_listed() public {
        IServices.Service memory s = theService();
        IRules.RuleSet memory r = theRules();
        r.predicates[0].basis = "unlisted";
        s.ruleSet = rules.publish(r);
        bytes memory unlisted = abi.encodeWithSelector(IStatutes.UnknownStatute.selector, bytes32("unlisted"));
        publishFails(civil, FRESH, s, unlisted);
        r = theRules();
        r.rows[2].statute = "unlisted";
        s.ruleSet = rules.publish(r);
        publishFails(civil, FRESH, s, unlisted);
    }

    function testFuzz_a_promise_is_within_the_law_and_an_appeal_exists(uint32 promised, uint32 statutory, uint32 appeal)
        public
    {
        IServices.Service memory s = theService();
        (s.promisedSeconds, s.statutorySeconds, s.appealSeconds) = (promised, statutory, appeal);
        bool isGood = promised > 0 && promised <= statutory && appeal > 0;
        if (!isGood) {
            vm.expectRevert(abi.encodeWithSelector(IServices.BadClocks.selector, promised, statutory, appeal));
        }
        vm.prank(civil);
        services.publish(FRESH, s);
    }

    function test_a_version_is_shut_and_opened() public {
        expectEvent(address(services));
        emit IServices.ServiceActive(ALLOWANCE, 1, false);
        vm.prank(civil);
        services.setActive(ALLOWANCE, 1, false);
        vm.assertTrue(!services.service(ALLOWANCE, 1).active, "shut");
        vm.prank(council);
        services.setActive(ALLOWANCE, 1, true);
        vm.assertTrue(services.service(ALLOWANCE, 1).active, "open");
        vm.expectRevert(abi.encodeWithSelector(IServices.NotItsPublisher.selector, ALLOWANCE, police));
        vm.prank(police);
        services.setActive(ALLOWANCE, 1, false);
    }

    function test_what_is_not_published_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownService.selector, FRESH));
        services.latest(FRESH);
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownVersion.selector, ALLOWANCE, 2));
        services.service(ALLOWANCE, 2);
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownVersion.selector, ALLOWANCE, 0));
        services.setActive(ALLOWANCE, 0, true);
    }
}
