//! The book's pages: blocks that are made, links, and names of files.

use std::fs;
use std::path::{Component, Path, PathBuf};

use eyre::{OptionExt, WrapErr, bail, ensure};

const BEGIN: &str = "<!-- made by cargo xtask book: ";
const END: &str = "<!-- end -->";

/// The list of pages.
const SUMMARY: &str = "SUMMARY.md";

/// Folders at the root of the tree. Code in a page that starts with one of them names a file or a folder.
const FOLDERS: [&str; 9] =
    [".ci/", "bench/", "bin/", "contracts/", "crates/", "docs/", "guests/", "specs/", "xtask/"];

/// Names of all pages below a folder, in order.
pub(super) fn names(book: &Path) -> eyre::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = book.join(&folder);
        for entry in fs::read_dir(&path).wrap_err_with(|| path.display().to_string())? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else if name.extension().is_some_and(|extension| extension == "md") {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The page with each block made anew. A block is what lies between a line `<!-- made by cargo xtask book: NAME -->` and a line
/// `<!-- end -->`.
pub(super) fn fill(page: &str, make: impl Fn(&str) -> eyre::Result<String>) -> eyre::Result<String> {
    let mut text = String::new();
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        text.push_str(line);
        let Some(name) = line.strip_prefix(BEGIN) else { continue };
        let name = name.trim_end().strip_suffix(" -->").ok_or_eyre("the first line of a block has no end")?;
        let end = lines.find(|line| line.trim_end() == END).ok_or_eyre("a block has no end")?;
        text.push('\n');
        text.push_str(&make(name)?);
        text.push('\n');
        text.push_str(end);
    }
    Ok(text)
}

/// That the summary has all pages and no others, and that links and names of files lead somewhere.
pub(super) fn check(root: &Path, book: &Path) -> eyre::Result<()> {
    let pages = names(book)?;
    let read = |name: &Path| fs::read_to_string(book.join(name)).wrap_err_with(|| name.display().to_string());
    let listed: Vec<_> = links(&read(Path::new(SUMMARY))?).into_iter().map(PathBuf::from).collect();
    for page in &pages {
        ensure!(
            page == Path::new(SUMMARY) || listed.contains(page),
            "{} is not in the summary",
            page.display()
        );
        let text = read(page)?;
        let folder = page.parent().ok_or_eyre("a page without a folder")?;
        for link in links(&text) {
            check_link(&pages, folder, link).wrap_err_with(|| page.display().to_string())?;
        }
        for path in paths(&text) {
            ensure!(root.join(path).exists(), "{}: there is no {path}", page.display());
        }
    }
    Ok(())
}

fn check_link(pages: &[PathBuf], folder: &Path, link: &str) -> eyre::Result<()> {
    let target = link.split('#').next().unwrap_or_default();
    if target.is_empty() || link.starts_with("https://") {
        return Ok(());
    }
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => ensure!(path.pop(), "the link {link} leaves the book"),
            _ => bail!("the link {link} is no relative one"),
        }
    }
    ensure!(pages.contains(&path), "the link {link} leads nowhere");
    Ok(())
}

/// Targets of links.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
}

/// Names of files and folders of the tree.
fn paths(text: &str) -> Vec<&str> {
    let is_path = |code: &&str| {
        FOLDERS.iter().any(|folder| code.starts_with(folder))
            && code.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    // What is between two backquotes, and not behind them.
    text.split('`').skip(1).step_by(2).filter(is_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "a\n<!-- made by cargo xtask book: x -->\nold\n<!-- end -->\nb\n";

    #[test]
    fn blocks_are_made_anew_and_the_rest_stays() {
        let filled = fill(PAGE, |name| Ok(format!("{name}!\n"))).unwrap();
        assert_eq!(filled, "a\n<!-- made by cargo xtask book: x -->\n\nx!\n\n<!-- end -->\nb\n");
        assert_eq!(fill(&filled, |name| Ok(format!("{name}!\n"))).unwrap(), filled);
    }

    #[test]
    fn a_block_without_an_end_is_refused() {
        assert!(fill(&PAGE.replace(END, ""), |_| Ok(String::new())).is_err());
    }

    #[test]
    fn links_and_names_are_found() {
        assert_eq!(links("[a](b.md), [c](https://d)."), ["b.md", "https://d"]);
        assert_eq!(paths("`crates/x` and `cargo xtask`, `specs/y.md`"), ["crates/x", "specs/y.md"]);
    }

    #[test]
    fn links_must_lead_to_pages() {
        let pages = [PathBuf::from("a.md"), PathBuf::from("b/c.md")];
        check_link(&pages, Path::new("b"), "c.md#d").unwrap();
        check_link(&pages, Path::new("b"), "../a.md").unwrap();
        for link in ["a.md", "../../a.md", "/a.md"] {
            assert!(check_link(&pages, Path::new("b"), link).is_err(), "{link}");
        }
    }
}
