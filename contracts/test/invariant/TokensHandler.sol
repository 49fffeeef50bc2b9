// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAllowances} from "../../src/interfaces/IAllowances.sol";
import {TokenWorld} from "../support/TokenWorld.sol";

/// @notice Days pass, keys are published, and everybody tries everybody's tokens of every day. It says beforehand which may
/// open a case.
contract TokensHandler is TokenWorld {
    uint256 internal constant HOLDERS = 6;

    string public violation;
    uint256 public opened;
    uint256 public refused;
    uint64 internal day;
    mapping(uint64 window => bool) internal isPublished;
    mapping(address holder => bool) internal hasOpened;

    constructor() {
        setUp();
        (day, isPublished[FIRST_WINDOW]) = (FIRST_WINDOW, true);
    }

    function tomorrow() external {
        vm.warp(block.timestamp + DAY);
        ++day;
    }

    function announce(uint8 ahead) external {
        uint64 window = day + ahead % 3;
        if (isPublished[window]) return;
        publish(window, keyFor(window));
        isPublished[window] = true;
    }

    function open(uint8 who, uint8 whose, uint8 ofDay, bool byOtherKey) external {
        address holder = address(uint160(0xAAA0 + who % HOLDERS));
        address owner = address(uint160(0xAAA0 + whose % HOLDERS));
        uint64 window = day + ofDay % 3 - 1;
        bytes memory message = allowances.messageOf(owner, NONCE, window);
        bool isEven = byOtherKey ? window % 2 == 1 : window % 2 == 0;
        bytes memory signature = isEven ? sign(OTHER_KEY, OTHER_KEY_PRIVATE, message) : sign(KEY, KEY_PRIVATE, message);
        bool may = holder == owner && window == day && !byOtherKey && isPublished[window] && !hasOpened[holder];
        vm.prank(holder);
        try cases.openWithToken(ALLOWANCE, 1, FORM, NONCE, signature) {
            if (!may) violation = "opened without a token";
            hasOpened[holder] = true;
            ++opened;
        } catch {
            if (may) violation = "refused with a token";
            ++refused;
        }
        if (allowances.isSpent(keccak256(message)) && !hasOpened[owner]) violation = "spent by somebody else";
    }

    /// @dev Days take turns with two keys: the first window's is odd.
    function keyFor(uint64 window) internal pure returns (bytes memory) {
        return window % 2 == 0 ? OTHER_KEY : KEY;
    }
}
