//! What a request may have: declared fields, of the applicant of a case, on a basis that holds. Asked of the chain's own
//! words alone; what the one who asks claims is compared with them, and never believed.

use alloy_primitives::{Address, B256};
use jiff::civil::Date;
use zhengtong_services::{DeclaredRecord, Package};
use zhengtong_vault::{ResidentNumber, Secret};

use super::envelope::Peer;
use super::message::{ClaimedBasis, MAX_ASKED_FIELDS, RecordRequest, VERSION};
use super::refusal::{Reason, Refusal};
use crate::app::asking::CONSENT_WORDS;
use crate::app::clock::day_of;
use crate::app::consent::{Purpose, within_declared};
use crate::app::link::consent_id;
use crate::app::project::{Ask, word};
use crate::app::records::StoredLink;
use crate::app::rule_sets::Questions;
use crate::app::{App, AppError, inner};
use crate::store::{ConsentRow, LinkRow, RequestContext};

/// A request that may be answered, once its use is on record. Personal: it cannot be printed.
pub(super) struct Permit {
    /// The predicates whose fields are given, as bits.
    pub mask: u32,
    /// The basis as the use record names it.
    pub basis: B256,
    /// Who has given it, where it is a consent.
    pub grantor: Option<Address>,
    /// The basis in words.
    pub article: String,
    /// The service in words.
    pub purpose: String,
    /// The resident.
    pub number: ResidentNumber,
    /// What use records are derived from.
    pub secret: Secret<[u8; 32]>,
    /// As what somebody acted for the resident.
    pub by: Option<&'static str>,
    /// The day of the application.
    pub day: Date,
}

fn no(reason: Reason, field: &'static str, detail: impl ToString) -> Refusal {
    Refusal::new(reason, field, detail)
}

/// What a service declares of a record; refuses any field that it does not.
pub(super) fn declared<'p>(
    package: &'p Package,
    provider: &str,
    record: &str,
    fields: &[String],
) -> Result<&'p DeclaredRecord, Refusal> {
    let declared = package.evidence().record(provider, record);
    let declared = declared.ok_or_else(|| {
        no(
            Reason::UnknownRecord,
            "record",
            "the service declares no such record of this agency",
        )
    })?;
    if fields.is_empty() || fields.len() > MAX_ASKED_FIELDS {
        return Err(no(
            Reason::Invalid,
            "fields",
            format!("1 to {MAX_ASKED_FIELDS} fields can be asked for"),
        ));
    }
    if (1..fields.len()).any(|index| fields[..index].contains(&fields[index])) {
        return Err(no(Reason::Invalid, "fields", "a field is named twice"));
    }
    match fields.iter().position(|field| !declared.fields.contains(field)) {
        Some(place) => {
            let detail = format!(
                "field {} of the list is not one that the service declares",
                place + 1
            );
            Err(no(Reason::TooManyFields, "fields", detail))
        }
        None => Ok(declared),
    }
}

