//! Holds `docs/configuration.md` against the structs that configurations are read into.

use clap::CommandFactory as _;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor, value::Error};
use std::collections::{BTreeMap, BTreeSet};
use zhengtong_node::{
    ClassFile, ClassesFile, FollowerEntry, GenesisFile, MembersFile, NetworkFile, NodeCard, NodeConfig,
    PlanFile, ValidatorEntry,
};

/// Learns the keys of a struct, and reads nothing.
struct Keys<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Keys<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend_from_slice(fields);
        Err(Error::custom("its keys are all that is wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn keys<'de, T: Deserialize<'de>>() -> Vec<String> {
    let mut found = Vec::new();
    // It always stops with the keys.
    let _ = T::deserialize(Keys(&mut found));
    assert!(!found.is_empty());
    found.into_iter().map(str::to_owned).collect()
}

/// Keys and defaults of each table of the reference, by the heading above it.
fn tables() -> BTreeMap<String, Vec<(String, String)>> {
    let text = include_str!("../../docs/configuration.md");
    let (mut tables, mut heading) = (BTreeMap::new(), "");
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            heading = title;
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (key, rest) = row.split_once('`').expect("a key ends");
        let default = rest.split('|').nth(1).unwrap_or_default().trim();
        let table: &mut Vec<_> = tables.entry(heading.to_owned()).or_default();
        table.push((key.to_owned(), default.trim_matches('`').to_owned()));
    }
    tables
}

/// Variables that options are read from, and those that libraries read.
fn environment() -> Vec<String> {
    fn collect(command: &clap::Command, found: &mut BTreeSet<String>) {
        let named = command.get_arguments().filter_map(clap::Arg::get_env);
        found.extend(named.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|below| collect(below, found));
    }
    let libraries = ["RUST_LOG", "RUST_BACKTRACE", "PGPASSFILE"];
    let mut found: BTreeSet<String> = libraries.map(str::to_owned).into();
    collect(&crate::Cli::command(), &mut found);
    found.into_iter().collect()
}

#[test]
fn every_key_is_in_the_reference_and_no_other() {
    let structs = [
        ("node.toml", keys::<NodeConfig>()),
        ("[[followers]]", keys::<FollowerEntry>()),
        ("gateway.toml", keys::<crate::gateway::File>()),
        ("[gateway]", keys::<zhengtong_gateway::Config>()),
        ("[gateway.keys]", keys::<zhengtong_gateway::KeyFiles>()),
        (
            "[gateway.source_api]",
            keys::<zhengtong_gateway::app::api::ApiConfig>(),
        ),
        (
            "Addresses of databases",
            zhengtong_gateway::app::mysql::PARAMETERS
                .map(str::to_owned)
                .to_vec(),
        ),
        (
            "[gateway.credentials]",
            keys::<zhengtong_gateway::CredentialsConfig>(),
        ),
        ("[gateway.access]", keys::<zhengtong_gateway::AccessConfig>()),
        ("[gateway.access.oidc]", keys::<zhengtong_gateway::OidcConfig>()),
        (
            "[gateway.access.oidc.officers]",
            keys::<zhengtong_gateway::app::oidc::OfficerConfig>(),
        ),
        (
            "[gateway.access.oidc.passkeys]",
            keys::<zhengtong_gateway::app::passkey::PasskeyConfig>(),
        ),
        ("index.toml", keys::<crate::index::Config>()),
        ("network.json", keys::<NetworkFile>()),
        ("validators of network.json", keys::<ValidatorEntry>()),
        ("genesis", keys::<GenesisFile>()),
        ("council", keys::<MembersFile>()),
        ("quotas", keys::<ClassesFile>()),
        ("classes of quotas", keys::<ClassFile>()),
        ("plan.json", keys::<PlanFile>()),
        ("card.json", keys::<NodeCard>()),
        ("Environment", environment()),
    ];
    let mut tables = tables();
    for (heading, mut expected) in structs {
        let table = tables.remove(heading).unwrap_or_default();
        let mut found: Vec<String> = table.into_iter().map(|(key, _)| key).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "docs/configuration.md, {heading}");
    }
    assert!(tables.is_empty(), "tables of nothing: {:?}", tables.keys());
}

#[test]
fn the_defaults_of_a_node_are_those_of_the_reference() {
    let least = "network = \"n\"\ndata = \"d\"\nidentity = \"i\"\n";
    let config: NodeConfig = toml::from_str(least).expect("what is required is enough");
    let written: toml::Table = toml::from_str(&config.to_toml()).expect("TOML");
    for (key, default) in &tables()["node.toml"] {
        let value = written.get(key);
        match default.as_str() {
            "required" => assert!(least.contains(&format!("{key} = "))),
            none if none.starts_with("none") => assert!(value.is_none(), "{key}"),
            "\"replay\"" => assert_eq!(config.sync, zhengtong_node::SyncMode::Replay),
            "[]" => assert!(
                value.is_none_or(|value| value.as_array().is_some_and(Vec::is_empty)),
                "{key}"
            ),
            number => assert_eq!(value.expect("a number").to_string(), number, "{key}"),
        }
    }
}
