// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRules} from "../src/interfaces/IRules.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

/// @notice What the calls of the main path cost; `.gas-snapshot` is reviewed like code. Nothing random here.
contract GasTest is CaseWorld {
    bytes32 internal asking;
    bytes32 internal reviewed;
    Answer internal last;
    Answer internal first;

    function setUp() public override {
        super.setUp();
        applicant = address(0xAB);
        reviewed = reviewedCase();
        applicant = address(0xAC);
        asking = openCase();
        send(answer(asking, HEALTH_MASK, one(0)));
        send(answer(asking, CIVIL_MASK, one(0)));
        last = answer(asking, POLICE_MASK, two(1, 66));
        applicant = address(0xAD);
        first = answer(openCase(), POLICE_MASK, two(1, 66));
        applicant = address(0xAA);
    }

    function test_open() public {
        vm.prank(applicant);
        cases.open(ALLOWANCE, 1, FORM);
    }

    function test_grant_consent() public {
        vm.prank(applicant);
        consents.grant(CONSENT_ID, HEALTH, ALLOWANCE, START + 1 days, false);
    }

    function test_record_use() public {
        recordUse("another tag", first.id, CIVIL_MASK);
    }

    function test_record_use_on_consent() public {
        recordUse("another tag", first.id, HEALTH_MASK);
    }

    function test_attest() public {
        send(first);
    }

    function test_attest_and_decide() public {
        send(last);
    }

    function test_refuse() public {
        vm.prank(officer);
        cases.refuse(reviewed, 1, REASON, law, 0);
    }

    function test_approve() public {
        vm.prank(officer);
        cases.approve(reviewed, 4, 7_500, "age-65-69", law, 0);
    }

    function test_publish_rule_set() public {
        IRules.RuleSet memory r = theRules();
        r.rows[5].amountFen += 1;
        rules.publish(r);
    }

    function test_publish_service() public {
        vm.prank(civil);
        services.publish("another", theService());
    }
}
