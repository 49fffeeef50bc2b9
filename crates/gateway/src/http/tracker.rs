//! The data tracker: what Estonia's portal asks (`findUsage`, `usagePeriod`, `heartbeat`, e-gov/AJ 2.1.0) and what
//! GovStack's digital registries offer (`MyPersonalDataUsage` 1.0).
//!
//! Two doors, one content. On the public door the resident asks, with a session of [`App::sign_in_resident`]; the person
//! code in the headers must then be theirs. On a [`super::mediator`] door a security server asks, which has authenticated
//! the portal (mutual TLS) and, through it, the person: as in X-Road, its headers are believed, if the client is listed.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::Problem;
use super::extract::{Body, bearer};
use crate::app::access::SeeOwnData;
use crate::app::{App, MySessionError, Period, PersonCode, Usage};

/// The most bytes of a query.
const MAX_QUERY_BYTES: usize = 2_048;
/// The most digits of a fraction of a second that are read: nanoseconds.
const MAX_FRACTION_DIGITS: usize = 9;
/// What the protocol answers when no limit is asked for.
const DEFAULT_LIMIT: i32 = 1_000;
const ROAD_USER: &str = "X-Road-UserId";
const ROAD_CLIENT: &str = "X-Road-Client";
const MEDIATOR_CLIENT: &str = "Information-Mediator-Client";

/// What a security server may ask of this gateway.
#[derive(Clone, Debug, Default)]
pub struct Mediator {
    /// Subsystems that may ask, `INSTANCE/CLASS/MEMBER/SUBSYSTEM`.
    pub clients: HashSet<String>,
    /// Names under which this organisation's database is known there.
    pub databases: HashSet<String>,
}

type Door = Option<Extension<Arc<Mediator>>>;

/// An identity credential shown to this organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// SD-JWT with the disclosure of `number` and a key binding to this organisation and `nonce`.
    presentation: String,
    /// From `GET /v1/session/nonce`.
    nonce: String,
}

/// A resident's session.
#[derive(Serialize, ToSchema)]
pub struct MySession {
    /// For the header `authorization: Bearer …`.
    token: String,
    /// Unix seconds.
    expires_at: u64,
}

/// Signs a resident in who shows their identity credential.
#[utoipa::path(post, path = "/v1/my/session", tag = "my data", request_body = Shown,
    responses(
        (status = 200, body = MySession),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn sign_in(State(app): State<App>, Body(shown): Body<Shown>) -> Result<Json<MySession>, Problem> {
    let presentation = Zeroizing::new(shown.presentation);
    let session = app.sign_in_resident(&presentation, &shown.nonce).await?;
    Ok(Json(MySession {
        token: session.token,
        expires_at: session.expires_at_s,
    }))
}

/// One use, in the words of the protocol.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrackedUsage {
    /// When (RFC 3339, UTC).
    logtime: String,
    /// What was done and why.
    action: String,
    /// Id of the organisation that learnt the answer.
    receiver_code: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_name: Option<String>,
    /// The program or official that asked.
    receiver_system: String,
}

/// A page of uses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindUsage {
    /// All within the period, this page aside.
    total_usages: i32,
    usages: Vec<TrackedUsage>,
}

