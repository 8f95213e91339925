//! What this process uses, as Linux tells it.

use std::fs::read_to_string;

/// Clock ticks a second in `/proc`: the kernel's interface to programs has this one.
const TICKS_PER_SECOND: f64 = 100.0;

/// Memory and processor time.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory.
    pub resident_mib: f64,
    /// Most of it so far.
    pub peak_mib: f64,
    /// Processor time so far.
    pub cpu_seconds: f64,
}

/// The present use; `None` where there is no `/proc`.
pub fn usage() -> Option<Usage> {
    let status = read_to_string("/proc/self/status").ok()?;
    let mebibytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some((kibibytes / 102.4).round() / 10.0)
    };
    let stat = read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may hold blanks.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some(Usage {
        resident_mib: mebibytes("VmRSS:")?,
        peak_mib: mebibytes("VmHWM:")?,
        cpu_seconds: (ticks()? + ticks()?) / TICKS_PER_SECOND,
    })
}
