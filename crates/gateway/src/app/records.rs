//! What rests in the vault: links, forms, statements, credentials.

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};
use zhengtong_credentials::CredentialText;
use zhengtong_vault::{Record, Secret, Subject, Vault, VaultError};

use super::delegation::StoredDelegate;
use super::grounds::Ground;
use super::guardianship::StoredGuardianship;
use super::link::{Form, ShownCredential, case_commitment};
use super::{App, AppError};
use crate::store::{CaseRow, LinkRow};

/// A link as the vault keeps it. Personal: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredLink {
    /// The resident's number, from the identity credential.
    pub number: Option<String>,
    /// Hex.
    pub use_secret: Option<String>,
    pub consent: Option<Value>,
    /// Credentials that answer in place of records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<ShownCredential>,
    /// The person's part of the case's commitment; `None` in links kept before there was one.
    pub person: Option<B256>,
    pub form: Option<StoredForm>,
    pub holder: Option<Value>,
    /// Who opened the case for the person, if somebody did; absent in links kept before there were delegations.
    #[serde(default)]
    pub delegate: Option<StoredDelegate>,
}

impl StoredLink {
    /// What the chain's commitment is if the case has a form with this commitment.
    pub fn with_form(&self, form: B256) -> B256 {
        self.person.map_or(form, |person| case_commitment(person, form))
    }
}

impl Drop for StoredLink {
    fn drop(&mut self) {
        self.number.zeroize();
        self.use_secret.zeroize();
    }
}

/// A form as the vault keeps it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredForm {
    pub answers: Value,
    pub salt: B256,
}

impl From<Form> for StoredForm {
    fn from(form: Form) -> Self {
        Self {
            answers: form.answers,
            salt: form.salt,
        }
    }
}

impl StoredForm {
    pub fn commitment(&self) -> B256 {
        Form {
            answers: self.answers.clone(),
            salt: self.salt,
        }
        .commitment()
    }
}

/// The text of a statement. Personal: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementText {
    /// What was written.
    pub text: String,
    /// 32 bytes.
    pub salt: B256,
}

impl StatementText {
    /// What the chain keeps: `keccak256(salt ‖ text)`.
    pub fn hash(&self) -> B256 {
        keccak256([self.salt.as_slice(), self.text.as_bytes()].concat())
    }
}

/// What was found of the credentials that came in a link: of the link's kind and under its name, so that it is kept as long.
fn grounds_name(case_id: B256) -> String {
    format!("{case_id:#x}/grounds")
}

fn grounds_record(name: &str) -> Record<'_> {
    Record { kind: "link", name }
}

fn guardianship_record(name: &str) -> Record<'_> {
    Record {
        kind: "guardianship",
        name,
    }
}

fn hex(value: B256) -> String {
    format!("{value:#x}")
}

fn bytes_of<T: Serialize>(record: Record<'_>, value: &T) -> Result<Zeroizing<Vec<u8>>, AppError> {
    let bytes = serde_json::to_vec(value).map_err(|_| AppError::Record(record.kind))?;
    Ok(Zeroizing::new(bytes))
}

/// Removes what was kept for a child.
pub(super) async fn remove_guardianship(
    vault: &Vault,
    child: Subject,
    document: B256,
) -> Result<(), VaultError> {
    vault.remove(child, guardianship_record(&hex(document))).await
}

impl App {
    async fn put<T: Serialize>(
        &self,
        subject: Subject,
        record: Record<'_>,
        value: &T,
    ) -> Result<(), AppError> {
        Ok(self.vault.put(subject, record, &bytes_of(record, value)?).await?)
    }

    /// As [`Self::put`], about somebody of whom something is kept: were they deleted meanwhile, they get no new key.
    async fn add<T: Serialize>(
        &self,
        subject: Subject,
        record: Record<'_>,
        value: &T,
    ) -> Result<(), AppError> {
        Ok(self.vault.add(subject, record, &bytes_of(record, value)?).await?)
    }

    /// A record's bytes; `None` also when the person was forgotten.
    async fn read(&self, subject: Subject, record: Record<'_>) -> Result<Option<Secret<Vec<u8>>>, AppError> {
        match self.vault.get(subject, record).await {
            Err(VaultError::Destroyed) => Ok(None),
            other => Ok(other?),
        }
    }

