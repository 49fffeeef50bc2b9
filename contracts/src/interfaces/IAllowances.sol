// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The daily allowance of tokens, one of which opens a case
/// @notice An identity authority blind-signs (RFC 9474) a number of tokens a day for each verified resident. It sees whom
/// it signs for and not what; here everybody sees what was signed and nobody for whom. A window is a day in Beijing: its
/// key is published before it begins, counts in it alone, and can never be replaced, so that all tokens of a day look alike.
///
/// A token is a nonce and an RSASSA-PSS signature (RFC 8017, SHA-256, MGF1 with SHA-256, a salt of 32 bytes, exponent
/// 65537) over `nonce ‖ abi.encode(chain id, this contract, window, holder)`. It names its holder, so that nobody else can
/// redeem it.
interface IAllowances {
    /// @param organisation zero: opening a case needs no token
    event IssuerSet(bytes32 indexed organisation);
    event KeyPublished(bytes32 indexed organisation, uint64 indexed window, bytes modulus);
    /// @param token `keccak256` of the message that was signed
    event TokenRedeemed(bytes32 indexed organisation, uint64 indexed window, bytes32 indexed token);

    error NoIssuer();
    error NotAnAuthority(bytes32 organisation);
    error NotTheIssuer(bytes32 organisation, address sender);
    error WindowOutOfRange(uint64 window, uint64 first, uint64 last);
    error AlreadyPublished(bytes32 organisation, uint64 window);
    error BadModulus(uint256 length);
    error NoKey(bytes32 organisation, uint64 window);
    error BadToken(address holder, uint64 window);
    error AlreadySpent(bytes32 token);
    error NotCases(address sender);

    /// @notice Whose tokens open cases from now on; zero for none. It must be listed to prove identities. Council only.
    function setIssuer(bytes32 organisation) external;

    /// @notice Publishes the key of a window, once: of the present one or of the next seven. The issuer's attester only.
    /// @param modulus of 2048 bits, 256 bytes, big-endian
    function publish(uint64 window, bytes calldata modulus) external;

    /// @notice Spends the holder's token in the present window; reverts if it is none. `Cases` only.
    function redeem(address holder, bytes32 nonce, bytes calldata signature) external;

    /// @return organisation whose tokens open cases; zero if none are needed
    function issuer() external view returns (bytes32 organisation);

    /// @notice The window that a time, in unix seconds, is in: days since 1 January 1970, in Beijing.
    function windowAt(uint64 time) external pure returns (uint64);

    /// @notice Reverts with NoKey if there is none.
    /// @return modulus 256 bytes
    function keyOf(bytes32 organisation, uint64 window) external view returns (bytes memory modulus);

    /// @notice What is signed for a holder, nonce first.
    function messageOf(address holder, bytes32 nonce, uint64 window) external view returns (bytes memory);

    /// @param token `keccak256` of the message that was signed
    function isSpent(bytes32 token) external view returns (bool);
}
