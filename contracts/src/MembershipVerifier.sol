// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SemaphoreVerifier} from "@semaphore-protocol/contracts/base/SemaphoreVerifier.sol";

/// @notice Semaphore's own Groth16 verifier, unchanged, with the keys of its ceremony. It answers false for a proof that does
/// not hold and for too little gas alike, so nothing but {People} should ask it.
contract MembershipVerifier is SemaphoreVerifier {}