    async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        subject: Subject,
        record: Record<'_>,
    ) -> Result<Option<T>, AppError> {
        let Some(bytes) = self.read(subject, record).await? else {
            return Ok(None);
        };
        serde_json::from_slice(bytes.expose())
            .map(Some)
            .map_err(|_| AppError::Record(record.kind))
    }

    /// Keeps a link; of somebody who `has_key`, unless they were deleted meanwhile.
    pub(crate) async fn put_link(
        &self,
        row: &LinkRow,
        link: &StoredLink,
        has_key: bool,
    ) -> Result<(), AppError> {
        let name = hex(row.case_id);
        let record = Record {
            kind: "link",
            name: &name,
        };
        if has_key {
            self.add(row.subject, record, link).await?;
        } else {
            self.put(row.subject, record, link).await?;
        }
        Ok(self.store.put_link(row, self.clock.now_ms()).await?)
    }

    /// Forgets a link that turned out not to be of its case.
    pub(crate) async fn remove_link(&self, row: &LinkRow) -> Result<(), AppError> {
        let name = hex(row.case_id);
        let record = Record {
            kind: "link",
            name: &name,
        };
        Ok(self.vault.remove(row.subject, record).await?)
    }

    /// What a link said; `None` if the person was forgotten.
    pub(crate) async fn stored_link(&self, row: &LinkRow) -> Result<Option<StoredLink>, AppError> {
        self.get(
            row.subject,
            Record {
                kind: "link",
                name: &hex(row.case_id),
            },
        )
        .await
    }

    pub(crate) async fn put_grounds(&self, case_id: B256, grounds: &[Ground]) -> Result<(), AppError> {
        let name = grounds_name(case_id);
        let subject = self.subject_of(case_id).await?;
        self.add(subject, grounds_record(&name), &grounds).await
    }

    /// What was found of the credentials that were shown in a case; empty also when the person was forgotten.
    pub(crate) async fn grounds(&self, case_id: B256) -> Result<Vec<Ground>, AppError> {
        let name = grounds_name(case_id);
        let subject = self.subject_of(case_id).await?;
        let found = self.get(subject, grounds_record(&name)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Whose records belong to a case: the linked person, or the applicant by the case alone.
    pub(crate) async fn subject_of(&self, case_id: B256) -> Result<Subject, AppError> {
        let link = self.store.link(case_id).await?;
        Ok(link.map_or_else(|| self.vault.applicant(&case_id.0), |link| link.subject))
    }

    /// Reads a record of a case; one that was written before the link came is under the applicant's pseudonym.
    async fn find<T: for<'de> Deserialize<'de>>(
        &self,
        case_id: B256,
        record: Record<'_>,
    ) -> Result<Option<T>, AppError> {
        let subject = self.subject_of(case_id).await?;
        if let Some(found) = self.get(subject, record).await? {
            return Ok(Some(found));
        }
        self.get(self.vault.applicant(&case_id.0), record).await
    }

    /// Keeps a form handed in later, under the commitment that the chain will have, with the link of its case.
    pub(crate) async fn put_form(
        &self,
        link: &LinkRow,
        commitment: B256,
        form: &StoredForm,
    ) -> Result<(), AppError> {
        let name = format!("{}/{}", hex(link.case_id), &hex(commitment)[2..34]);
        self.add(
            link.subject,
            Record {
                kind: "form",
                name: &name,
            },
            form,
        )
        .await
    }

    /// The form that the chain's commitment is of; `None` if it never came, or another one did.
    pub(crate) async fn form_of(&self, case: &CaseRow) -> Result<Option<StoredForm>, AppError> {
        let Some(row) = self.store.link(case.id).await? else {
            return Ok(None);
        };
        let Some(mut link) = self.stored_link(&row).await? else {
            return Ok(None);
        };
        let fits = |form: &StoredForm, link: &StoredLink| link.with_form(form.commitment()) == case.form;
        if let Some(form) = link.form.take().filter(|form| fits(form, &link)) {
            return Ok(Some(form));
        }
        let name = format!("{}/{}", hex(case.id), &hex(case.form)[2..34]);
        let form: Option<StoredForm> = self
            .find(
                case.id,
                Record {
                    kind: "form",
                    name: &name,
                },
            )
            .await?;
        Ok(form.filter(|form| fits(form, &link)))
    }

    pub(crate) async fn put_statement(
        &self,
        case_id: B256,
        statement: &StatementText,
    ) -> Result<(), AppError> {
        let name = format!("{}/{}", &hex(case_id)[2..], &hex(statement.hash())[2..34]);
        let record = Record {
            kind: "statement",
            name: &name,
        };
        let subject = self.subject_of(case_id).await?;
        // What is written of a case alone may be the first of it that is kept; whoever is linked has a key.
        if subject == self.vault.applicant(&case_id.0) {
            self.put(subject, record, statement).await
        } else {
            self.add(subject, record, statement).await
        }
    }

    pub(crate) async fn statement(
        &self,
        case_id: B256,
        hash: B256,
    ) -> Result<Option<StatementText>, AppError> {
        let name = format!("{}/{}", &hex(case_id)[2..], &hex(hash)[2..34]);
        self.find(
            case_id,
            Record {
                kind: "statement",
                name: &name,
            },
        )
        .await
    }

    /// Keeps for a child that a guardian was confirmed.
    pub(crate) async fn put_guardianship(
        &self,
        child: Subject,
        document: B256,
        guardianship: &StoredGuardianship,
    ) -> Result<(), AppError> {
        let name = hex(document);
        self.put(child, guardianship_record(&name), guardianship).await
    }

    /// What was kept for a child; `None` if they were forgotten.
    pub(crate) async fn stored_guardianship(
        &self,
        child: Subject,
        document: B256,
    ) -> Result<Option<StoredGuardianship>, AppError> {
        self.get(child, guardianship_record(&hex(document))).await
    }

    pub(crate) async fn put_credential(
        &self,
        case_id: B256,
        seq: u32,
        text: &CredentialText,
    ) -> Result<(), AppError> {
        let name = format!("{}/{seq}", hex(case_id));
        let record = Record {
            kind: "credential",
            name: &name,
        };
        Ok(self
            .vault
            .add(self.subject_of(case_id).await?, record, text.expose().as_bytes())
            .await?)
    }

    pub(crate) async fn credential_text(
        &self,
        case_id: B256,
        seq: u32,
    ) -> Result<Option<CredentialText>, AppError> {
        let name = format!("{}/{seq}", hex(case_id));
        let record = Record {
            kind: "credential",
            name: &name,
        };
        let Some(bytes) = self.read(self.subject_of(case_id).await?, record).await? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| AppError::Record("credential"))?;
        Ok(Some(CredentialText::new(text.to_owned())))
    }
}
