//! Attacks on the program as a user runs it: modules, guests, directories and signals that want it to write
//! where it must not, to hang, to leave something behind, or to say what is not so.
//!
//! `cargo xtask attack` runs all of them, `cargo xtask attack WORD` those with the word in their name; CI
//! runs them with fewer rounds.

mod ends;
mod files;
mod fix;
mod ground;
mod guests;
mod says;
mod strangers;
mod tree;

use std::path::Path;

use anyhow::{Result, bail};

use self::ground::Ground;

/// An attack: it holds, or an error says what happened.
struct Attack {
    name: &'static str,
    run: fn(&Ground) -> Result<()>,
}

/// Run those whose name has all of the words.
pub(crate) fn run(wasmcheck: &Path, words: &[&str], thorough: bool) -> Result<()> {
    let guests = guests::build()?;
    let kinds = [
        tree::ATTACKS,
        files::ATTACKS,
        guests::ATTACKS,
        ends::ATTACKS,
        fix::ATTACKS,
        says::ATTACKS,
        strangers::ATTACKS,
    ];
    let all = kinds.into_iter().flatten();
    let chosen = all.filter(|attack| words.iter().all(|word| attack.name.contains(word)));
    let (mut tried, mut fell) = (0, 0);
    for attack in chosen {
        tried += 1;
        let ground = Ground::new(wasmcheck, guests.path(), thorough)?;
        match (attack.run)(&ground) {
            Ok(()) => eprintln!("held    {}", attack.name),
            Err(e) => {
                fell += 1;
                eprintln!("FAILED  {}: {e:#}", attack.name);
            }
        }
    }
    eprintln!("xtask: {tried} attacks tried, {} held", tried - fell);
    if fell > 0 || tried == 0 {
        bail!("{fell} of {tried} attacks did not hold");
    }
    Ok(())
}
