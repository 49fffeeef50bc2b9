//! What a finalized block means to this gateway: a pure function from events to changes of its store.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Log};
use alloy_sol_types::SolEvent;
use serde_json::{Value, json};
use zhengtong_bindings::accounts::Accounts::{
    AccountCreated, GuardsChanged, RecoveryFinished, SignerAdded, SignerRemoved,
};
use zhengtong_bindings::allowances::Allowances::IssuerSet;
use zhengtong_bindings::cases::Cases::{
    Appealed, CaseOpened, Closed, Decided, Escalated, FactsAttested, FactsRequested, ReviewRequested,
    SupplementRequested, Supplemented,
};
use zhengtong_bindings::consents::Consents::{ConsentGranted, ConsentRevoked};
use zhengtong_bindings::credentials::Credentials::{AnchorSet, CredentialIssued};
use zhengtong_bindings::delegations::Delegations::{DelegationEnded, DelegationRegistered};
use zhengtong_bindings::registry::Registry::{OfficerSet, OrganisationSet};
use zhengtong_bindings::services::Services::ServicePublished;
use zhengtong_bindings::statutes::Statutes::StatuteListed;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{Addresses, slug_str};
use zhengtong_types::VerifiedBlock;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An organisation was listed or changed.
    Organisation {
        id: B256,
        attester: Address,
        roles: u32,
        /// X25519.
        encryption: B256,
        gateway: String,
    },
    /// An officer was listed, or no longer is.
    Officer {
        address: Address,
        organisation: B256,
        active: bool,
    },
    /// A statute was listed.
    Statute {
        id: B256,
        law: String,
        article: String,
        valid_from: u64,
        valid_to: u64,
    },
    /// A version of a service was published.
    Service {
        id: B256,
        version: u32,
        owner: B256,
        package: B256,
    },
    /// A consent was given.
    Granted {
        id: B256,
        grantor: Address,
        provider: B256,
        service: B256,
        until_s: u64,
        once: bool,
    },
    /// A consent was withdrawn.
    Revoked { id: B256, grantor: Address },
    /// Somebody may act for somebody.
    Delegated {
        key: Address,
        document: B256,
        until_s: u64,
    },
    /// They no longer may.
    DelegationEnded { key: Address },
    /// This organisation is asked for facts.
    Asked(Ask),
    /// A case was opened.
    Opened(Opened),
    /// Something happened to a case.
    Happened {
        case_id: B256,
        happening: Happening,
        event: Event,
    },
    /// A use by this organisation, or for it, is on record.
    Recorded {
        tag: B256,
        tx_hash: B256,
        case_id: B256,
        basis: B256,
    },
    /// A certificate authority is trusted for an organisation's credential keys, or no longer is.
    Anchor {
        issuer: B256,
        fingerprint: B256,
        certificate: Vec<u8>,
        trusted: bool,
    },
    /// A credential is on record.
    Issued { case_id: B256, hash: B256 },
    /// Something happened to a resident's account.
    Account(AccountChange),
    /// This organisation signs the tokens that open cases from now on; zero: nobody does.
    AllowanceIssuer { organisation: B256 },
}

/// How an account changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// It has these authorities now: this organisation is one of them, or is not.
    Guards { account: B256, guarded: bool },
    /// It has one more signer.
    Added {
        account: B256,
        signer: B256,
        kind: u8,
        x: B256,
        y: B256,
    },
    /// It has one signer less.
    Removed { account: B256, signer: B256 },
    /// A recovery is over: its delay, too.
    Recovered { account: B256, recovery: B256 },
}

/// Facts asked of this organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub case_id: B256,
    pub seq: u32,
    pub mask: u32,
    pub service: B256,
    pub version: u32,
    pub rule_set: B256,
    /// The commitment that the case was opened with.
    pub form: B256,
    pub at_s: u64,
}

/// A case that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub case_id: B256,
    pub service: B256,
    pub version: u32,
    pub applicant: Address,
    pub rule_set: B256,
    pub form: B256,
    pub opened_at: u64,
    pub promised_by: u64,
    pub statutory_by: u64,
    pub event: Event,
}

/// How a case changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Goes into the history, and nothing else.
    Nothing,
    /// A person has to look.
    Review { cause: u8, row: u8 },
    /// More is asked for; the clocks stand.
    Supplement { at_s: u64 },
    /// More was given; the clocks run.
    Supplemented {
        form: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    /// Decided.
    Decided {
        approved: bool,
        row: u8,
        amount_fen: u64,
        appeal_by: u64,
        officer: Address,
    },
    /// Appealed: the effect is frozen.
    Appealed { promised_by: u64, statutory_by: u64 },
    /// Overdue.
    Escalated,
    /// Over.
    Closed,
}

