// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EVERYONE, GOVERNORS, GOVERNORS_LEAST, OFFICERS, ORGANISATIONS} from "../../src/interfaces/Constants.sol";
import {QuotaWorld} from "../support/QuotaWorld.sol";

/// @notice Sets classes and assigns accounts, and says beforehand, from plain tables, what may pass and what follows.
contract QuotasHandler is QuotaWorld {
    string public violation;
    uint256 public changed;
    uint256 public refused;
    uint256 public count = 5;
    mapping(uint256 class => uint64) public accountOf;
    mapping(uint256 class => uint64) public totalOf;
    mapping(address account => uint256) public assignedTo;
    address[4] public people;

    constructor() {
        setUp();
        people = [council, police, officer, stranger];
        for (uint8 class; class < 5; ++class) {
            accountOf[class] = quotas.classAt(class).limits.account;
            totalOf[class] = quotas.classAt(class).limits.total;
        }
    }

    function set(uint8 which, uint64 account, uint64 total, uint8 flaw) external {
        uint8 class = which % 36;
        bool byCouncil = flaw % 8 != 0;
        bool isEnough = class != GOVERNORS || account >= GOVERNORS_LEAST;
        bool may = byCouncil && class <= count && class < 32 && isEnough;
        vm.prank(byCouncil ? council : police);
        try quotas.setClass(class, aClass("name", account, total)) {
            require_(may, "set, though it may not");
            (accountOf[class], totalOf[class]) = (account, total);
            if (class == count) ++count;
            ++changed;
        } catch {
            require_(!may, "not set, though it may");
            ++refused;
        }
    }

    function move(uint8 who, uint8 which, uint8 flaw) external {
        (address account, uint8 class) = (people[who % 4], which % 36);
        bool byCouncil = flaw % 8 != 0;
        bool isBack = flaw % 3 == 0;
        bool may = byCouncil && (isBack ? assignedTo[account] != 0 : class < count);
        vm.prank(byCouncil ? council : police);
        bool done = isBack ? tryUnassign(account) : tryAssign(account, class);
        require_(done == may, "assigning");
        if (done) {
            assignedTo[account] = isBack ? 0 : uint256(class) + 1;
            ++changed;
        } else {
            ++refused;
        }
    }

    function tryAssign(address account, uint8 class) internal returns (bool) {
        try quotas.assign(account, class) {
            return true;
        } catch {
            return false;
        }
    }

    function tryUnassign(address account) internal returns (bool) {
        try quotas.unassign(account) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice Classes and limits are as decided, and who governs can decide otherwise.
    function check() external {
        require_(quotas.classCount() == count, "how many");
        for (uint8 class; class < count; ++class) {
            require_(quotas.classAt(class).limits.account == accountOf[class], "account");
            require_(quotas.classAt(class).limits.total == totalOf[class], "total");
        }
        uint8[4] memory otherwise = [GOVERNORS, ORGANISATIONS, OFFICERS, EVERYONE];
        for (uint256 i; i < 4; ++i) {
            uint256 assigned = assignedTo[people[i]];
            uint256 expected = i == 0 || assigned == 0 ? otherwise[i] : assigned - 1;
            require_(quotas.classOf(people[i]) == expected, "class");
        }
        require_(accountOf[GOVERNORS] >= GOVERNORS_LEAST, "locked out");
    }

    function require_(bool holds, string memory what) internal {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
