// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "../../src/interfaces/ICases.sol";
import {CasesHandler} from "./CasesHandler.sol";
import {HandlerTest} from "./HandlerTest.sol";
import {CaseWatch} from "./CaseWatch.sol";

/// @notice The life of cases, whatever anyone calls in whatever order. CaseWatch checks each step, this what always holds.
contract CasesInvariantTest is HandlerTest {
    CasesHandler internal handler;
    CaseWatch internal watch;

    function setUp() public {
        handler = new CasesHandler();
        watch = handler.watch();
    }

    function handled() internal view override returns (address, bytes4[] memory) {
        return (address(handler), calls());
    }

    function calls() internal view returns (bytes4[] memory list) {
        list = new bytes4[](12);
        (list[0], list[1], list[2]) = (handler.open.selector, handler.attest.selector, handler.attestAll.selector);
        (list[3], list[4], list[5]) = (handler.decide.selector, handler.approve.selector, handler.refuse.selector);
        (list[6], list[7]) = (handler.requestMore.selector, handler.supplement.selector);
        (list[8], list[9]) = (handler.appeal.selector, handler.escalate.selector);
        (list[10], list[11]) = (handler.close.selector, handler.wait.selector);
    }

    function invariant_no_step_is_illegal_and_every_state_is_whole() public view {
        vm.assertEq(watch.violation(), "", "violated");
        for (uint256 i; i < watch.count(); ++i) {
            (ICases.Case memory c,) = watch.read(watch.ids(i));
            if (c.status == ICases.Status.None) continue;
            bool isWithPerson = c.status == ICases.Status.Review || c.status == ICases.Status.Supplement;
            bool isSupplement = c.status == ICases.Status.Supplement;
            bool isAsking = c.status == ICases.Status.Asking;
            vm.assertTrue(!isAsking || c.answered != 15, "not asking once all facts are in");
            vm.assertTrue(isAsking || c.answered == 15 || watch.wasHandedOver(watch.ids(i)), "asking until then");
            vm.assertEq(c.frozen, c.appealed && isWithPerson, "frozen exactly while an appeal runs");
            vm.assertEq(c.pausedAt != 0, isSupplement, "paused exactly while more is asked for");
            vm.assertTrue(c.openedAt <= c.promisedBy && c.promisedBy <= c.statutoryBy, "clocks in order");
            if (c.status == ICases.Status.Refused) vm.assertTrue(c.officer != address(0), "a person refused");
            if (c.status == ICases.Status.Refused) vm.assertEq(c.amountFen, 0, "no amount");
        }
    }

    /// @dev That the walk above is not an empty one: a long one reaches every status.
    function test_a_long_walk_reaches_every_status() public {
        bytes4[] memory list = calls();
        uint256 state = 7;
        for (uint256 i; i < 400; ++i) {
            state = uint256(keccak256(abi.encode(state)));
            bytes memory arguments =
                abi.encode(state >> 8 & 3, state >> 16 & 0x7F, state >> 24 & 0x7F, state >> 32 & 0xFF);
            (bool ok,) = address(handler).call(bytes.concat(list[state % list.length], arguments));
            vm.assertTrue(ok, "the handler itself never fails");
        }
        vm.assertEq(watch.violation(), "", "violated");
        for (uint256 status = 1; status < 7; ++status) {
            vm.assertTrue(watch.reached(status) > 0, vm.toString(status));
        }
    }
}
