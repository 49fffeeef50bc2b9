// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {RECOVERY} from "./interfaces/Constants.sol";
import {IAccounts} from "./interfaces/IAccounts.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Bits} from "./libraries/Bits.sol";
import {Guarding} from "./libraries/Guarding.sol";
import {Signers} from "./libraries/Signers.sol";
import {Linked} from "./Linked.sol";

/// @dev See {IAccounts}.
contract Accounts is IAccounts, Linked, EIP712 {
    using Bits for uint32;
    using Signers for Signer;

    struct Account {
        uint64 version;
        bytes32 recovered;
        bytes32[] signers;
        Guards guards;
    }

    uint8 public constant needed = 2;
    uint256 private constant SIGNERS_MAX = 8;
    uint256 private constant AUTHORITIES_NEEDED = 2;

    uint64 public immutable delaySeconds;

    mapping(bytes32 account => Account) private _accounts;
    mapping(bytes32 account => mapping(bytes32 signer => Signer)) private _signers;
    mapping(bytes32 id => Recovery) private _recoveries;

    constructor(IRegistry registry_, uint64 delaySeconds_) Linked(registry_) EIP712("Zhengtong Accounts", "1") {
        delaySeconds = delaySeconds_;
    }

    /// @inheritdoc IAccounts
    function create(Signer[] calldata signers, Guards calldata guards, bytes32 salt)
        external
        returns (bytes32 account)
    {
        account = keccak256(abi.encode(block.chainid, address(this), signers, guards, salt));
        Account storage a = _accounts[account];
        if (a.version != 0) revert AccountExists(account);
        _requireGuards(guards);

        a.version = 1;
        a.guards = guards;
        emit AccountCreated(account, guards.authorities, guards.guardians, guards.guardiansNeeded);
        _add(account, a, signers);
        _requireWeight(account, a);
    }

    /// @inheritdoc IAccounts
    function change(bytes32 account, Signer[] calldata add, bytes32[] calldata remove, Proof[] calldata proofs)
        external
    {
        Account storage a = _known(account);
        _act(account, a, Signers.hashChange(account, a.version, add, remove), proofs);
        for (uint256 i; i < remove.length; ++i) {
            _remove(account, a, remove[i]);
        }
        _add(account, a, add);
        _requireWeight(account, a);
    }

    /// @inheritdoc IAccounts
    function setGuards(bytes32 account, Guards calldata guards, Proof[] calldata proofs) external {
        Account storage a = _known(account);
        _act(account, a, Signers.hashGuarding(account, a.version, guards), proofs);
        _requireGuards(guards);
        a.guards = guards;
        emit GuardsChanged(account, guards.authorities, guards.guardians, guards.guardiansNeeded);
    }

    /// @inheritdoc IAccounts
    function approve(
        bytes32 account,
        Signer[] calldata signers,
        bytes32 receiver,
        bytes32 authority,
        bytes calldata signature
    ) external {
        Account storage a = _known(account);
        uint8 bit = _bitOf(account, a.guards.authorities, authority);
        (address attester, uint32 roles) = registry.attesterOf(authority);
        if (roles & RECOVERY == 0) revert NotAnAuthority(authority);
        bytes32 id = recoveryId(account, signers, receiver);
        if (!Signers.isBy(attester, id, signature)) revert WrongSignature(authority);
        Recovery storage r = _recoveries[id];
        if (r.authorities & bit != 0) revert AlreadyApproved(id, authority);

        r.authorities |= bit;
        emit RecoveryApproved(account, id, authority);
        _start(account, a, id, signers, receiver);
    }

    /// @inheritdoc IAccounts
    function approveAsGuardian(
        bytes32 account,
        Signer[] calldata signers,
        bytes32 receiver,
        address guardian,
        bytes32 salt,
        bytes calldata signature
    ) external {
        Account storage a = _known(account);
        bytes32 hash = keccak256(abi.encode(guardian, salt));
        uint8 bit = _bitOf(account, a.guards.guardians, hash);
        bytes32 id = recoveryId(account, signers, receiver);
        if (!Signers.isBy(guardian, id, signature)) revert WrongSignature(hash);
        Recovery storage r = _recoveries[id];
        if (r.guardians & bit != 0) revert AlreadyApproved(id, hash);

        r.guardians |= bit;
        emit RecoveryApproved(account, id, hash);
        _start(account, a, id, signers, receiver);
    }

    /// @inheritdoc IAccounts
    function veto(bytes32 account, Proof calldata proof) external {
        Account storage a = _known(account);
        _requireSigned(account, _hashTypedDataV4(Signers.hashVeto(account, a.version)), proof);
        ++a.version;
        emit RecoveryVetoed(account, proof.signer);
    }

    /// @inheritdoc IAccounts
    function finish(bytes32 account, Signer[] calldata signers, bytes32 receiver) external {
        Account storage a = _known(account);
        bytes32 id = recoveryId(account, signers, receiver);
        uint64 readyAt = _recoveries[id].readyAt;
        if (readyAt == 0 || !_isApproved(a, id)) revert NotApproved(id);
        if (block.timestamp < readyAt) revert NotReady(id, readyAt);

        ++a.version;
        a.recovered = id;
        for (uint256 i = a.signers.length; i > 0; --i) {
            _remove(account, a, a.signers[i - 1]);
        }
        _add(account, a, signers);
        emit RecoveryFinished(account, id, receiver);
    }

    /// @inheritdoc IAccounts
    function version(bytes32 account) external view returns (uint64) {
        return _accounts[account].version;
    }

    /// @inheritdoc IAccounts
    function signersOf(bytes32 account) external view returns (Signer[] memory all) {
        bytes32[] storage ids = _known(account).signers;
        all = new Signer[](ids.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = _signers[account][ids[i]];
        }
    }

    /// @inheritdoc IAccounts
    function isSigner(bytes32 account, bytes32 signer) external view returns (bool) {
        return _signers[account][signer].weight != 0;
    }

    /// @inheritdoc IAccounts
    function guardsOf(bytes32 account) external view returns (Guards memory) {
        return _known(account).guards;
    }

    /// @inheritdoc IAccounts
    function recovered(bytes32 account) external view returns (bytes32) {
        return _accounts[account].recovered;
    }

    /// @inheritdoc IAccounts
    function recovery(bytes32 id) external view returns (Recovery memory) {
        return _recoveries[id];
    }

    /// @inheritdoc IAccounts
    function recoveryId(bytes32 account, Signer[] calldata signers, bytes32 receiver) public view returns (bytes32) {
        return _hashTypedDataV4(Signers.hashRecovery(account, _accounts[account].version, signers, receiver));
    }

    /// @inheritdoc IAccounts
    function signerId(Signer calldata signer) external pure returns (bytes32) {
        return signer.idOf();
    }

    /// @dev Checks the signers of an act and counts it, which voids every recovery of the version before.
    function _act(bytes32 account, Account storage a, bytes32 structHash, Proof[] calldata proofs) private {
        bytes32 digest = _hashTypedDataV4(structHash);
        if (proofs.length > SIGNERS_MAX) revert TooManySigners(proofs.length, SIGNERS_MAX);
        uint256 weight;
        bytes32 last;
        for (uint256 i; i < proofs.length; ++i) {
            if (proofs[i].signer <= last) revert Repeated(proofs[i].signer);
            last = proofs[i].signer;
            weight += _requireSigned(account, digest, proofs[i]);
        }
        if (weight < needed) revert TooLittleWeight(weight, needed);
        ++a.version;
    }

    function _requireSigned(bytes32 account, bytes32 digest, Proof calldata proof) private view returns (uint8) {
        Signer memory s = _signers[account][proof.signer];
        if (s.weight == 0) revert UnknownSigner(account, proof.signer);
        if (!s.signed(digest, proof.signature)) revert WrongSignature(proof.signer);
        return s.weight;
    }

    /// @dev The first time that the approvals suffice. New signers that would be refused at the end are refused now.
    function _start(bytes32 account, Account storage a, bytes32 id, Signer[] calldata signers, bytes32 receiver)
        private
    {
        bytes32[] memory ids = Guarding.requireSigners(signers, SIGNERS_MAX, needed);
        Recovery storage r = _recoveries[id];
        if (r.readyAt != 0 || !_isApproved(a, id)) return;
        r.readyAt = uint64(block.timestamp) + delaySeconds;
        emit RecoveryStarted(account, id, r.readyAt, ids, receiver);
    }

    function _isApproved(Account storage a, bytes32 id) private view returns (bool) {
        Recovery memory r = _recoveries[id];
        Guards storage g = a.guards;
        uint256 authorities;
        for (uint256 i; i < g.authorities.length; ++i) {
            if (r.authorities >> i & 1 != 0 && _mayVouch(g.authorities[i])) ++authorities;
        }
        uint256 guardians = uint32(r.guardians).ones();
        return authorities >= AUTHORITIES_NEEDED || (g.guardiansNeeded != 0 && guardians >= g.guardiansNeeded);
    }

    function _requireGuards(Guards calldata g) private view {
        Guarding.requireSound(g);
        for (uint256 i; i < g.authorities.length; ++i) {
            if (!_mayVouch(g.authorities[i])) revert NotAnAuthority(g.authorities[i]);
        }
    }

    function _add(bytes32 account, Account storage a, Signer[] calldata signers) private {
        for (uint256 i; i < signers.length; ++i) {
            Signer calldata s = signers[i];
            if (!s.isSound()) revert BadSigner(s.kind, s.weight, s.x, s.y);
            bytes32 id = s.idOf();
            if (_signers[account][id].weight != 0) revert SignerExists(account, id);
            _signers[account][id] = s;
            a.signers.push(id);
            emit SignerAdded(account, id, s.kind, s.weight, s.x, s.y);
        }
        if (a.signers.length > SIGNERS_MAX) revert TooManySigners(a.signers.length, SIGNERS_MAX);
    }

    function _remove(bytes32 account, Account storage a, bytes32 id) private {
        if (_signers[account][id].weight == 0) revert UnknownSigner(account, id);
        delete _signers[account][id];
        uint256 last = a.signers.length - 1;
        for (uint256 i; i < last; ++i) {
            if (a.signers[i] == id) a.signers[i] = a.signers[last];
        }
        a.signers.pop();
        emit SignerRemoved(account, id);
    }

    /// @dev No account is left that could not act any more.
    function _requireWeight(bytes32 account, Account storage a) private view {
        uint256 weight;
        for (uint256 i; i < a.signers.length; ++i) {
            weight += _signers[account][a.signers[i]].weight;
        }
        if (weight < needed) revert TooLittleWeight(weight, needed);
    }

    function _mayVouch(bytes32 organisation) private view returns (bool) {
        (, uint32 roles) = registry.attesterOf(organisation);
        return roles & RECOVERY != 0;
    }

    function _bitOf(bytes32 account, bytes32[] storage guards, bytes32 approver) private view returns (uint8) {
        for (uint256 i; i < guards.length; ++i) {
            // At most seven guards: nothing is cut off, and 1 is shifted by the place.
            // forge-lint: disable-next-line(incorrect-shift, unsafe-typecast)
            if (guards[i] == approver) return uint8(1 << i);
        }
        revert NotAGuard(account, approver);
    }

    function _known(bytes32 account) private view returns (Account storage a) {
        a = _accounts[account];
        if (a.version == 0) revert UnknownAccount(account);
    }
}
