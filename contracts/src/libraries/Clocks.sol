// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICases} from "../interfaces/ICases.sol";
import {IServices} from "../interfaces/IServices.sol";

/// @notice The two clocks of a case, the promised and the statutory, and the time to appeal. All in unix seconds.
library Clocks {
    uint64 private constant DAY = 1 days;
    /// @dev Days begin at midnight in Beijing, UTC+8, all year round.
    uint64 private constant DAY_OFFSET = 8 hours;

    function start(ICases.Case storage c, IServices.Service memory s) internal {
        uint64 current = nowSeconds();
        c.promisedBy = current + s.promisedSeconds;
        c.statutoryBy = current + s.statutorySeconds;
        c.pausedAt = 0;
        c.appealBy = 0;
    }

    function pause(ICases.Case storage c) internal {
        c.pausedAt = nowSeconds();
    }

    /// @notice Moves both ends by the time for which the clocks stood still.
    function resume(ICases.Case storage c) internal {
        uint64 paused = nowSeconds() - c.pausedAt;
        c.promisedBy += paused;
        c.statutoryBy += paused;
        c.pausedAt = 0;
    }

    /// @notice The last second of the day in which a period that starts now ends: periods counted in days run to the end
    /// of their last day (Civil Code of the PRC, arts. 201 and 203).
    function endOfDayAfter(uint64 period) internal view returns (uint64) {
        uint64 end = nowSeconds() + period + DAY_OFFSET;
        return end - end % DAY + DAY - DAY_OFFSET - 1;
    }

    /// @notice Days since 1 January 1970, in Beijing.
    function dayOf(uint64 time) internal pure returns (uint64) {
        return (time + DAY_OFFSET) / DAY;
    }

    function today() internal view returns (uint64) {
        return dayOf(nowSeconds());
    }

    function nowSeconds() internal view returns (uint64) {
        return uint64(block.timestamp);
    }
}
