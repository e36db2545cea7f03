//! `cargo xtask book`: the figures in the book (`docs/`) are what `ashlar-soundness` calculates, its pages are all in the
//! summary, and what they name is there. mdBook itself is not needed for that.

mod layers;
mod pages;
mod soundcalc;
mod tables;

use std::fs;
use std::path::Path;

use ashlar_soundness::overview;
use clap::Args;
use eyre::{WrapErr, ensure, eyre};

use crate::repository;

/// Writes the tables of figures in the book and in docs/soundcalc, and checks the book's links.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Fail if a figure in the tree is not the calculated one, and change nothing.
    #[arg(long)]
    check: bool,
}

/// What `soundcalc` is told, relative to the tree's root.
const SOUNDCALC: &str = "docs/soundcalc/ashlar.toml";

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let root = repository::root();
    let overview = overview().map_err(|error| eyre!(error))?;
    let book = root.join("docs/src");
    for name in pages::names(&book)? {
        let path = book.join(&name);
        let page = read(&path)?;
        let made = pages::fill(&page, |block| tables::render(block, &overview))
            .wrap_err_with(|| path.display().to_string())?;
        put(&path, &page, &made, arguments.check)?;
    }
    let path = root.join(SOUNDCALC);
    let kept = if path.exists() { read(&path)? } else { String::new() };
    put(&path, &kept, &soundcalc::toml(&overview)?, arguments.check)?;
    pages::check(&root, &book)
}

fn put(path: &Path, kept: &str, made: &str, check: bool) -> eyre::Result<()> {
    if kept == made {
        return Ok(());
    }
    ensure!(!check, "{} has other figures than the code: run `cargo xtask book`", path.display());
    println!("{}: new", path.display());
    fs::write(path, made).wrap_err_with(|| format!("writing {}", path.display()))
}

fn read(path: &Path) -> eyre::Result<String> {
    fs::read_to_string(path).wrap_err_with(|| format!("reading {}", path.display()))
}
