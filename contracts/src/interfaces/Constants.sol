// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Roles of an organisation, a bit mask: it may attest facts, decide cases, prove identities, issue credentials, and say
// that a person who lost their devices stands before it.
uint32 constant PROVIDER = 1;
uint32 constant DECIDER = 2;
uint32 constant IDENTITY = 4;
uint32 constant ISSUER = 8;
uint32 constant RECOVERY = 16;
uint32 constant ALL_ROLES = PROVIDER | DECIDER | IDENTITY | ISSUER | RECOVERY;

// The basis of a predicate that may be asked only with the applicant's own consent.
bytes32 constant CONSENT = keccak256("consent");

// The value of a fact that its source cannot answer.
int32 constant UNKNOWN = type(int32).min;

// The row of an evaluation that found none.
uint8 constant NO_ROW = type(uint8).max;

// Classes that every network has; see IQuotas.
uint8 constant EVERYONE = 0;
uint8 constant ORGANISATIONS = 1;
uint8 constant OFFICERS = 2;
uint8 constant GOVERNORS = 3;
uint8 constant RESIDENTS = 4;

// Gas that each account that governs may use in an epoch, whatever was decided: a few of the largest transactions.
uint64 constant GOVERNORS_LEAST = 100_000_000;
