//! A clock that can be advanced, paused and scaled.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use super::Millis;

/// Reads the real world; a test gives its own.
type Source = Box<dyn Fn() -> Millis + Send + Sync>;

pub struct Clock {
    source: Source,
    setting: Mutex<Setting>,
    /// Told of every change of the setting, since waits computed before it are wrong.
    pub(super) changed: Notify,
}

/// The virtual time is `at + (source - since) * scale`.
#[derive(Clone, Copy)]
struct Setting {
    at: Millis,
    since: Millis,
    scale: f64,
}

impl Clock {
    /// Runs with the wall clock.
    pub fn wall() -> Self {
        Self::new(Box::new(wall_clock), 1.0)
    }

    /// Stands still until it is advanced.
    pub fn paused_at(at: Millis) -> Self {
        Self::new(Box::new(move || at), 0.0)
    }

    fn new(source: Source, scale: f64) -> Self {
        let now = source();
        let setting = Mutex::new(Setting { at: now, since: now, scale });
        Self { source, setting, changed: Notify::new() }
    }

    pub fn now(&self) -> Millis {
        let setting = *self.setting();
        setting.at + scaled((self.source)() - setting.since, setting.scale)
    }

    pub fn scale(&self) -> f64 {
        self.setting().scale
    }

    /// 1 is as fast as the wall clock; 0 pauses.
    pub fn set_scale(&self, scale: f64) {
        let at = self.now();
        *self.setting() = Setting { at, since: (self.source)(), scale: scale.max(0.0) };
        self.changed.notify_waiters();
    }

    /// Goes ahead to a time; never back.
    pub(super) fn set(&self, to: Millis) {
        let at = self.now().max(to);
        let mut setting = self.setting();
        *setting = Setting { at, since: (self.source)(), scale: setting.scale };
        drop(setting);
        self.changed.notify_waiters();
    }

    /// How far it is ahead of the wall clock, if it goes at its pace.
    pub(crate) fn ahead(&self) -> Option<Millis> {
        #[allow(clippy::float_cmp)] // As it was set.
        (self.scale() == 1.0).then(|| self.now() - (self.source)())
    }

    /// As another clock was that is gone, for a world that comes from elsewhere: as far ahead of the wall clock, or where
    /// it stood. Only here time may run back.
    pub(crate) fn take_over(&self, now: Millis, ahead: Option<Millis>, scale: f64) {
        let since = (self.source)();
        let at = ahead.map_or(now, |ahead| since + ahead);
        *self.setting() = Setting { at, since, scale };
        self.changed.notify_waiters();
    }

    /// How long the wall clock needs until then; None while the clock is paused.
    pub(super) fn wait_for(&self, then: Millis) -> Option<Duration> {
        let (scale, ahead) = (self.scale(), then - self.now());
        #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
        (scale > 0.0).then(|| Duration::from_millis((ahead.max(0) as f64 / scale).ceil() as u64))
    }

    fn setting(&self) -> MutexGuard<'_, Setting> {
        self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn scaled(elapsed: Millis, scale: f64) -> Millis {
    (elapsed as f64 * scale) as Millis
}

#[allow(clippy::disallowed_methods)] // The one place that reads the wall clock.
fn wall_clock() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_clock_moves_only_when_it_is_set() {
        let clock = Clock::paused_at(1_000);
        assert_eq!(clock.now(), 1_000);
        clock.set(5_000);
        assert_eq!(clock.now(), 5_000);
        clock.set(2_000);
        assert_eq!(clock.now(), 5_000, "time does not run back");
        assert_eq!(clock.wait_for(9_000), None);
    }

    #[test]
    fn a_scaled_clock_waits_less() {
        let clock = Clock::new(Box::new(|| 0), 10.0);
        assert_eq!(clock.wait_for(1_000), Some(Duration::from_millis(100)));
    }
}
