//! Holds the commands that documents name against the commands that there are: their names, and their options.

use clap::{Arg, Command, CommandFactory as _};
use std::collections::BTreeMap;

/// Documents with commands for operators and users.
const DOCUMENTS: [(&str, &str); 9] = [
    ("README.md", include_str!("../../README.md")),
    ("README.zh-CN.md", include_str!("../../README.zh-CN.md")),
    ("docs/operations.md", include_str!("../../docs/operations.md")),
    (
        "docs/configuration.md",
        include_str!("../../docs/configuration.md"),
    ),
    ("docs/cold-wallet.md", include_str!("../../docs/cold-wallet.md")),
    ("docs/devtools.md", include_str!("../../docs/devtools.md")),
    ("docs/my-data.md", include_str!("../../docs/my-data.md")),
    ("agencies/README.md", include_str!("../../agencies/README.md")),
    ("services/README.md", include_str!("../../services/README.md")),
];

/// What is between backticks and begins as a command does, and is the first line of a text that wallets sign.
const SIGNED: &str = "export";

/// What an operator must find in the handbook, and the command that it must name there.
const QUESTIONS: [(&str, &str); 8] = [
    ("Start a network", "network dkg"),
    ("Join", "council propose add-validator"),
    ("Leave", "council propose remove-validator"),
    ("Upgrade", "node backup"),
    ("Back up a node", "node restore"),
    ("Lose a machine", "node restore"),
    ("Lose f machines", "council propose remove-validator"),
    ("Lose more than f", "node restore"),
];

/// A command as it is written, without the program's name.
struct Written {
    heading: String,
    words: Vec<String>,
}

/// The commands in blocks of shell and between backticks.
fn written(text: &str) -> Vec<Written> {
    let (mut found, mut heading, mut shell) = (Vec::new(), String::new(), false);
    let text = text.replace("\\\n", " ");
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            shell = line.trim() == "```sh";
            continue;
        }
        let parts: Vec<&str> = if shell {
            let code = line.split(" #").next().unwrap_or_default();
            code.split("&&").flat_map(|part| part.split(" | ")).collect()
        } else {
            if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
                heading = title.to_owned();
            }
            line.split('`').skip(1).step_by(2).collect()
        };
        found.extend(parts.into_iter().filter_map(|part| {
            let words = words(part);
            let (program, rest) = words.split_first()?;
            let named = program.rsplit('/').next() == Some("zhengtong");
            (named && rest.first().is_some_and(|first| first != SIGNED)).then(|| Written {
                heading: heading.clone(),
                words: rest.to_vec(),
            })
        }));
    }
    found
}

/// The words of a line as a shell splits it, where quotes are around whole words.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for letter in line.trim_end_matches('&').chars() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(mark)) if letter == mark => quote = None,
            (' ', None) => words.push(String::new()),
            (letter, _) => words.last_mut().expect("never empty").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|one| one.get_long() == Some(name))
}

/// What is wrong with a command, if anything.
fn problem(program: &Command, words: &[String]) -> Option<String> {
    let mut command = program;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if let Some(name) = word.strip_prefix("--") {
            let (name, value) = match name.split_once('=') {
                Some((name, _)) => (name, true),
                None => (name, false),
            };
            if name == "help" {
                continue;
            }
            let Some(option) = option(command, name) else {
                return Some(format!("`{}` has no option --{name}", command.get_name()));
            };
            if option.get_action().takes_values() && !value {
                words.next_if(|next| !next.starts_with('-') || *next == "-");
            }
            continue;
        }
        if let Some(name) = word.strip_prefix('-').and_then(|rest| rest.chars().next()) {
            let option = command.get_arguments().find(|one| one.get_short() == Some(name));
            let Some(option) = option else {
                return Some(format!("`{}` has no option -{name}", command.get_name()));
            };
            if option.get_action().takes_values() {
                words.next_if(|next| !next.starts_with('-'));
            }
            continue;
        }
        // `list|show` names both.
        let mut below = word.split('|').map(|name| command.find_subcommand(name));
        match below.next().flatten() {
            Some(first) if below.all(|one| one.is_some()) => command = first,
            _ if command.get_positionals().next().is_some() => {}
            // `…` and `[--option]` say that there is more.
            _ if word.starts_with(['…', '[', '<']) => {}
            _ => return Some(format!("`{}` does not know {word:?}", command.get_name())),
        }
    }
    None
}

#[test]
fn the_commands_in_the_documents_are_those_of_the_program() {
    let mut program = crate::Cli::command();
    program.build();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (file, text) in DOCUMENTS {
        for Written { words, .. } in written(text) {
            count += 1;
            wrong.extend(
                problem(&program, &words).map(|problem| format!("{file}: {}: {problem}", words.join(" "))),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 50, "only {count} commands were found");
}

#[test]
fn what_the_program_does_not_have_is_noticed() {
    let mut program = crate::Cli::command();
    program.build();
    for (line, wrong) in [
        ("zhengtong node backup --config node.toml --to x", false),
        ("zhengtong vault holds|deletions|requests --agency health", false),
        ("zhengtong node backup --onto x", true),
        ("zhengtong node undo", true),
        ("zhengtong vault holds|births --agency health", true),
        ("zhengtong indices", true),
    ] {
        let found = written(&format!("```sh\n{line}   # as it is\n```\n"));
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!(problem(&program, &found[0].words).is_some(), wrong, "{line}");
    }
}

#[test]
fn the_handbook_answers_with_commands() {
    let (_, handbook) = DOCUMENTS[2];
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Written { heading, words } in written(handbook) {
        sections.entry(heading).or_default().push(words.join(" "));
    }
    for (question, command) in QUESTIONS {
        let said = sections.get(question).map(Vec::as_slice).unwrap_or_default();
        assert!(
            said.iter().any(|said| said.starts_with(command)),
            "{question:?} does not say `zhengtong {command}`, but {said:#?}"
        );
    }
}