impl App {
    /// Whether an authentic request may be answered.
    ///
    /// # Errors
    /// Why not.
    pub(super) async fn permit(
        &self,
        from: &Peer,
        request: &RecordRequest,
        context: &RequestContext,
    ) -> Result<Permit, Refusal> {
        if request.v != VERSION {
            return Err(no(Reason::Invalid, "v", format!("`v` must be {VERSION}")));
        }
        if request.consumer != from.slug {
            return Err(no(Reason::WrongKey, "consumer", "`consumer` is not who signed"));
        }
        if request.provider != self.organisation {
            return Err(no(
                Reason::NotForUs,
                "provider",
                "`provider` is another organisation",
            ));
        }
        let asks = &context.asks;
        let unknown = || {
            no(
                Reason::UnknownCase,
                "caseId",
                "nothing was asked of this gateway in this case",
            )
        };
        let ask = asks.first().ok_or_else(unknown)?;
        if word(ask.service) != request.service || ask.version != request.version {
            return Err(no(
                Reason::OtherPurpose,
                "service",
                "the case is of another service, or another version of it",
            ));
        }
        let service = self
            .store
            .service(ask.service, ask.version)
            .await
            .map_err(inner)?;
        let service = service.ok_or_else(|| no(Reason::OtherPurpose, "service", "no such service"))?;
        if service.owner != from.id {
            return Err(no(
                Reason::NotTheOwner,
                "consumer",
                "the service of this case belongs to another organisation",
            ));
        }
        if let Some(officer) = request.officer
            && !self.store.is_officer(officer, from.id).await.map_err(inner)?
        {
            return Err(no(
                Reason::NotAnOfficer,
                "officer",
                "the Registry does not list this officer there",
            ));
        }
        // A use that is on record already may still be answered, or asked for again.
        if context.is_resting && context.kept.as_ref().is_none_or(|kept| kept.taken.is_none()) {
            return Err(not_open());
        }
        let package = self.package(service.package);
        let package = package.ok_or_else(|| {
            no(
                Reason::UnknownRecord,
                "service",
                "the service's package is not installed at this gateway",
            )
        })?;
        let declared = declared(package, &self.organisation, &request.record, &request.fields)?;
        let mapped = self.source.record(&request.record);
        let mapped = mapped.ok_or_else(|| {
            no(
                Reason::UnknownRecord,
                "record",
                "this agency has not mapped this record",
            )
        })?;
        if column_names(request).any(|name| name.is_none_or(|name| !mapped.fields.contains_key(name))) {
            return Err(no(
                Reason::UnknownRecord,
                "fields",
                "this agency has not mapped one of these fields",
            ));
        }

        let questions = self.questions(ask.rule_set).await.map_err(|error| match error {
            AppError::Chain(_) => no(Reason::ChainUnreachable, "", "the chain cannot be reached"),
            other => other.into(),
        })?;
        let asked = asks.iter().fold(0, |mask, ask| mask | ask.mask);
        let (mask, declared_basis) = self.mask(declared, &questions, asked)?;
        let (row, link) = self.linked(ask, context.link.as_ref()).await?;
        let secret = link.use_secret.as_deref().and_then(secret_of);
        let number = link
            .number
            .as_deref()
            .and_then(|number| ResidentNumber::parse(number).ok());
        let (secret, number) = match (secret, number) {
            (Some(secret), Some(number)) => (secret, number),
            _ => return Err(inner(AppError::Record("link")).into()),
        };
        let (basis, article) = self
            .basis(request, package, ask, &link, context, declared_basis)
            .await?;
        let grantor = Questions::is_consent(declared_basis).then_some(row.applicant);
        let purpose = package
            .text("zh-CN", "service.title")
            .unwrap_or(&request.service)
            .to_owned();
        Ok(Permit {
            mask,
            basis,
            grantor,
            article,
            purpose,
            number,
            secret,
            by: link.delegate.as_ref().map(|delegate| delegate.role.as_str()),
            day: day_of(ask.at_s),
        })
    }

    /// The bits of the predicates behind a record, and the basis that they share.
    fn mask(
        &self,
        declared: &DeclaredRecord,
        questions: &Questions,
        asked: u32,
    ) -> Result<(u32, B256), Refusal> {
        let mut mask = 0;
        for (index, predicate) in questions.predicates.iter().enumerate() {
            let is_named = declared
                .predicates
                .iter()
                .any(|name| name.as_str() == predicate.id);
            if is_named && questions.provider(index) == self.me {
                mask |= 1 << index;
            }
        }
        let parts = questions.by_basis(mask & asked);
        match parts.as_slice() {
            [(basis, part)] if *part == mask => Ok((mask, *basis)),
            _ => Err(no(
                Reason::UnknownCase,
                "record",
                "the questions behind this record were not asked in this case",
            )),
        }
    }

