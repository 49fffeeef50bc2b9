// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDENTITY} from "./interfaces/Constants.sol";
import {IAllowances} from "./interfaces/IAllowances.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Clocks} from "./libraries/Clocks.sol";
import {RsaPss} from "./libraries/RsaPss.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IAllowances}. Validators read the first two slots: where things stand is a rule of the chain, pinned by
/// test/Layout.t.sol.
contract Allowances is IAllowances, Linked {
    uint64 private constant WINDOWS_AHEAD = 7;

    bytes32 public issuer;
    mapping(bytes32 organisation => mapping(uint64 window => bytes modulus)) private _keys;
    mapping(bytes32 token => bool) public isSpent;

    constructor(IRegistry registry_) Linked(registry_) {}

    /// @inheritdoc IAllowances
    function setIssuer(bytes32 organisation) external onlyCouncil {
        if (organisation != 0) _requireAuthority(organisation);
        issuer = organisation;
        emit IssuerSet(organisation);
    }

    /// @inheritdoc IAllowances
    function publish(uint64 window, bytes calldata modulus) external {
        bytes32 organisation = _issuer();
        _requireAuthority(organisation);
        if (!_isAttester(organisation, msg.sender)) revert NotTheIssuer(organisation, msg.sender);
        uint64 first = Clocks.today();
        uint64 last = first + WINDOWS_AHEAD;
        if (window < first || window > last) revert WindowOutOfRange(window, first, last);
        if (_keys[organisation][window].length != 0) revert AlreadyPublished(organisation, window);
        if (!RsaPss.isModulus(modulus)) revert BadModulus(modulus.length);

        _keys[organisation][window] = modulus;
        emit KeyPublished(organisation, window, modulus);
    }

    /// @inheritdoc IAllowances
    function redeem(address holder, bytes32 nonce, bytes calldata signature) external {
        if (msg.sender != _peer("cases")) revert NotCases(msg.sender);
        (bytes32 organisation, uint64 window) = (_issuer(), Clocks.today());
        bytes memory message = messageOf(holder, nonce, window);
        bytes32 token = keccak256(message);
        if (isSpent[token]) revert AlreadySpent(token);
        if (!RsaPss.verify(keyOf(organisation, window), message, signature)) revert BadToken(holder, window);

        isSpent[token] = true;
        emit TokenRedeemed(organisation, window, token);
    }

    /// @inheritdoc IAllowances
    function windowAt(uint64 time) external pure returns (uint64) {
        return Clocks.dayOf(time);
    }

    /// @inheritdoc IAllowances
    function keyOf(bytes32 organisation, uint64 window) public view returns (bytes memory modulus) {
        modulus = _keys[organisation][window];
        if (modulus.length == 0) revert NoKey(organisation, window);
    }

    /// @inheritdoc IAllowances
    function messageOf(address holder, bytes32 nonce, uint64 window) public view returns (bytes memory) {
        return abi.encode(nonce, block.chainid, address(this), window, holder);
    }

    function _issuer() private view returns (bytes32 organisation) {
        organisation = issuer;
        if (organisation == 0) revert NoIssuer();
    }

    function _requireAuthority(bytes32 organisation) private view {
        (, uint32 roles) = registry.attesterOf(organisation);
        if (roles & IDENTITY == 0) revert NotAnAuthority(organisation);
    }
}
