//! `poll_oneoff`: sleeping within the time limit.
//!
//! A guest here has no sockets, so that a
//! descriptor is always ready; what is left is to wait for the nearest clock.

use std::time::Duration;

use crate::host::Host;
use crate::stop::Stop;

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;

const SUCCESS: i32 = 0;
const FAULT: i32 = 21;
const INVAL: i32 = 28;

/// A subscription, as far as it matters.
struct Subscription {
    userdata: [u8; 8],
    tag: u8,
    wait: Option<Duration>,
}

/// Wait for the first event and write all that happened; the value is the errno.
pub(crate) fn poll(
    host: &mut Host,
    memory: &mut [u8],
    input: u32,
    output: u32,
    count: u32,
    written: u32,
) -> Result<i32, Stop> {
    if count == 0 || count > 1 << 16 {
        return Ok(INVAL);
    }
    let size = count as usize * SUBSCRIPTION;
    let Some(raw) = memory.get(input as usize..).and_then(|m| m.get(..size)) else {
        return Ok(FAULT);
    };
    let subscriptions: Vec<Subscription> = raw
        .chunks_exact(SUBSCRIPTION)
        .map(|raw| read(host, raw))
        .collect();
    let wait = subscriptions
        .iter()
        .map(|s| s.wait.unwrap_or_default())
        .min()
        .unwrap_or_default();
    host.clock.sleep(wait, &host.deadline)?;
    let due = subscriptions
        .iter()
        .filter(|s| s.wait.unwrap_or_default() <= wait);
    let mut happened = 0_u32;
    for event in due {
        let at = output as usize + happened as usize * EVENT;
        let Some(slot) = memory.get_mut(at..).and_then(|m| m.get_mut(..EVENT)) else {
            return Ok(FAULT);
        };
        slot.fill(0);
        slot[..8].copy_from_slice(&event.userdata);
        slot[10] = event.tag;
        if event.tag != 0 {
            slot[16] = 1;
        }
        happened += 1;
    }
    match memory
        .get_mut(written as usize..)
        .and_then(|m| m.get_mut(..4))
    {
        Some(slot) => slot.copy_from_slice(&happened.to_le_bytes()),
        None => return Ok(FAULT),
    }
    Ok(SUCCESS)
}

fn read(host: &Host, raw: &[u8]) -> Subscription {
    let mut userdata = [0; 8];
    userdata.copy_from_slice(&raw[..8]);
    let tag = raw[8];
    let wait = (tag == 0).then(|| {
        let timeout = Duration::from_nanos(number(&raw[24..32]));
        let absolute = raw[40] & 1 == 1;
        match (absolute, raw[16]) {
            (false, _) => timeout,
            (true, 0) => timeout.saturating_sub(host.clock.wall()),
            (true, _) => timeout.saturating_sub(host.clock.since_start()),
        }
    });
    Subscription {
        userdata,
        tag,
        wait,
    }
}

fn number(raw: &[u8]) -> u64 {
    raw.iter()
        .rev()
        .fold(0, |n, byte| n << 8 | u64::from(*byte))
}