    async fn linked<'c>(
        &self,
        ask: &Ask,
        row: Option<&'c LinkRow>,
    ) -> Result<(&'c LinkRow, StoredLink), Refusal> {
        let nobody = || {
            no(
                Reason::UnknownCase,
                "caseId",
                "nobody is linked to this case at this gateway",
            )
        };
        let row = row
            .filter(|row| row.provider && row.form == ask.form)
            .ok_or_else(nobody)?;
        let link = self.stored_link(row).await?.ok_or_else(nobody)?;
        if let Some(delegate) = &link.delegate
            && !self.may_act(delegate, ask).await?
        {
            return Err(no(
                Reason::DelegationOver,
                "caseId",
                "who opened the case for the person may no longer act for them",
            ));
        }
        Ok((row, link))
    }

    /// The basis to put on record and its words, if the one claimed is the one demanded, and holds.
    async fn basis(
        &self,
        request: &RecordRequest,
        package: &Package,
        ask: &Ask,
        link: &StoredLink,
        context: &RequestContext,
        declared: B256,
    ) -> Result<(B256, String), Refusal> {
        let now_s = self.clock.now_s();
        match (Questions::is_consent(declared), request.basis) {
            (false, ClaimedBasis::Statute { id }) if id == declared => {
                let statute = self.store.statute(id).await.map_err(inner)?;
                let statute = statute.filter(|statute| statute.in_force(now_s));
                let statute = statute.ok_or_else(|| {
                    no(
                        Reason::NotInForce,
                        "basis",
                        "the statute is not listed, or not in force",
                    )
                })?;
                Ok((id, format!("{} {}", statute.law, statute.article)))
            }
            (true, ClaimedBasis::Consent { id }) => {
                let on_chain = context.consent.as_ref();
                let on_chain = self.consented(request, ask, on_chain, link, id, now_s)?;
                if !within_declared(package, &self.organisation, on_chain) {
                    let detail =
                        "the consent stands, and the service asks for one use alone: `use` of its record";
                    return Err(no(Reason::OtherConsent, "basis", detail));
                }
                // A consent for one use is refused to all but the request whose use it was.
                if context.is_used_up {
                    return Err(used_up());
                }
                Ok((id, CONSENT_WORDS.to_owned()))
            }
            _ => Err(no(
                Reason::WrongBasis,
                "basis",
                "the service's rules demand another basis",
            )),
        }
    }

    /// Whether the applicant consents to exactly this: on the chain, and in the words of the record behind it.
    fn consented<'c>(
        &self,
        request: &RecordRequest,
        ask: &Ask,
        on_chain: Option<&'c ConsentRow>,
        link: &StoredLink,
        id: B256,
        now_s: u64,
    ) -> Result<&'c ConsentRow, Refusal> {
        let on_chain = on_chain.ok_or_else(|| {
            no(
                Reason::NoConsent,
                "basis",
                "the applicant of this case has given no such consent",
            )
        })?;
        if on_chain.revoked {
            return Err(no(Reason::ConsentRevoked, "basis", "the consent was withdrawn"));
        }
        if now_s >= on_chain.until_s {
            return Err(no(Reason::ConsentExpired, "basis", "the consent is over"));
        }
        let other = |member: &str| {
            let detail = format!("the consent is to something else: `{member}` of its record");
            Err(no(Reason::OtherConsent, "basis", detail))
        };
        if on_chain.provider != self.me {
            return other("provider");
        }
        if on_chain.service != ask.service {
            return other("service");
        }
        let Some(record) = link.consent.as_ref().filter(|record| consent_id(record) == id) else {
            return Err(no(
                Reason::NoConsent,
                "basis",
                "the record of this consent did not come to this gateway",
            ));
        };
        let purpose = Purpose {
            case_id: request.case_id,
            provider: &self.organisation,
            service: &request.service,
            fields: &request.fields,
        };
        if let Err(member) = purpose.allowed_by(record, on_chain) {
            return other(member);
        }
        // A consent to answer questions names nobody who learns more than the answers.
        if record["recipient"].as_str() != Some(request.consumer.as_str()) {
            return other("recipient");
        }
        Ok(on_chain)
    }
}

/// What a case has in which nobody asks or reviews.
pub(super) fn not_open() -> Refusal {
    let detail = "records can be asked for while the case is asking or under review, and it is neither";
    no(Reason::CaseNotOpen, "caseId", detail)
}

/// What a consent for one use says to a second.
pub(super) fn used_up() -> Refusal {
    no(
        Reason::ConsentUsedUp,
        "basis",
        "the consent was for one use, and that was made",
    )
}

/// The fields without their record's name; `None` for one of another record.
pub(super) fn column_names(request: &RecordRequest) -> impl Iterator<Item = Option<&str>> {
    request
        .fields
        .iter()
        .map(|field| field.strip_prefix(request.record.as_str())?.strip_prefix('.'))
}

fn secret_of(text: &str) -> Option<Secret<[u8; 32]>> {
    let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
    hex::decode_to_slice(text, bytes.as_mut()).ok()?;
    Some(Secret::new(*bytes))
}