/// An event as the history keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub seq: u32,
    pub name: &'static str,
    pub args: Value,
    pub statement: B256,
    pub block_number: u64,
    pub block_time_ms: u64,
    pub tx_hash: B256,
}

/// The changes of a block, in order, for the organisation `me`.
pub fn changes(block: &VerifiedBlock, contracts: &Addresses, me: B256) -> Vec<Change> {
    let mut reader = Reader {
        block,
        contracts,
        me,
        opened: HashMap::new(),
        out: Vec::new(),
    };
    for (tx_hash, receipt) in block.receipts() {
        for log in receipt.logs() {
            // An event that its own contract encoded always decodes; anything else is none of ours.
            let _ = reader.read(*tx_hash, log);
        }
    }
    reader.out
}

struct Reader<'a> {
    block: &'a VerifiedBlock,
    contracts: &'a Addresses,
    me: B256,
    opened: HashMap<B256, (B256, u32, B256, B256)>,
    out: Vec<Change>,
}

impl Happening {
    /// Whether uses of data can be recorded in the case from then on; `None` if that stays as it was.
    pub const fn takes_uses(&self) -> Option<bool> {
        match self {
            Self::Review { .. } | Self::Supplemented { .. } | Self::Appealed { .. } => Some(true),
            Self::Supplement { .. } | Self::Decided { .. } | Self::Closed => Some(false),
            Self::Nothing | Self::Escalated => None,
        }
    }
}

