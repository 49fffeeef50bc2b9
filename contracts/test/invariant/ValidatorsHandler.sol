// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidators} from "../../src/interfaces/IValidators.sol";
import {ValidatorWorld} from "../support/ValidatorWorld.sol";

/// @notice Adds and removes among a few keys, and says beforehand, from a plain set, what may pass.
contract ValidatorsHandler is ValidatorWorld {
    uint256 internal constant KEYS = 110;

    string public violation;
    uint256 public changed;
    uint256 public refused;
    uint256 public count = 4;
    mapping(uint256 key => bool) public isIn;

    constructor() {
        setUp();
        for (uint256 key = 10; key <= 40; key += 10) {
            isIn[key] = true;
        }
    }

    function change(uint8 which, bool isAddition, uint8 flaw) external {
        uint256 key = which % KEYS;
        bool byCouncil = flaw % 16 != 0;
        bool may = byCouncil && (isAddition ? key != 0 && !isIn[key] && count < 100 : isIn[key] && count > 1);
        vm.prank(byCouncil ? council : stranger);
        bool done = isAddition ? tryAdd(key) : tryRemove(key);
        require_(done == may, isAddition ? "adding" : "removing");
        if (done) {
            isIn[key] = isAddition;
            count = isAddition ? count + 1 : count - 1;
            ++changed;
        } else {
            ++refused;
        }
    }

    function tryAdd(uint256 key) internal returns (bool) {
        try validators.add(aValidator(key)) {
            return true;
        } catch {
            return false;
        }
    }

    function tryRemove(uint256 key) internal returns (bool) {
        try validators.remove(bytes32(key)) {
            return true;
        } catch {
            return false;
        }
    }

    /// @notice The list is the set, in ascending order, with whole texts.
    function check() external {
        IValidators.Validator[] memory all = validators.list();
        require_(all.length == count && count >= 1 && count <= 100, "how many");
        bytes32 expected = keccak256(abi.encode(aValidator(0).location, aValidator(0).name));
        for (uint256 i; i < all.length; ++i) {
            require_(isIn[uint256(all[i].key)], "listed but not added");
            require_(i == 0 || all[i - 1].key < all[i].key, "order");
            require_(keccak256(abi.encode(all[i].location, all[i].name)) == expected, "texts");
        }
    }

    function require_(bool holds, string memory what) internal {
        if (!holds && bytes(violation).length == 0) violation = what;
    }
}
