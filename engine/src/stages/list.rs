//! The packages of this machine's build and of each wasm build.

use std::thread;

use model::{Incomplete, Listing};
use toolchain::{Error, Platform};

use crate::builds::Builds;
use crate::checkup::Checkup;
use crate::events::Event;
use crate::incomplete::incomplete;
use model::Stage;

/// List the packages of all platforms at once.
pub(crate) fn list(checkup: &Checkup<'_>) -> (Builds, Vec<Incomplete>) {
    checkup.tell(Event::Listing {
        module: checkup.module,
    });
    let (mut builds, mut missing) = (Builds::default(), Vec::new());
    for (platform, listing) in ask(checkup) {
        match (platform, listing) {
            (platform, Ok(listing)) => builds.insert(platform, listing),
            // There is nothing to compare with then.
            (Platform::Native, Err(_)) => {}
            (Platform::Wasm(goos), Err(e)) => {
                checkup.say_of(&mut missing, Stage::Load, goos, &e);
            }
        }
    }
    let counts = || builds.wasm().map(|(_, l)| l.packages.len());
    checkup.tell(Event::Reading {
        packages: counts().max().unwrap_or(0),
    });
    if counts().next().is_some() && counts().all(|count| count == 0) {
        let root = checkup.session.root();
        let patterns = checkup.patterns.join(" ");
        let why =
            format!("{root}: no Go package matches {patterns}; name a directory with Go files");
        missing.push(incomplete(Stage::Load, None, why));
    }
    (builds, missing)
}

/// What Go says of each platform.
fn ask(checkup: &Checkup<'_>) -> Vec<(Platform, Result<Listing, Error>)> {
    let wasm = analyzer::builds_of(&checkup.settings.targets);
    let wasm = wasm.into_iter().map(Platform::Wasm);
    let platforms: Vec<Platform> = [Platform::Native].into_iter().chain(wasm).collect();
    thread::scope(|scope| {
        let list = |platform| checkup.session.list(platform, checkup.patterns);
        let asked: Vec<_> = platforms
            .iter()
            .map(|platform| (*platform, scope.spawn(move || list(*platform))))
            .collect();
        let answers = asked.into_iter().map(|(platform, asked)| {
            let answer = asked.join().unwrap_or(Err(Error::Interrupted));
            (platform, answer)
        });
        answers.collect()
    })
}
