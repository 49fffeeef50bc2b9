// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccounts} from "../interfaces/IAccounts.sol";
import {Signers} from "./Signers.sol";

/// @notice What an account's guards and a recovery's signers must be, whoever they are.
library Guarding {
    using Signers for IAccounts.Signer;

    uint256 internal constant AUTHORITIES = 3;
    uint256 internal constant GUARDIANS_MAX = 7;

    /// @notice Three authorities or none, up to seven guardians and a number of them, and one way at least.
    function requireSound(IAccounts.Guards calldata g) internal pure {
        (uint256 authorities, uint256 guardians) = (g.authorities.length, g.guardians.length);
        bool isSound = (authorities == 0 || authorities == AUTHORITIES) && guardians <= GUARDIANS_MAX
            && authorities + guardians != 0 && (guardians == 0) == (g.guardiansNeeded == 0)
            && g.guardiansNeeded <= guardians;
        if (!isSound) revert IAccounts.BadGuards(authorities, guardians, g.guardiansNeeded);
        requireDistinct(g.authorities);
        requireDistinct(g.guardians);
    }

    /// @notice Signers that could replace all of an account's. Answers their ids.
    function requireSigners(IAccounts.Signer[] calldata signers, uint256 most, uint256 weightNeeded)
        internal
        pure
        returns (bytes32[] memory ids)
    {
        if (signers.length > most) revert IAccounts.TooManySigners(signers.length, most);
        ids = new bytes32[](signers.length);
        uint256 weight;
        for (uint256 i; i < signers.length; ++i) {
            IAccounts.Signer calldata s = signers[i];
            if (!s.isSound()) revert IAccounts.BadSigner(s.kind, s.weight, s.x, s.y);
            ids[i] = s.idOf();
            weight += s.weight;
        }
        requireDistinct(ids);
        if (weight < weightNeeded) revert IAccounts.TooLittleWeight(weight, weightNeeded);
    }

    function requireDistinct(bytes32[] memory ids) private pure {
        for (uint256 i; i < ids.length; ++i) {
            for (uint256 j; j < i; ++j) {
                if (ids[i] == ids[j]) revert IAccounts.Repeated(ids[i]);
            }
        }
    }
}
