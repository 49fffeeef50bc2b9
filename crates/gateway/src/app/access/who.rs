//! Who asks: an officer with a session, their agency and roles, and what they say it is for.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde::Deserialize;

/// What an officer is appointed to. The same words stand in the schema: to add a role, add it there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 经办: works on cases.
    Handler,
    /// 查阅: reads cases, for supervision or an appeal.
    Reader,
    /// 窗口: identifies people at the counter.
    Counter,
    /// 个人信息保护负责人: answers people's requests about their data.
    DataOfficer,
    /// 管理员: looks after the gateway; sees no case.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Handler,
        Self::Reader,
        Self::Counter,
        Self::DataOfficer,
        Self::Administrator,
    ];

    /// Its word in policies and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Reader => "reader",
            Self::Counter => "counter",
            Self::DataOfficer => "data-officer",
            Self::Administrator => "administrator",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// The roles of an officer who signs in by a key that the configuration gives none.
pub const KEY_ROLES: [Role; 3] = [Role::Handler, Role::Counter, Role::DataOfficer];

/// What something is asked for. Given by the header `x-purpose`, or by what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// 办理: to decide a case.
    CaseHandling,
    /// 监督: to supervise.
    Supervision,
    /// 复议: to examine an appeal.
    Appeal,
    /// 核身: to identify a person at the counter.
    Identification,
    /// 个人信息权利: to answer a person's request about their data, or to make one.
    DataRights,
    /// 管理: to look after the gateway.
    Administration,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CaseHandling,
        Self::Supervision,
        Self::Appeal,
        Self::Identification,
        Self::DataRights,
        Self::Administration,
    ];

    /// Its word in policies and in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CaseHandling => "case-handling",
            Self::Supervision => "supervision",
            Self::Appeal => "appeal",
            Self::Identification => "identification",
            Self::DataRights => "data-rights",
            Self::Administration => "administration",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// An officer who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The code that their agency knows them by; for a key alone, its address.
    pub name: String,
    /// Slug of the agency they work for.
    pub agency: String,
    /// What they are appointed to.
    pub roles: BTreeSet<Role>,
    /// Their key, which the `Registry` lists; none if they proved who they are without one.
    pub key: Option<Address>,
}

/// An officer, and what they say this request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The officer.
    pub who: Who,
    /// `None`: what such requests are for by themselves.
    pub purpose: Option<Purpose>,
}
