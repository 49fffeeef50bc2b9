// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice The token that `zhengtong bench` moves: OpenZeppelin's ERC20, all of it minted to the creator, and a way to make
/// the state large.
contract Token is ERC20 {
    constructor(uint256 supply) ERC20("Bench", "BENCH") {
        _mint(msg.sender, supply);
    }

    /// @notice Makes `count` holders of one token each, beginning with number `first`: the address of a number is the end of
    /// its hash.
    /// @dev Writes to ERC20's mapping of balances, at slot 0, without events and beside the supply: five million events
    /// would measure the block store.
    function fill(uint256 first, uint256 count) external {
        for (uint256 number = first; number < first + count; ++number) {
            address holder = address(uint160(uint256(keccak256(abi.encode(number)))));
            bytes32 slot = keccak256(abi.encode(holder, uint256(0)));
            assembly {
                sstore(slot, 1)
            }
        }
    }
}
