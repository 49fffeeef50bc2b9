use std::collections::BTreeSet;

use super::*;
use crate::app::access::question::{Principal, Question, Resource};
use crate::app::access::{Purpose, Role, Who};

fn file(text: &str) -> PolicyFile {
    PolicyFile {
        name: "own.cedar".into(),
        text: text.into(),
    }
}

fn officer(agency: &str, roles: &[Role]) -> Who {
    Who {
        name: "A-1001".into(),
        agency: agency.into(),
        roles: roles.iter().copied().collect::<BTreeSet<_>>(),
        key: None,
    }
}

fn ask(
    policies: &Policies,
    who: &Who,
    action: &'static str,
    resource: Resource<'_>,
    purpose: Purpose,
) -> Verdict {
    policies.decide(&Question {
        agency: "civil-affairs",
        who: Principal::Officer(who),
        action,
        resource,
        purpose,
    })
}

#[test]
fn the_policies_that_come_with_the_program_pass_their_schema() {
    let policies = Policies::load(None).unwrap();
    assert_eq!(policies.files().len(), 1);
    assert_eq!(policies.hash().len(), 64);
}

#[test]
fn what_the_schema_does_not_have_is_refused_with_its_place() {
    for (text, line, column, word) in [
        ("permit (principal, action, resource", 1, 36, "end of input"),
        (
            "\n\npermit (principal, action == Action::\"burn\", resource);",
            3,
            30,
            "burn",
        ),
        ("permit (principal is Clerk, action, resource);", 1, 22, "Clerk"),
        (
            "permit (principal in Role::\"king\", action == Action::\"seeCase\", resource);",
            1,
            22,
            "king",
        ),
        (
            "permit (principal, action == Action::\"seeCase\", resource)\nwhen { resource.colour == \"red\" };",
            2,
            8,
            "colour",
        ),
        (
            "permit (principal == ?principal, action, resource);",
            1,
            1,
            "templates",
        ),
    ] {
        match Policies::parse(vec![file(text)]).err() {
            Some(PolicyError::Malformed {
                file,
                line: at,
                column: across,
                problem,
            }) => {
                assert_eq!(
                    (file.as_str(), at, across),
                    ("own.cedar", line, column),
                    "{problem}"
                );
                assert!(problem.contains(word), "{text}: {problem}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let twice = "@id(\"a\") permit (principal, action, resource);".repeat(2);
    assert!(matches!(
        Policies::parse(vec![file(&twice)]),
        Err(PolicyError::Malformed { .. })
    ));
}

#[test]
fn a_folder_is_bounded_and_must_have_a_policy() {
    let folder = tempfile::tempdir().unwrap();
    let load = || Policies::load(Some(folder.path()));
    assert!(matches!(load(), Err(PolicyError::None { .. })));
    std::fs::write(folder.path().join("note.txt"), "permit").unwrap();
    assert!(matches!(load(), Err(PolicyError::None { .. })));
    let path = folder.path().join("own.cedar");
    std::fs::write(&path, "forbid (principal, action, resource);").unwrap();
    let (first, one) = (load().unwrap(), officer("civil-affairs", &[Role::Handler]));
    let verdict = ask(&first, &one, "listCases", Resource::Desk, Purpose::CaseHandling);
    assert_eq!(
        verdict,
        Verdict {
            is_allowed: false,
            policies: vec!["own.cedar:policy0".into()]
        }
    );
    std::fs::write(&path, "forbid (principal, action, resource); ").unwrap();
    assert_ne!(
        load().unwrap().hash(),
        first.hash(),
        "any change of a file is a change"
    );
    std::fs::write(&path, " ".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() + 1)).unwrap();
    assert!(matches!(load(), Err(PolicyError::TooMuch { what: "bytes", .. })));
    std::fs::remove_file(&path).unwrap();
    for n in 0..=MAX_FILES {
        std::fs::write(folder.path().join(format!("{n}.cedar")), "").unwrap();
    }
    assert!(matches!(load(), Err(PolicyError::TooMuch { what: "files", .. })));
}

#[test]
fn without_a_permit_nothing_is_allowed_and_a_purpose_is_part_of_the_question() {
    let policies = Policies::load(None).unwrap();
    let says = |who: &Who, action, purpose| ask(&policies, who, action, Resource::Desk, purpose).is_allowed;
    let here = |roles: &[Role]| officer("civil-affairs", roles);
    assert!(says(&here(&[Role::Handler]), "listCases", Purpose::CaseHandling));
    assert!(!says(&here(&[Role::Handler]), "listCases", Purpose::Supervision));
    assert!(says(&here(&[Role::Reader]), "listCases", Purpose::Appeal));
    assert!(!says(&here(&[Role::Reader]), "listCases", Purpose::CaseHandling));
    assert!(!says(&here(&[]), "listCases", Purpose::CaseHandling));
    assert!(!says(
        &here(&[Role::Administrator]),
        "listCases",
        Purpose::CaseHandling
    ));
    assert!(says(
        &here(&[Role::Administrator]),
        "seePolicies",
        Purpose::Administration
    ));
    // Another agency's: forbidden by name, whatever the roles.
    let other = officer("health", &Role::ALL);
    let verdict = ask(
        &policies,
        &other,
        "listCases",
        Resource::Desk,
        Purpose::CaseHandling,
    );
    assert_eq!(verdict.policies, ["default.cedar:own-agency-only"]);
    // A question that the schema does not have is refused.
    assert!(!says(&here(&Role::ALL), "burn", Purpose::CaseHandling));
    assert!(
        !says(&here(&Role::ALL), "seeCase", Purpose::CaseHandling),
        "a desk is no case"
    );
}

#[test]
fn a_resident_sees_their_own_and_nobody_elses() {
    let policies = Policies::load(None).unwrap();
    let says = |who, whose| {
        policies
            .decide(&Question {
                agency: "health",
                who: Principal::Resident(who),
                action: "seeOwnData",
                resource: Resource::Person(whose),
                purpose: Purpose::DataRights,
            })
            .is_allowed
    };
    assert!(says("aa", "aa"));
    assert!(!says("aa", "bb"));
}
