// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../src/interfaces/IRegistry.sol";
import {IStatutes} from "../src/interfaces/IStatutes.sol";
import {World} from "./support/World.sol";

contract StatutesTest is World {
    function listFails(IStatutes.Statute memory s, bytes memory reason) internal {
        vm.expectRevert(reason);
        listStatute(s);
    }

    function test_a_statute_is_listed_by_content() public {
        IStatutes.Statute memory s = aStatute(unicode"沪府发〔2016〕24号", unicode"二");
        bytes32 expected = 0x6a33c0180d24672553bdb349a24e709c076a7fc4301a0ee944bcd10ddf420f8b; // cast
        expectEvent(address(statutes));
        emit IStatutes.StatuteListed(expected, s.law, s.article, s.textHash, s.validFrom, s.validTo);
        vm.assertEq(listStatute(s), expected, "id");
        vm.assertEq(abi.encode(statutes.statute(expected)), abi.encode(s), "kept");
    }

    function test_only_its_end_may_change() public {
        IStatutes.Statute memory s = aStatute("law", "one");
        s.validTo = START + 1 days;
        vm.assertEq(listStatute(s), law, "same id");
        vm.assertEq(statutes.statute(law).validTo, START + 1 days, "ends");
        s.textHash = keccak256("another text");
        listFails(s, abi.encodeWithSelector(IStatutes.AlreadyListedOtherwise.selector, law));
        s = aStatute("law", "one");
        s.validFrom = 2;
        listFails(s, abi.encodeWithSelector(IStatutes.AlreadyListedOtherwise.selector, law));
    }

    function test_a_statute_must_be_whole() public {
        IStatutes.Statute memory s = aStatute("", "one");
        listFails(s, abi.encodeWithSelector(IStatutes.BadLength.selector, bytes32("law"), 0, 256));
        s = aStatute(string(new bytes(257)), "one");
        listFails(s, abi.encodeWithSelector(IStatutes.BadLength.selector, bytes32("law"), 257, 256));
        s = aStatute("law", string(new bytes(129)));
        listFails(s, abi.encodeWithSelector(IStatutes.BadLength.selector, bytes32("article"), 129, 128));
        s = aStatute("law", "two");
        s.textHash = 0;
        listFails(s, abi.encodeWithSelector(IStatutes.TextHashMissing.selector, keccak256(abi.encode("law", "two"))));
        s = aStatute("law", "two");
        (s.validFrom, s.validTo) = (5, 5);
        listFails(s, abi.encodeWithSelector(IStatutes.BadPeriod.selector, 5, 5));
    }

    function test_only_the_council_lists() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotCouncil.selector, stranger));
        vm.prank(stranger);
        statutes.list(aStatute("law", "two"));
    }

    function test_what_is_not_listed_is_not_in_force() public {
        vm.assertTrue(!statutes.inForce("none", START), "not in force");
        vm.expectRevert(abi.encodeWithSelector(IStatutes.UnknownStatute.selector, bytes32("none")));
        statutes.statute("none");
    }

    function testFuzz_in_force_from_its_first_second_to_before_its_end(uint64 from, uint64 to, uint64 time) public {
        vm.assume(to == 0 || to > from);
        bytes32 id = listStatute(IStatutes.Statute("law", "fuzz", keccak256("text"), from, to));
        bool isOpen = to == 0;
        vm.assertEq(statutes.inForce(id, time), time >= from && (isOpen || time < to), "in force");
    }
}
