// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The legal bases: which article of which law, with which text, in force from and to when
/// @notice The id of a statute is `keccak256(abi.encode(law, article))`. A listed text never changes: an amended article
/// is another statute.
interface IStatutes {
    /// @param law the law's name and number, UTF-8
    /// @param textHash keccak256 of the article's UTF-8 text
    /// @param validFrom unix seconds, the first at which it is in force
    /// @param validTo unix seconds, the first at which it no longer is; 0 while open
    struct Statute {
        string law;
        string article;
        bytes32 textHash;
        uint64 validFrom;
        uint64 validTo;
    }

    event StatuteListed(
        bytes32 indexed id, string law, string article, bytes32 textHash, uint64 validFrom, uint64 validTo
    );

    error UnknownStatute(bytes32 id);
    error BadLength(bytes32 field, uint256 bytesGiven, uint256 bytesAllowed);
    error TextHashMissing(bytes32 id);
    error BadPeriod(uint64 validFrom, uint64 validTo);
    error AlreadyListedOtherwise(bytes32 id);

    /// @notice Lists a statute, or sets the end of one that is listed. Council only.
    function list(Statute calldata statute_) external returns (bytes32 id);

    /// @notice Reverts with UnknownStatute if not listed.
    function statute(bytes32 id) external view returns (Statute memory);

    /// @notice False for a statute that is not listed.
    /// @param time unix seconds
    function inForce(bytes32 id, uint64 time) external view returns (bool);
}
