//! Workflows: what spans entities is reserved step by step, each step with its undo beside it.

use std::pin::Pin;

use archipelago_proto::Ec2Result;

type Step = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The steps that take back what a workflow has done so far.
#[derive(Default)]
pub struct Undo(Vec<Step>);

impl Undo {
    pub fn push(&mut self, step: impl Future<Output = ()> + Send + 'static) {
        self.0.push(Box::pin(step));
    }

    /// Takes everything back, the last step first.
    pub async fn run(mut self) {
        while let Some(step) = self.0.pop() {
            step.await;
        }
    }
}

/// Takes back what was done when the workflow failed.
pub async fn workflow<T>(undo: Undo, outcome: Ec2Result<T>) -> Ec2Result<T> {
    if outcome.is_err() {
        undo.run().await;
    }
    outcome
}