impl Reader<'_> {
    fn read(&mut self, tx_hash: B256, log: &Log) -> alloy_sol_types::Result<()> {
        let Some(topic) = log.topics().first().copied() else {
            return Ok(());
        };
        let at = log.address;
        if at == self.contracts.cases {
            return self.case_event(tx_hash, log, topic);
        }
        if at == self.contracts.accounts {
            return self.account_event(log, topic);
        }
        let change = match topic {
            OrganisationSet::SIGNATURE_HASH if at == self.contracts.registry => {
                let e = OrganisationSet::decode_log(log)?.data;
                Change::Organisation {
                    id: e.id,
                    attester: e.attester,
                    roles: e.roles,
                    encryption: e.encryptionKey,
                    gateway: e.gateway,
                }
            }
            OfficerSet::SIGNATURE_HASH if at == self.contracts.registry => {
                let e = OfficerSet::decode_log(log)?.data;
                Change::Officer {
                    address: e.key,
                    organisation: e.organisation,
                    active: e.active,
                }
            }
            StatuteListed::SIGNATURE_HASH if at == self.contracts.statutes => {
                let e = StatuteListed::decode_log(log)?.data;
                let (valid_from, valid_to) = (e.validFrom, e.validTo);
                Change::Statute {
                    id: e.id,
                    law: e.law,
                    article: e.article,
                    valid_from,
                    valid_to,
                }
            }
            ServicePublished::SIGNATURE_HASH if at == self.contracts.services => {
                let e = ServicePublished::decode_log(log)?.data;
                Change::Service {
                    id: e.id,
                    version: e.version,
                    owner: e.owner,
                    package: e.service.packageHash,
                }
            }
            ConsentGranted::SIGNATURE_HASH if at == self.contracts.consents => {
                let e = ConsentGranted::decode_log(log)?.data;
                let (provider, service, until_s) = (e.provider, e.service, e.until);
                Change::Granted {
                    id: e.id,
                    grantor: e.grantor,
                    provider,
                    service,
                    until_s,
                    once: e.once,
                }
            }
            ConsentRevoked::SIGNATURE_HASH if at == self.contracts.consents => {
                let e = ConsentRevoked::decode_log(log)?.data;
                Change::Revoked {
                    id: e.id,
                    grantor: e.grantor,
                }
            }
            DelegationRegistered::SIGNATURE_HASH if at == self.contracts.delegations => {
                let e = DelegationRegistered::decode_log(log)?.data;
                Change::Delegated {
                    key: e.key,
                    document: e.document,
                    until_s: e.until,
                }
            }
            DelegationEnded::SIGNATURE_HASH if at == self.contracts.delegations => {
                let e = DelegationEnded::decode_log(log)?.data;
                Change::DelegationEnded { key: e.key }
            }
            Used::SIGNATURE_HASH if at == self.contracts.uses => {
                let e = Used::decode_log(log)?.data;
                if e.provider != self.me && e.consumer != self.me {
                    return Ok(());
                }
                Change::Recorded {
                    tag: e.tag,
                    tx_hash,
                    case_id: e.caseId,
                    basis: e.basis,
                }
            }
            CredentialIssued::SIGNATURE_HASH if at == self.contracts.credentials => {
                let e = CredentialIssued::decode_log(log)?.data;
                Change::Issued {
                    case_id: e.caseId,
                    hash: e.credentialHash,
                }
            }
            IssuerSet::SIGNATURE_HASH if at == self.contracts.allowances => {
                let e = IssuerSet::decode_log(log)?.data;
                Change::AllowanceIssuer {
                    organisation: e.organisation,
                }
            }
            AnchorSet::SIGNATURE_HASH if at == self.contracts.credentials => {
                let e = AnchorSet::decode_log(log)?.data;
                Change::Anchor {
                    issuer: e.issuer,
                    fingerprint: e.fingerprint,
                    certificate: e.certificate.to_vec(),
                    trusted: e.trusted,
                }
            }
            _ => return Ok(()),
        };
        self.out.push(change);
        Ok(())
    }

    fn account_event(&mut self, log: &Log, topic: B256) -> alloy_sol_types::Result<()> {
        let guarded = |authorities: &[B256]| authorities.contains(&self.me);
        let change = match topic {
            AccountCreated::SIGNATURE_HASH => {
                let e = AccountCreated::decode_log(log)?.data;
                AccountChange::Guards {
                    account: e.account,
                    guarded: guarded(&e.authorities),
                }
            }
            GuardsChanged::SIGNATURE_HASH => {
                let e = GuardsChanged::decode_log(log)?.data;
                AccountChange::Guards {
                    account: e.account,
                    guarded: guarded(&e.authorities),
                }
            }
            SignerAdded::SIGNATURE_HASH => {
                let e = SignerAdded::decode_log(log)?.data;
                AccountChange::Added {
                    account: e.account,
                    signer: e.signer,
                    kind: e.kind,
                    x: e.x,
                    y: e.y,
                }
            }
            SignerRemoved::SIGNATURE_HASH => {
                let e = SignerRemoved::decode_log(log)?.data;
                AccountChange::Removed {
                    account: e.account,
                    signer: e.signer,
                }
            }
            RecoveryFinished::SIGNATURE_HASH => {
                let e = RecoveryFinished::decode_log(log)?.data;
                AccountChange::Recovered {
                    account: e.account,
                    recovery: e.recovery,
                }
            }
            _ => return Ok(()),
        };
        self.out.push(Change::Account(change));
        Ok(())
    }

    fn case_event(&mut self, tx_hash: B256, log: &Log, topic: B256) -> alloy_sol_types::Result<()> {
        let at_s = self.block.header().header().timestamp;
        let event = |seq, name, args, statement| Event {
            seq,
            name,
            args,
            statement,
            block_number: self.block.number(),
            block_time_ms: self.block.header().time_ms(),
            tx_hash,
        };
        let none = B256::ZERO;
        let (case_id, happening, event) = match topic {
            CaseOpened::SIGNATURE_HASH => {
                let e = CaseOpened::decode_log(log)?.data;
                self.opened
                    .insert(e.id, (e.service, e.version, e.ruleSet, e.form));
                let args = json!({ "service": word(e.service), "version": e.version, "applicant": e.applicant,
                    "rule_set": e.ruleSet, "form": e.form, "promised_by": e.promisedBy, "statutory_by": e.statutoryBy });
                let event = event(e.seq, "CaseOpened", args, none);
                self.out.push(Change::Opened(Opened {
                    case_id: e.id,
                    service: e.service,
                    version: e.version,
                    applicant: e.applicant,
                    rule_set: e.ruleSet,
                    form: e.form,
                    opened_at: at_s,
                    promised_by: e.promisedBy,
                    statutory_by: e.statutoryBy,
                    event,
                }));
                return Ok(());
            }
            FactsRequested::SIGNATURE_HASH => {
                let e = FactsRequested::decode_log(log)?.data;
                if let Some((service, version, rule_set, form)) =
                    self.opened.get(&e.id).filter(|_| e.provider == self.me)
                {
                    let (case_id, seq, mask) = (e.id, e.seq, e.mask);
                    let (service, version, rule_set, form) = (*service, *version, *rule_set, *form);
                    self.out.push(Change::Asked(Ask {
                        case_id,
                        seq,
                        mask,
                        service,
                        version,
                        rule_set,
                        form,
                        at_s,
                    }));
                }
                let args = json!({ "provider": word(e.provider), "mask": e.mask });
                (
                    e.id,
                    Happening::Nothing,
                    event(e.seq, "FactsRequested", args, none),
                )
            }
            FactsAttested::SIGNATURE_HASH => {
                let e = FactsAttested::decode_log(log)?.data;
                let args = json!({ "provider": word(e.provider), "mask": e.mask, "values": e.values, "use": e.r#use });
                (
                    e.id,
                    Happening::Nothing,
                    event(e.seq, "FactsAttested", args, none),
                )
            }
            ReviewRequested::SIGNATURE_HASH => {
                let e = ReviewRequested::decode_log(log)?.data;
                let (cause, row) = (e.cause, e.row);
                let args = json!({ "cause": cause_word(cause), "row": row });
                (
                    e.id,
                    Happening::Review { cause, row },
                    event(e.seq, "ReviewRequested", args, none),
                )
            }
            SupplementRequested::SIGNATURE_HASH => {
                let e = SupplementRequested::decode_log(log)?.data;
                let defects: Vec<_> = e.defects.iter().map(|defect| word(*defect)).collect();
                let args = json!({ "officer": e.officer, "defects": defects, "statement": e.statement });
                (
                    e.id,
                    Happening::Supplement { at_s },
                    event(e.seq, "SupplementRequested", args, e.statement),
                )
            }
            Supplemented::SIGNATURE_HASH => {
                let e = Supplemented::decode_log(log)?.data;
                let (form, promised_by, statutory_by) = (e.form, e.promisedBy, e.statutoryBy);
                let args = json!({ "form": form, "promised_by": promised_by, "statutory_by": statutory_by });
                let happening = Happening::Supplemented {
                    form,
                    promised_by,
                    statutory_by,
                };
                (e.id, happening, event(e.seq, "Supplemented", args, none))
            }
            Decided::SIGNATURE_HASH => {
                let e = Decided::decode_log(log)?.data;
                let outcome = e.outcome;
                let (row, amount_fen, appeal_by, officer) = (e.row, e.amountFen, e.appealBy, e.officer);
                let args = json!({ "service": word(e.service), "officer": officer, "outcome": outcome_word(outcome),
                    "row": row, "amount_fen": amount_fen, "reason": word(e.reason), "statute": e.statute,
                    "statement": e.statement, "appeal_by": appeal_by });
                let approved = outcome == APPROVE;
                let happening = Happening::Decided {
                    approved,
                    row,
                    amount_fen,
                    appeal_by,
                    officer,
                };
                (e.id, happening, event(e.seq, "Decided", args, e.statement))
            }
            Appealed::SIGNATURE_HASH => {
                let e = Appealed::decode_log(log)?.data;
                let (promised_by, statutory_by) = (e.promisedBy, e.statutoryBy);
                let args = json!({ "statement": e.statement, "promised_by": promised_by, "statutory_by": statutory_by });
                (
                    e.id,
                    Happening::Appealed {
                        promised_by,
                        statutory_by,
                    },
                    event(e.seq, "Appealed", args, e.statement),
                )
            }
            Escalated::SIGNATURE_HASH => {
                let e = Escalated::decode_log(log)?.data;
                (
                    e.id,
                    Happening::Escalated,
                    event(e.seq, "Escalated", json!({}), none),
                )
            }
            Closed::SIGNATURE_HASH => {
                let e = Closed::decode_log(log)?.data;
                (e.id, Happening::Closed, event(e.seq, "Closed", json!({}), none))
            }
            _ => return Ok(()),
        };
        self.out.push(Change::Happened {
            case_id,
            happening,
            event,
        });
        Ok(())
    }
}

/// `IRules.Outcome.Approve`.
const APPROVE: u8 = 1;

/// A name that the contracts keep in 32 bytes; hex if it is none.
pub fn word(padded: B256) -> String {
    slug_str(padded).unwrap_or_else(|| {
        if padded.is_zero() {
            String::new()
        } else {
            padded.to_string()
        }
    })
}

/// Why a person looks at a case, in the words of the index.
pub fn cause_word(code: u8) -> &'static str {
    ["unknown", "possible_refusal", "rule_asks", "appeal"]
        .get(usize::from(code))
        .copied()
        .unwrap_or("unknown")
}

fn outcome_word(code: u8) -> &'static str {
    ["review", "approve", "refuse"]
        .get(usize::from(code))
        .copied()
        .unwrap_or("review")
}
