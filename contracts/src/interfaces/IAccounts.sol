// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Accounts of residents: which keys speak for a wallet, and how lost ones are replaced
/// @notice An account guards the backup of a wallet and nothing else. It holds no personal data, opens no case, calls no
/// contract and owns nothing: cases stay under keys of their own, which nobody can join to it. Its signers say who may
/// fetch the backup, and may change the signers. Recovery replaces the signers, after a delay in which any one of them
/// can stop it; there is nothing else that it could do. Anybody may carry a call: what counts are the signatures in it.
interface IAccounts {
    /// @dev Passkey: P-256 through WebAuthn, with user verification. Device: P-256 over the digest. Wallet: secp256k1.
    enum Kind {
        None,
        Passkey,
        Device,
        Wallet
    }

    /// @param weight 1 or 2; of a Wallet only 1. Acts take {needed} of it.
    /// @param x of the public key; of a Wallet its address
    /// @param y of the public key; of a Wallet 0
    struct Signer {
        Kind kind;
        uint8 weight;
        bytes32 x;
        bytes32 y;
    }

    /// @notice Who may approve a recovery: two of three authorities, or some of the guardians.
    /// @param authorities none, or three organisations with the role RECOVERY
    /// @param guardians `keccak256(abi.encode(address, salt))` each, so that nobody reads who they are; at most seven
    /// @param guardiansNeeded how many of them; 0 if there are none
    struct Guards {
        bytes32[] authorities;
        bytes32[] guardians;
        uint8 guardiansNeeded;
    }

    /// @param signer its id
    /// @param signature Passkey: `abi.encode(r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON)`, the challenge
    /// being the digest; Device: r ‖ s over the SHA-256 of the digest; Wallet: r ‖ s ‖ v over the digest
    struct Proof {
        bytes32 signer;
        bytes signature;
    }

    /// @param authorities those that approved, as bits
    /// @param guardians those that approved, as bits
    /// @param readyAt when it may be finished; 0 while approvals are missing
    struct Recovery {
        uint8 authorities;
        uint8 guardians;
        uint64 readyAt;
    }

    event AccountCreated(bytes32 indexed account, bytes32[] authorities, bytes32[] guardians, uint8 guardiansNeeded);
    event GuardsChanged(bytes32 indexed account, bytes32[] authorities, bytes32[] guardians, uint8 guardiansNeeded);
    event SignerAdded(bytes32 indexed account, bytes32 indexed signer, Kind kind, uint8 weight, bytes32 x, bytes32 y);
    event SignerRemoved(bytes32 indexed account, bytes32 indexed signer);
    /// @param approver the organisation, or the guardian's hash
    event RecoveryApproved(bytes32 indexed account, bytes32 indexed recovery, bytes32 indexed approver);
    /// @notice The notice to every live signer: from `readyAt` on these signers replace them, unless one objects.
    event RecoveryStarted(
        bytes32 indexed account, bytes32 indexed recovery, uint64 readyAt, bytes32[] signers, bytes32 receiver
    );
    event RecoveryVetoed(bytes32 indexed account, bytes32 indexed signer);
    event RecoveryFinished(bytes32 indexed account, bytes32 indexed recovery, bytes32 receiver);

    error UnknownAccount(bytes32 account);
    error AccountExists(bytes32 account);
    error BadSigner(Kind kind, uint8 weight, bytes32 x, bytes32 y);
    error SignerExists(bytes32 account, bytes32 signer);
    error UnknownSigner(bytes32 account, bytes32 signer);
    error TooManySigners(uint256 given, uint256 allowed);
    error TooLittleWeight(uint256 given, uint256 needed);
    error BadGuards(uint256 authorities, uint256 guardians, uint256 guardiansNeeded);
    error NotAnAuthority(bytes32 organisation);
    error NotAGuard(bytes32 account, bytes32 approver);
    error Repeated(bytes32 id);
    error WrongSignature(bytes32 by);
    error AlreadyApproved(bytes32 recovery, bytes32 approver);
    error NotApproved(bytes32 recovery);
    error NotReady(bytes32 recovery, uint64 readyAt);

    /// @notice Makes an account whose id follows from all that is given here: sent twice, by whomever, it is one account.
    /// @param salt random, so that two accounts never meet
    function create(Signer[] calldata signers, Guards calldata guards, bytes32 salt) external returns (bytes32 account);

    /// @notice Adds and removes signers. Voids every recovery that is under way: who can sign has lost nothing.
    /// @param proofs of signers as they are before, {needed} of weight in all, in ascending order of their ids; each over
    /// `Change(bytes32 account,uint64 version,Signer[] add,bytes32[] remove)`
    function change(bytes32 account, Signer[] calldata add, bytes32[] calldata remove, Proof[] calldata proofs) external;

    /// @notice Names other authorities or guardians. Voids every recovery that is under way.
    /// @param proofs as for {change}, over `Guarding(bytes32 account,uint64 version,Guards guards)`
    function setGuards(bytes32 account, Guards calldata guards, Proof[] calldata proofs) external;

    /// @notice An authority says that the person whose account this is stands before it and holds these new signers. The
    /// second approval starts the delay.
    /// @param receiver the X25519 public key to which the authorities seal what they keep, once it is over
    /// @param signature of the organisation's attester over
    /// `Recovery(bytes32 account,uint64 version,Signer[] signers,bytes32 receiver)`
    function approve(
        bytes32 account,
        Signer[] calldata signers,
        bytes32 receiver,
        bytes32 authority,
        bytes calldata signature
    ) external;

    /// @notice The same by a guardian, who is seen from then on.
    /// @param salt that of the guardian's hash
    function approveAsGuardian(
        bytes32 account,
        Signer[] calldata signers,
        bytes32 receiver,
        address guardian,
        bytes32 salt,
        bytes calldata signature
    ) external;

    /// @notice Stops every recovery that is under way, and voids the approvals given so far. Any one live signer,
    /// whatever its weight, over `Veto(bytes32 account,uint64 version)`.
    function veto(bytes32 account, Proof calldata proof) external;

    /// @notice Replaces all signers by those of a recovery whose delay is over. Anybody may call it. Of the authorities
    /// only those count that still have the role.
    function finish(bytes32 account, Signer[] calldata signers, bytes32 receiver) external;

    /// @notice Seconds between the approvals and the earliest {finish}.
    function delaySeconds() external view returns (uint64);

    /// @notice The weight that an act takes.
    function needed() external view returns (uint8);

    /// @notice Counts the acts of an account: each signature is for one of them.
    function version(bytes32 account) external view returns (uint64);

    function signersOf(bytes32 account) external view returns (Signer[] memory);

    function isSigner(bytes32 account, bytes32 signer) external view returns (bool);

    function guardsOf(bytes32 account) external view returns (Guards memory);

    /// @return the last recovery that was finished; 0 if none was
    function recovered(bytes32 account) external view returns (bytes32);

    function recovery(bytes32 id) external view returns (Recovery memory);

    /// @return the id of a recovery at the account's present version: the EIP-712 digest that is signed
    function recoveryId(bytes32 account, Signer[] calldata signers, bytes32 receiver) external view returns (bytes32);

    /// @return `keccak256(abi.encode(kind, x, y))`
    function signerId(Signer calldata signer) external pure returns (bytes32);
}
