//! `zhengtong service`: check a package folder before it is published.

use anyhow::{Result, bail};
use clap::Subcommand;
use std::path::PathBuf;
use zhengtong_services::Package;

#[derive(Subcommand)]
pub enum Command {
    /// Check a package folder: schema, texts, laws, rows, clocks, tests.
    Check {
        /// Folder of the package.
        folder: PathBuf,
    },
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub fn run(command: Command) -> Result<()> {
    let Command::Check { folder } = command;
    match Package::load(&folder) {
        Ok(package) => {
            let listing = package.listing();
            println!("{} is complete", package.slug());
            println!(
                "  title         {}",
                package.text("zh-CN", "service.title").unwrap_or_default()
            );
            println!("  runs item     {}", package.item().item_code);
            println!(
                "  rules         {} predicates, {} rows",
                package.rules().predicates().len(),
                package.rules().rows().len()
            );
            println!("  package hash  {}", listing.package_hash);
            println!("  rule set      {}", listing.rule_set);
            Ok(())
        }
        Err(errors) => bail!("{} is refused:\n{errors}", folder.display()),
    }
}
