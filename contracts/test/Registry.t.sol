// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDENTITY, PROVIDER} from "../src/interfaces/Constants.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {Registry} from "../src/Registry.sol";
import {Text} from "../src/libraries/Text.sol";
import {World} from "./support/World.sol";

contract RegistryTest is World {
    function anOrganisation() internal pure returns (IRegistry.Organisation memory) {
        return IRegistry.Organisation(address(0x77), PROVIDER, keccak256("key"), "name", "/gateway");
    }

    function setFails(bytes32 id, IRegistry.Organisation memory o, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(council);
        registry.setOrganisation(id, o);
    }

    function test_genesis_knows_its_contracts() public {
        bytes32[] memory names = new bytes32[](2);
        address[] memory addresses = new address[](2);
        (names[0], names[1]) = ("statutes", "rules");
        (addresses[0], addresses[1]) = (address(1), address(2));
        Registry fresh = new Registry(council, names, addresses);
        vm.assertEq(fresh.council(), council, "council");
        vm.assertEq(fresh.contractOf("statutes"), address(1), "statutes");
        vm.assertEq(fresh.contractOf("rules"), address(2), "rules");
    }

    function test_genesis_refuses_bad_arguments() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector, bytes32("council")));
        new Registry(address(0), new bytes32[](0), new address[](0));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.LengthsDiffer.selector, 1, 0));
        new Registry(council, new bytes32[](1), new address[](0));
    }

    function test_an_organisation_is_listed_and_replaced() public {
        IRegistry.Organisation memory o = anOrganisation();
        expectEvent(address(registry));
        emit IRegistry.OrganisationSet("new", o.attester, o.roles, o.encryptionKey, o.name, o.gateway);
        vm.prank(council);
        registry.setOrganisation("new", o);
        vm.assertEq(abi.encode(registry.organisation("new")), abi.encode(o), "kept");
        vm.assertEq(registry.organisationOf(o.attester), "new", "by attester");

        address before = o.attester;
        o.attester = address(0x78);
        o.roles = PROVIDER | IDENTITY;
        vm.prank(council);
        registry.setOrganisation("new", o);
        vm.assertEq(registry.organisationOf(before), 0, "the old key speaks for nobody");
        (address attester, uint32 roles) = registry.attesterOf("new");
        vm.assertEq(attester, o.attester, "attester");
        vm.assertEq(roles, o.roles, "roles");
    }

    function test_an_organisation_must_be_whole() public {
        IRegistry.Organisation memory o = anOrganisation();
        setFails("Not A Slug", o, abi.encodeWithSelector(Text.BadSlug.selector, bytes32("Not A Slug")));
        o.attester = address(0);
        setFails("new", o, abi.encodeWithSelector(IRegistry.ZeroAddress.selector, bytes32("new")));
        o.attester = police;
        setFails("new", o, abi.encodeWithSelector(IRegistry.AttesterTaken.selector, police, POLICE));
        o = anOrganisation();
        o.roles = 0;
        setFails("new", o, abi.encodeWithSelector(IRegistry.BadRoles.selector, 0));
        o.roles = 32;
        setFails("new", o, abi.encodeWithSelector(IRegistry.BadRoles.selector, 32));
        o = anOrganisation();
        o.encryptionKey = 0;
        setFails("new", o, abi.encodeWithSelector(IRegistry.EncryptionKeyMissing.selector, bytes32("new")));
        o = anOrganisation();
        o.name = string(new bytes(129));
        setFails("new", o, abi.encodeWithSelector(IRegistry.BadLength.selector, bytes32("name"), 129, 128));
        o = anOrganisation();
        o.gateway = "";
        setFails("new", o, abi.encodeWithSelector(IRegistry.BadLength.selector, bytes32("gateway"), 0, 256));
    }

    function test_only_the_council_lists() public {
        IRegistry.Organisation memory o = anOrganisation();
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncil.selector, stranger));
        vm.prank(stranger);
        registry.setOrganisation("new", o);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncil.selector, stranger));
        vm.prank(stranger);
        registry.setContract("rules", stranger);
    }

    function test_officers_are_appointed_and_dismissed() public {
        vm.assertTrue(registry.officer(officer).active, "appointed in setUp");
        vm.prank(council);
        registry.setOfficer(officer, CIVIL, false);
        vm.assertTrue(!registry.officer(officer).active, "dismissed");
        expectEvent(address(registry));
        emit IRegistry.OfficerSet(officer, POLICE, true);
        vm.prank(police);
        registry.setOfficer(officer, POLICE, true);
        vm.assertEq(registry.officer(officer).organisation, POLICE, "moved");
    }

    function test_officers_are_not_taken_from_elsewhere() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.OfficerElsewhere.selector, officer, CIVIL));
        vm.prank(police);
        registry.setOfficer(officer, POLICE, true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.OfficerElsewhere.selector, officer, CIVIL));
        vm.prank(police);
        registry.setOfficer(officer, POLICE, false);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncilOrAttester.selector, police, CIVIL));
        vm.prank(police);
        registry.setOfficer(stranger, CIVIL, true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        vm.prank(council);
        registry.setOfficer(stranger, "none", true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector, bytes32("officer")));
        vm.prank(council);
        registry.setOfficer(address(0), CIVIL, true);
    }

    function test_contracts_are_named_and_replaced() public {
        expectEvent(address(registry));
        emit IRegistry.ContractSet("rules", address(5));
        setContract("rules", address(5));
        vm.assertEq(registry.contractOf("rules"), address(5), "replaced");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector, bytes32("rules")));
        vm.prank(council);
        registry.setContract("rules", address(0));
    }

    function test_what_is_not_listed_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownContract.selector, bytes32("none")));
        registry.contractOf("none");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        registry.organisation("none");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownOrganisation.selector, bytes32("none")));
        registry.attesterOf("none");
    }
}
