// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Council} from "../src/Council.sol";
import {
    EVERYONE,
    GOVERNORS,
    GOVERNORS_LEAST,
    OFFICERS,
    ORGANISATIONS,
    RESIDENTS
} from "../src/interfaces/Constants.sol";
import {IQuotas} from "../src/interfaces/IQuotas.sol";
import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {Text} from "../src/libraries/Text.sol";
import {Quotas} from "../src/Quotas.sol";
import {Registry} from "../src/Registry.sol";
import {QuotaWorld} from "./support/QuotaWorld.sol";

contract QuotasTest is QuotaWorld {
    function expectClass(address account, uint8 class) internal view {
        vm.assertEq(uint256(quotas.classOf(account)), class, vm.toString(uint160(account)));
    }

    function setFails(uint8 class, IQuotas.Class memory values, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(council);
        quotas.setClass(class, values);
    }

    function createFails(IQuotas.Class[] memory first, IQuotas.Assignment[] memory assigned, bytes memory reason)
        internal
    {
        vm.expectRevert(reason);
        new Quotas(registry, first, assigned);
    }

    function test_genesis_keeps_its_classes_and_assignments() public {
        IQuotas.Assignment[] memory assigned = new IQuotas.Assignment[](2);
        assigned[0] = IQuotas.Assignment(stranger, RESIDENTS);
        assigned[1] = IQuotas.Assignment(police, EVERYONE);
        quotas = new Quotas(registry, classes(5), assigned);
        vm.assertEq(uint256(quotas.classCount()), 5, "how many");
        for (uint8 class; class < 5; ++class) {
            vm.assertEq(abi.encode(quotas.classAt(class)), abi.encode(classes(5)[class]), "kept");
        }
        expectClass(stranger, RESIDENTS);
        expectClass(police, EVERYONE);
        vm.expectRevert(abi.encodeWithSelector(IQuotas.UnknownClass.selector, 5));
        quotas.classAt(5);
    }

    function test_genesis_refuses_bad_classes_and_assignments() public {
        IQuotas.Assignment[] memory none = new IQuotas.Assignment[](0);
        createFails(classes(4), none, abi.encodeWithSelector(IQuotas.TooFewClasses.selector, 4, 5));
        createFails(classes(33), none, abi.encodeWithSelector(IQuotas.TooManyClasses.selector, 32));
        new Quotas(registry, classes(32), none);
        IQuotas.Class[] memory bad = classes(5);
        bad[GOVERNORS].limits.account = GOVERNORS_LEAST - 1;
        createFails(
            bad, none, abi.encodeWithSelector(IQuotas.TooLittleToGovern.selector, GOVERNORS_LEAST - 1, GOVERNORS_LEAST)
        );
        bad = classes(5);
        bad[0].name = "Not a slug";
        createFails(bad, none, abi.encodeWithSelector(Text.BadSlug.selector, bytes32("Not a slug")));

        IQuotas.Assignment[] memory assigned = new IQuotas.Assignment[](1);
        createFails(classes(5), assigned, abi.encodeWithSelector(IQuotas.ZeroAccount.selector));
        assigned[0] = IQuotas.Assignment(stranger, 5);
        createFails(classes(5), assigned, abi.encodeWithSelector(IQuotas.UnknownClass.selector, 5));
        assigned = new IQuotas.Assignment[](101);
        createFails(classes(5), assigned, abi.encodeWithSelector(IQuotas.TooManyAssignments.selector, 101, 100));
    }

    function test_a_class_is_changed_and_added() public {
        IQuotas.Class memory values = aClass("less", 0, type(uint64).max);
        expectEvent(address(quotas));
        emit IQuotas.ClassSet(EVERYONE, "less", 0, type(uint64).max);
        vm.prank(council);
        quotas.setClass(EVERYONE, values);
        vm.assertEq(abi.encode(quotas.classAt(EVERYONE)), abi.encode(values), "changed");
        vm.assertEq(uint256(quotas.classCount()), 5, "none was added");

        for (uint8 class = 5; class < 32; ++class) {
            vm.prank(council);
            quotas.setClass(class, values);
        }
        vm.assertEq(uint256(quotas.classCount()), 32, "full");
        setFails(32, values, abi.encodeWithSelector(IQuotas.TooManyClasses.selector, 32));
        setFails(33, values, abi.encodeWithSelector(IQuotas.UnknownClass.selector, 33));
        setFails(0, aClass(0, 1, 1), abi.encodeWithSelector(Text.BadSlug.selector, bytes32(0)));
    }

    function test_a_class_after_the_next_is_refused() public {
        setFails(6, aClass("six", 1, 1), abi.encodeWithSelector(IQuotas.UnknownClass.selector, 6));
    }

    function test_who_governs_keeps_enough_to_decide_otherwise() public {
        bytes memory refused =
            abi.encodeWithSelector(IQuotas.TooLittleToGovern.selector, GOVERNORS_LEAST - 1, GOVERNORS_LEAST);
        setFails(GOVERNORS, aClass("governors", GOVERNORS_LEAST - 1, type(uint64).max), refused);
        vm.prank(council);
        quotas.setClass(GOVERNORS, aClass("governors", GOVERNORS_LEAST, 0));
    }

    function test_classes_follow_from_council_assignment_and_registry_in_this_order() public {
        expectClass(council, GOVERNORS);
        expectClass(police, ORGANISATIONS);
        expectClass(officer, OFFICERS);
        expectClass(stranger, EVERYONE);
        expectClass(address(0), EVERYONE);

        vm.prank(police);
        registry.setOfficer(officer, POLICE, false);
        expectClass(officer, EVERYONE);

        address[4] memory all = [council, police, officer, stranger];
        for (uint256 i; i < all.length; ++i) {
            expectEvent(address(quotas));
            emit IQuotas.Assigned(all[i], RESIDENTS);
            vm.prank(council);
            quotas.assign(all[i], RESIDENTS);
            expectClass(all[i], i == 0 ? GOVERNORS : RESIDENTS);
            vm.prank(council);
            quotas.assign(all[i], EVERYONE);
            expectClass(all[i], i == 0 ? GOVERNORS : EVERYONE);
        }
        expectEvent(address(quotas));
        emit IQuotas.Unassigned(police);
        vm.prank(council);
        quotas.unassign(police);
        expectClass(police, ORGANISATIONS);
        vm.expectRevert(abi.encodeWithSelector(IQuotas.NotAssigned.selector, police));
        vm.prank(council);
        quotas.unassign(police);
    }

    function test_members_of_a_council_govern_as_long_as_they_are_members() public {
        address[] memory members = new address[](2);
        (members[0], members[1]) = (address(0x11), address(0x12));
        address place = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        registry = new Registry(place, new bytes32[](0), new address[](0));
        Council votes = new Council(registry, members, 1 days, 0);
        quotas = new Quotas(registry, classes(5), new IQuotas.Assignment[](0));
        expectClass(address(votes), GOVERNORS);
        expectClass(members[0], GOVERNORS);
        expectClass(members[1], GOVERNORS);
        expectClass(stranger, EVERYONE);
        vm.prank(address(votes));
        votes.removeMember(members[0]);
        expectClass(members[0], EVERYONE);
        vm.prank(address(votes));
        quotas.assign(members[1], EVERYONE);
        expectClass(members[1], GOVERNORS);
    }

    function test_only_the_council_decides() public {
        bytes memory refused = abi.encodeWithSelector(IRegistry.NotCouncil.selector, police);
        vm.expectRevert(refused);
        vm.prank(police);
        quotas.setClass(EVERYONE, aClass("everyone", 1, 1));
        vm.expectRevert(refused);
        vm.prank(police);
        quotas.assign(police, GOVERNORS);
        vm.expectRevert(refused);
        vm.prank(police);
        quotas.unassign(police);
    }

    function test_what_is_unknown_is_not_assigned() public {
        vm.expectRevert(abi.encodeWithSelector(IQuotas.UnknownClass.selector, 5));
        vm.prank(council);
        quotas.assign(stranger, 5);
        vm.expectRevert(abi.encodeWithSelector(IQuotas.UnknownClass.selector, 255));
        vm.prank(council);
        quotas.assign(stranger, 255);
        vm.expectRevert(abi.encodeWithSelector(IQuotas.ZeroAccount.selector));
        vm.prank(council);
        quotas.assign(address(0), EVERYONE);
    }

    function testFuzz_limits_are_kept_whole(uint64 account, uint64 total, uint8 class, address who) public {
        class = uint8(within(class, 0, 4));
        if (class == GOVERNORS && account < GOVERNORS_LEAST) account += GOVERNORS_LEAST;
        vm.prank(council);
        quotas.setClass(class, aClass("some", account, total));
        IQuotas.Limits memory kept = quotas.classAt(class).limits;
        vm.assertEq(uint256(kept.account), account, "account");
        vm.assertEq(uint256(kept.total), total, "total");
        for (uint8 other; other < 5; ++other) {
            if (other == class) continue;
            vm.assertEq(abi.encode(quotas.classAt(other)), abi.encode(classes(5)[other]), "the others");
        }
        if (who == address(0) || who == council) return;
        vm.prank(council);
        quotas.assign(who, class);
        expectClass(who, class);
    }
}
