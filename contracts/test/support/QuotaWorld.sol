// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GOVERNORS, GOVERNORS_LEAST, PROVIDER} from "../../src/interfaces/Constants.sol";
import {IQuotas} from "../../src/interfaces/IQuotas.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {Quotas} from "../../src/Quotas.sol";
import {Registry} from "../../src/Registry.sol";
import {Test} from "./Vm.sol";

/// @notice A registry with a council, an organisation with an officer, and quotas of five classes.
abstract contract QuotaWorld is Test {
    bytes32 internal constant POLICE = "police";

    address internal council = address(0xC0);
    address internal stranger = address(0xBAD);
    address internal police = address(0xA1);
    address internal officer = address(0xA2);
    Registry internal registry;
    Quotas internal quotas;

    function setUp() public virtual {
        registry = new Registry(council, new bytes32[](0), new address[](0));
        quotas = new Quotas(registry, classes(5), new IQuotas.Assignment[](0));
        vm.prank(council);
        registry.setOrganisation(
            POLICE, IRegistry.Organisation(police, PROVIDER, bytes32(uint256(1)), "police", "https://p.example")
        );
        vm.prank(police);
        registry.setOfficer(officer, POLICE, true);
    }

    function aClass(bytes32 name, uint64 account, uint64 total) internal pure returns (IQuotas.Class memory) {
        return IQuotas.Class(name, IQuotas.Limits(account, total));
    }

    function classes(uint256 count) internal pure returns (IQuotas.Class[] memory all) {
        all = new IQuotas.Class[](count);
        bytes32[5] memory names = [bytes32("everyone"), "organisations", "officers", "governors", "residents"];
        for (uint256 i; i < count; ++i) {
            bytes32 name = i < 5 ? names[i] : bytes32("other");
            all[i] = aClass(name, uint64((i + 1) * 1000), uint64((i + 1) * 10_000));
        }
        if (count > GOVERNORS) all[GOVERNORS].limits.account = GOVERNORS_LEAST;
    }
}