/// Lists the uses of a person's data that this organisation recorded, latest first.
#[utoipa::path(get, path = "/v2/findUsage", tag = "my data", security(("bearer" = [])),
    params(
        ("X-Road-UserId" = String, Header, description = "Who asks: CN and the resident number"),
        ("userCode" = String, Query, description = "Whom it is about: the same person"),
        ("periodStart" = Option<String>, Query, description = "RFC 3339"),
        ("periodEnd" = Option<String>, Query, description = "RFC 3339"),
        ("offset" = Option<i32>, Query, description = "Uses to leave out; below 0 counts as 0"),
        ("limit" = Option<i32>, Query, description = "Uses to give, at most 1000; below 0 counts as 0"),
    ),
    responses(
        (status = 200, body = FindUsage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn find_usage(
    State(app): State<App>,
    door: Door,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<FindUsage>, Problem> {
    let user = person(ROAD_USER, header(&headers, ROAD_USER)?)?;
    let query = Query::parse(
        query.as_deref(),
        &["userCode", "periodStart", "periodEnd", "offset", "limit"],
    )?;
    let code = person("userCode", query.required("userCode")?)?;
    let period = Period {
        start: query.time("periodStart")?,
        end: query.time("periodEnd")?,
    };
    let offset = query.number("offset")?.unwrap_or(0);
    let limit = query.number("limit")?.unwrap_or(DEFAULT_LIMIT);
    let subject = match &door {
        None => {
            let own = app.signed_in(bearer(&headers)).await?;
            app.own_code(own, ROAD_USER, &user)?;
            app.own_code(own, "userCode", &code)?;
            Some(app.permit_own::<SeeOwnData>(own).await?.subject())
        }
        Some(mediator) => {
            mediated(mediator, &headers, ROAD_CLIENT)?;
            if !code.is_same(&user) {
                return Err(MySessionError::OtherPerson("userCode").into());
            }
            app.subject_of_code(&code)
        }
    };
    let at_least_none = |number: i32| usize::try_from(number).unwrap_or(0);
    let found = app
        .usages(subject, period, at_least_none(offset), at_least_none(limit))
        .await?;
    Ok(Json(FindUsage {
        total_usages: i32::try_from(found.total).unwrap_or(i32::MAX),
        usages: found.items.into_iter().map(TrackedUsage::from).collect(),
    }))
}

impl From<Usage> for TrackedUsage {
    fn from(usage: Usage) -> Self {
        Self {
            logtime: usage.at.to_string(),
            action: usage.action,
            receiver_code: usage.receiver,
            receiver_name: usage.receiver_name,
            receiver_system: usage.official,
        }
    }
}

/// Since when uses can be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsagePeriod {
    /// RFC 3339, UTC. There is no end: until now.
    period_start: String,
}

/// Says for which time uses can be told.
#[utoipa::path(get, path = "/v2/usagePeriod", tag = "my data", responses((status = 200, body = UsagePeriod)))]
pub async fn usage_period(State(app): State<App>) -> Result<Json<UsagePeriod>, Problem> {
    let period_start = app.tracked_since().await?.to_string();
    Ok(Json(UsagePeriod { period_start }))
}

/// Whether the tracker works.
#[derive(Serialize, ToSchema)]
pub struct Heartbeat {
    /// `OK` or `FAIL`.
    status: &'static str,
    /// For people.
    message: &'static str,
}

/// Says whether the tracker can read its books.
#[utoipa::path(get, path = "/v2/heartbeat", tag = "my data", responses((status = 200, body = Heartbeat)))]
pub async fn heartbeat(State(app): State<App>) -> Json<Heartbeat> {
    let (status, message) = match app.tracked_since().await {
        Ok(_) => ("OK", "the books can be read"),
        Err(_) => ("FAIL", "the books cannot be read; see the gateway's log"),
    };
    Json(Heartbeat { status, message })
}

/// Who read a person's data, in GovStack's words and spelling.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PersonalDataUsage {
    /// The tag of the use record on the chain.
    #[serde(rename = "ID")]
    id: String,
    /// The official's code, or the program's.
    #[serde(rename = "ReaderID")]
    reader_id: String,
    /// Officials are named by role and code: there are no initials.
    reader_initials: String,
    #[serde(rename = "ReaderInstitutionID")]
    reader_institution_id: String,
    reader_institution_name: String,
    reader_application_name: String,
    /// RFC 3339, UTC.
    search_date_time: String,
    refrences: Vec<Reference>,
}

/// What it was for.
#[derive(Serialize, ToSchema)]
pub struct Reference {
    /// A case on the chain.
    #[serde(rename = "ReferenceID")]
    reference_id: String,
}

/// Lists who read a person's data, latest first.
#[utoipa::path(get, path = "/data/MyPersonalDataUsage/1.0", tag = "my data", security(("bearer" = [])),
    params(
        ("Information-Mediator-Client" = String, Header, description = "INSTANCE/CLASS/MEMBER/SUBSYSTEM"),
        ("userID" = String, Query, description = "Whom it is about: CN and the resident number"),
        ("DatabaseID" = String, Query, description = "This organisation's id"),
    ),
    responses(
        (status = 200, body = [PersonalDataUsage]),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn my_personal_data_usage(
    State(app): State<App>,
    door: Door,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<PersonalDataUsage>>, Problem> {
    header(&headers, MEDIATOR_CLIENT)?;
    let query = Query::parse(query.as_deref(), &["userID", "DatabaseID"])?;
    let code = person("userID", query.required("userID")?)?;
    let database = query.required("DatabaseID")?;
    let mut known = database == app.organisation;
    let subject = match &door {
        None => {
            let own = app.signed_in(bearer(&headers)).await?;
            app.own_code(own, "userID", &code)?;
            Some(app.permit_own::<SeeOwnData>(own).await?.subject())
        }
        Some(mediator) => {
            mediated(mediator, &headers, MEDIATOR_CLIENT)?;
            known |= mediator.databases.contains(database);
            app.subject_of_code(&code)
        }
    };
    if !known {
        return Err(Problem::invalid(
            "DatabaseID",
            "this organisation has no such database",
        ));
    }
    let found = app.usages(subject, Period::default(), 0, usize::MAX).await?;
    let items = found.items.into_iter().map(|usage| PersonalDataUsage {
        id: format!("{:#x}", usage.tag),
        reader_id: usage.official,
        reader_initials: String::new(),
        reader_institution_name: usage.receiver_name.unwrap_or_else(|| usage.receiver.clone()),
        reader_institution_id: usage.receiver,
        reader_application_name: usage.action,
        search_date_time: usage.at.to_string(),
        refrences: vec![Reference {
            reference_id: format!("{:#x}", usage.case_id),
        }],
    });
    Ok(Json(items.collect()))
}

/// A security server asks for a client that may ask.
fn mediated(mediator: &Mediator, headers: &HeaderMap, name: &'static str) -> Result<(), Problem> {
    let client = header(headers, name)?;
    if mediator.clients.contains(client) {
        Ok(())
    } else {
        Err(Problem::invalid(name, "this client may not ask here"))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    // Of two, the security server may have set the other one.
    if values.next().is_some() {
        return Err(Problem::invalid(
            name,
            format!("the header `{name}` must be there once"),
        ));
    }
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Problem::invalid(name, format!("the header `{name}` is missing")))
}

fn person(field: &'static str, text: &str) -> Result<PersonCode, Problem> {
    Ok(PersonCode::parse(field, text)?)
}

/// A query's parameters, each once, none unknown. Personal: it cannot be printed.
struct Query(Vec<(String, Zeroizing<String>)>);

impl Query {
    fn parse(query: Option<&str>, names: &[&str]) -> Result<Self, Problem> {
        let query = query.unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            return Err(Problem::invalid(
                "query",
                format!("a query may have {MAX_QUERY_BYTES} bytes"),
            ));
        }
        let mut found: Vec<(String, Zeroizing<String>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Problem::invalid("query", "is not percent-encoded UTF-8"));
            };
            if !names.contains(&name.as_str()) {
                return Err(Problem::invalid(
                    "query",
                    format!("has one of {} only", names.join(", ")),
                ));
            }
            if found.iter().any(|(known, _)| *known == *name) {
                return Err(Problem::invalid(&name, "is given twice"));
            }
            found.push((name.to_string(), value));
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, Problem> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Problem::invalid(name, "is missing"))
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let wrong = |_| {
            Problem::invalid(
                name,
                "must be a time with its zone (RFC 3339), e.g. 2021-01-31T10:20:30Z",
            )
        };
        let read = |text| rfc3339(text).ok_or(()).map_err(wrong);
        self.get(name).map(read).transpose()
    }

    fn number(&self, name: &str) -> Result<Option<i32>, Problem> {
        let wrong = |_| Problem::invalid(name, "must be a whole number of 32 bits");
        self.get(name).map(|text| text.parse().map_err(wrong)).transpose()
    }
}

/// A time as RFC 3339 allows it: fractions are as long as they like, of which nine digits count, and the last hours of the
/// year 9999 are the last moment that there is here.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let start = text.find('.').map_or(text.len(), |point| point + 1);
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    let (kept, end) = (start + digits.min(MAX_FRACTION_DIGITS), start + digits);
    let text = [&text[..kept], &text[end..]].concat();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    // Beyond what a timestamp can be in any zone: the rest must be a time of that year all the same.
    let earlier = text.strip_prefix("9999-").map(|rest| format!("9998-{rest}"));
    earlier?.parse::<Timestamp>().ok().map(|_| Timestamp::MAX)
}

/// Undoes `application/x-www-form-urlencoded`.
fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}
