//! Ctrl-C and SIGTERM, as a future.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Comes when the process is asked to stop.
pub(crate) async fn requested() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be handled");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Comes when standard input closes, which is when the supervisor is gone.
///
/// A thread of its own reads: tokio's standard input would keep a process from ending.
pub(crate) async fn orphaned() {
    let (closed, told) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = told.await;
}
