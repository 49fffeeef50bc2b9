// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DECIDER, ISSUER, PROVIDER} from "../src/interfaces/Constants.sol";
import {ICases} from "../src/interfaces/ICases.sol";
import {ICredentials} from "../src/interfaces/ICredentials.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {CaseWorld} from "./support/CaseWorld.sol";

contract CredentialsTest is CaseWorld {
    bytes32 internal constant HASH = keccak256("credential");
    bytes32 internal constant LIST = "list";

    function issue(address sender, bytes32 id) internal {
        vm.prank(sender);
        credentials.issue(id, HASH, 7);
    }

    function test_an_approved_case_gets_one_credential() public {
        bytes32 id = approvedCase();
        expectEvent(address(credentials));
        emit ICredentials.CredentialIssued(id, CIVIL, "allowance-decision", HASH, 7);
        issue(civil, id);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.AlreadyIssued.selector, id));
        issue(civil, id);
    }

    function test_only_the_owner_issues() public {
        bytes32 id = approvedCase();
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NotTheIssuer.selector, CIVIL, police));
        issue(police, id);
        setOrganisation(CIVIL, civil, PROVIDER | DECIDER);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.RoleMissing.selector, CIVIL, ISSUER));
        issue(civil, id);
    }

    function test_nothing_is_issued_for_what_is_not_approved() public {
        bytes32 id = reviewedCase();
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NotApproved.selector, id, ICases.Status.Review));
        issue(civil, id);
        vm.prank(officer);
        cases.refuse(id, 1, REASON, law, 0);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NotApproved.selector, id, ICases.Status.Refused));
        issue(civil, id);
        vm.expectRevert(abi.encodeWithSelector(ICases.UnknownCase.selector, bytes32("none")));
        issue(civil, "none");
        applicant = address(0xAB);
        id = approvedCase();
        vm.expectRevert(abi.encodeWithSelector(ICredentials.EmptyHash.selector));
        vm.prank(civil);
        credentials.issue(id, 0, 7);
    }

    function test_an_appeal_stops_issuing_and_a_new_decision_issues_anew() public {
        bytes32 id = approvedCase();
        issue(civil, id);
        vm.prank(applicant);
        cases.appeal(id, 0);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NotApproved.selector, id, ICases.Status.Review));
        issue(civil, id);
        vm.prank(officer);
        cases.approve(id, 5, 15_000, "age-70", law, 0);
        issue(civil, id);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.AlreadyIssued.selector, id));
        issue(civil, id);
    }

    function test_a_service_may_have_no_credential() public {
        IServices.Service memory s = theService();
        s.credentialType = 0;
        vm.prank(civil);
        services.publish("plain", s);
        vm.prank(applicant);
        bytes32 id = cases.open("plain", 1, FORM);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NothingToIssue.selector, id));
        issue(civil, id);
    }

    function test_an_issuer_sets_its_status_roots() public {
        expectEvent(address(credentials));
        emit ICredentials.StatusRootSet(CIVIL, LIST, "root");
        vm.prank(civil);
        credentials.setStatusRoot(LIST, "root");
        vm.assertEq(credentials.statusRoot(CIVIL, LIST), "root", "root");
        vm.assertEq(credentials.statusRoot(POLICE, LIST), 0, "of another");
    }

    function test_bad_status_roots_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentials.NotAnIssuer.selector, stranger));
        vm.prank(stranger);
        credentials.setStatusRoot(LIST, "root");
        vm.expectRevert(abi.encodeWithSelector(ICredentials.RoleMissing.selector, POLICE, ISSUER));
        vm.prank(police);
        credentials.setStatusRoot(LIST, "root");
        vm.expectRevert(abi.encodeWithSelector(ICredentials.EmptyList.selector));
        vm.prank(civil);
        credentials.setStatusRoot(0, "root");
        vm.expectRevert(abi.encodeWithSelector(ICredentials.EmptyHash.selector));
        vm.prank(civil);
        credentials.setStatusRoot(LIST, 0);
    }

    function test_the_council_names_who_certifies_an_issuers_keys() public {
        bytes memory certificate = "certificate";
        bytes32 fingerprint = sha256(certificate);
        expectEvent(address(credentials));
        emit ICredentials.AnchorSet(POLICE, fingerprint, true, certificate);
        vm.prank(council);
        credentials.setAnchor(POLICE, certificate, true);
        vm.assertTrue(credentials.isAnchor(POLICE, fingerprint), "trusted");
        vm.assertTrue(!credentials.isAnchor(CIVIL, fingerprint), "for another");
        vm.prank(council);
        credentials.setAnchor(POLICE, certificate, false);
        vm.assertTrue(!credentials.isAnchor(POLICE, fingerprint), "no longer");
    }

    function test_bad_anchors_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncil.selector, police));
        vm.prank(police);
        credentials.setAnchor(POLICE, "certificate", true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        vm.prank(council);
        credentials.setAnchor("none", "certificate", true);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.BadCertificate.selector, 0, 2048));
        vm.prank(council);
        credentials.setAnchor(POLICE, "", true);
        vm.expectRevert(abi.encodeWithSelector(ICredentials.BadCertificate.selector, 2049, 2048));
        vm.prank(council);
        credentials.setAnchor(POLICE, new bytes(2049), true);
    }
}
