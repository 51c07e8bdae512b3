//! How one status of a request follows another (AWS: "Spot Instance request status", with the codes).

use archipelago_proto::ec2::v1::{LaunchSpecification, SpotInstanceStateFault};

use super::prices::Quote;
use super::state::{Behavior, Cause, Fulfilment, SpotIntent, SpotRequestCommand as Command, SpotRequestState};
use super::{Product, SpotTerms};
use crate::entity::Next;
use crate::families::instance_types;
use crate::time::Millis;

/// AWS: a Spot Instance is told two minutes before it is interrupted.
const NOTICE: Millis = 120_000;
/// How long an ended request is still described.
const VISIBLE: Millis = 48 * 3600 * 1000;
/// After that time an open request is looked at again; each time twice as long, up to an hour.
const RETRY: Millis = 60_000;
const LONGEST_RETRY: Millis = 3_600_000;

impl SpotRequestState {
    pub(super) fn product(&self) -> Product {
        Product::of_image(self.public.product_description())
    }

    fn quote(&self) -> Option<Quote> {
        let named = self.public.launch_specification.as_ref().map(LaunchSpecification::instance_type);
        let info = instance_types::find(named?)?.info();
        Some(Quote::new(self.public.launched_availability_zone_id(), &info, self.product()))
    }

    /// The terms on which it was made.
    pub fn terms(&self) -> SpotTerms {
        SpotTerms {
            most: Some(self.most()),
            persistent: self.persistent(),
            behavior: self.behavior(),
            valid_until: self.public.valid_until,
        }
    }

    /// Whether the price of that time is within its maximum.
    pub fn affordable(&self, now: Millis) -> bool {
        self.quote().is_none_or(|quote| quote.at(now) <= self.most())
    }

    fn enter(&mut self, state: &str) {
        self.public.state = Some(state.to_owned());
    }

    fn end(&mut self, state: &str, now: Millis) {
        self.intend(SpotIntent::Nothing);
        self.enter(state);
        self.private.evaluation = None;
        (self.private.outbid, self.private.interruption) = (None, None);
        self.private.forgotten = Some(now + VISIBLE);
    }

    pub fn fulfil(&mut self, fulfilment: Fulfilment, now: Millis) {
        self.public.instance_id = Some(fulfilment.instance.to_string());
        self.public.launched_availability_zone = Some(fulfilment.zone);
        self.public.launched_availability_zone_id = Some(fulfilment.zone_id);
        self.public.product_description = Some(fulfilment.product);
        self.run(now);
    }

    fn run(&mut self, now: Millis) {
        self.intend(SpotIntent::Nothing);
        self.enter("active");
        self.status("fulfilled", "Your spot request is fulfilled.", now);
        self.private.attempts = 0;
        self.private.evaluation = None;
        self.private.cause = None;
        self.private.outbid = self.quote().and_then(|quote| quote.exceeds(self.most(), now));
    }

    fn mark(&mut self, cause: Cause, now: Millis) {
        if self.private.interruption.is_some() || self.public.instance_id.is_none() {
            return;
        }
        let (code, what) = match self.behavior() {
            Behavior::Terminate => ("marked-for-termination", "termination"),
            Behavior::Stop => ("marked-for-stop", "stopping"),
            Behavior::Hibernate => ("marked-for-hibernation", "hibernation"),
        };
        let message = match cause {
            Cause::Price => {
                format!("Your Spot Instance is marked for {what}: the Spot price is above your maximum price.")
            }
            Cause::Capacity => format!("Your Spot Instance is marked for {what}: its capacity is needed."),
        };
        self.status(code, message, now);
        self.private.cause = Some(cause as i32);
        self.private.outbid = None;
        self.private.interruption = Some(now + NOTICE);
    }

    /// How the interruption that is under way ends, in a status code: `instance-terminated-by-price`.
    fn interrupted(&mut self, done: &str, now: Millis) {
        let (code, why) = match self.private.cause.and_then(|cause| Cause::try_from(cause).ok()) {
            Some(Cause::Price) => ("by-price", "the Spot price rose above your maximum price"),
            Some(Cause::Capacity) => ("no-capacity", "there is no longer enough Spot capacity"),
            None => ("by-user", "you asked for it"),
        };
        self.status(&format!("instance-{done}-{code}"), format!("Your Spot Instance was {done}, because {why}."), now);
    }

    fn reopen(&mut self, now: Millis) {
        self.intend(SpotIntent::Nothing);
        self.enter("open");
        self.private.attempts = 0;
        self.private.evaluation = Some(now);
        self.public.instance_id = None;
        self.public.launched_availability_zone = None;
        self.public.launched_availability_zone_id = None;
    }

    fn expired(&self, now: Millis) -> bool {
        self.public.valid_until.is_some_and(|until| until <= now)
    }
}

pub(super) fn change(request: &mut SpotRequestState, command: Command, now: Millis) {
    match (request.state().to_owned().as_str(), command) {
        ("open", Command::Fulfilled(fulfilment)) => {
            request.intend(SpotIntent::Nothing);
            request.fulfil(fulfilment, now);
        }
        ("active", Command::Fulfilled(_) | Command::Resumed) => request.intend(SpotIntent::Nothing),
        // Cancelled while its instance was being launched: the instance stays.
        (_, Command::Fulfilled(fulfilment)) => {
            request.intend(SpotIntent::Nothing);
            request.public.instance_id = Some(fulfilment.instance.to_string());
            request.status("request-canceled-and-instance-running", "The request is canceled; the instance runs.", now);
        }
        ("disabled", Command::Resumed) => {
            request.intend(SpotIntent::Nothing);
            request.run(now);
        }
        ("open" | "disabled", Command::NotNow(code, message)) => {
            request.intend(SpotIntent::Nothing);
            let wait = RETRY.saturating_mul(1 << request.private.attempts.min(6)).min(LONGEST_RETRY);
            request.private.attempts += 1;
            request.private.evaluation = Some(now + wait);
            // A stopped instance's request goes on telling why it was stopped.
            if request.state() == "open" {
                request.status(code, message, now);
            }
        }
        ("open" | "disabled", Command::Failed(code, message)) => {
            request.intend(SpotIntent::Nothing);
            request.status("bad-parameters", message.clone(), now);
            request.public.fault = Some(SpotInstanceStateFault { code: Some(code), message: Some(message) });
            request.end("failed", now);
        }
        ("open" | "disabled", Command::Reevaluate) if request.private.evaluation.is_some() => {
            request.private.evaluation = Some(now);
        }
        ("active", Command::Mark(cause)) => request.mark(cause, now),
        // After a cancelled request the instance can still be needed elsewhere.
        ("cancelled", Command::Mark(cause)) => {
            request.private.forgotten = None;
            request.mark(cause, now);
        }
        ("active" | "cancelled", Command::Lost) => {
            request.private.cause.get_or_insert(Cause::Capacity as i32);
            (request.private.outbid, request.private.interruption) = (None, None);
        }
        // What became of the instance may have been told already, and more may be left to do.
        (_, Command::Interrupted) => {
            if request.private.intent() == SpotIntent::Interrupt {
                request.intend(SpotIntent::Nothing);
            }
        }
        ("active", Command::InstanceStopped) => {
            request.interrupted("stopped", now);
            // What the user stops, the user starts again; what was interrupted comes back by itself.
            request.private.evaluation = request.private.cause.map(|_| now + RETRY);
            (request.private.outbid, request.private.interruption) = (None, None);
            request.enter("disabled");
        }
        ("disabled", Command::InstanceStarted) => request.run(now),
        ("active" | "disabled", Command::InstanceTerminated) => {
            request.interrupted("terminated", now);
            (request.private.outbid, request.private.interruption) = (None, None);
            if request.persistent() && request.private.launch.is_some() && !request.expired(now) {
                request.private.cause = None;
                request.reopen(now);
            } else {
                request.end("closed", now);
            }
        }
        ("cancelled", Command::InstanceTerminated) => {
            request.interrupted("terminated", now);
            request.end("cancelled", now);
        }
        ("open", Command::Cancel) => {
            request.intend(SpotIntent::Nothing);
            request.status(
                "canceled-before-fulfillment",
                "Your Spot request is canceled before it was fulfilled.",
                now,
            );
            request.end("cancelled", now);
        }
        ("active" | "disabled", Command::Cancel) => {
            request.status(
                "request-canceled-and-instance-running",
                "Your Spot request is canceled, but your instance is still running.",
                now,
            );
            request.enter("cancelled");
            request.private.evaluation = None;
        }
        // What comes too late changes nothing.
        _ => {
            if !request.is_live() {
                request.intend(SpotIntent::Nothing);
            }
        }
    }
}

pub(super) fn due(request: &SpotRequestState) -> Option<Millis> {
    let (public, private) = (&request.public, &request.private);
    match request.state() {
        "open" => private.evaluation.into_iter().chain(public.valid_until).min(),
        "disabled" => private.evaluation,
        "active" | "cancelled" => private.interruption.into_iter().chain(private.outbid).chain(private.forgotten).min(),
        _ => private.forgotten,
    }
}

pub(super) fn elapse(request: &SpotRequestState, now: Millis) -> Next<SpotRequestState> {
    let mut next = request.clone();
    let is_due = |time: Option<Millis>| time.is_some_and(|time| time <= now);
    match request.state() {
        "open" if request.expired(now) => {
            next.intend(SpotIntent::Nothing);
            next.status("schedule-expired", "Your Spot request expired before it was fulfilled.", now);
            next.end("closed", now);
        }
        "open" | "disabled" if is_due(request.private.evaluation) => {
            next.private.evaluation = None;
            if request.state() == "open" && request.private.attempts == 0 {
                next.status("pending-evaluation", "Your Spot request has been submitted for review.", now);
            }
            next.intend(SpotIntent::Evaluate);
        }
        "active" | "cancelled" if is_due(request.private.interruption) => {
            next.private.interruption = None;
            next.intend(SpotIntent::Interrupt);
        }
        "active" | "cancelled" if is_due(request.private.outbid) => {
            next.mark(Cause::Price, request.private.outbid.unwrap_or(now));
        }
        _ if is_due(request.private.forgotten) => return Next::Gone(next),
        _ => return Next::Keep,
    }
    Next::Become(next)
}

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1::{RunInstancesRequest, SpotInstanceRequest};

    use super::super::Private;
    use super::*;
    use crate::entity::Id;

    const NOW: Millis = 1_767_225_600_000;

    fn open(persistent: bool, price: &str) -> SpotRequestState {
        SpotRequestState {
            public: SpotInstanceRequest {
                state: Some("open".into()),
                r#type: Some(if persistent { "persistent" } else { "one-time" }.into()),
                spot_price: Some(price.into()),
                launch_specification: Some(LaunchSpecification {
                    instance_type: Some("m5.large".into()),
                    ..Default::default()
                }),
                ..Default::default()
            },
            private: Private {
                launch: Some(RunInstancesRequest::default()),
                evaluation: Some(NOW),
                ..Default::default()
            },
        }
    }

    fn after(mut request: SpotRequestState, command: Command) -> SpotRequestState {
        change(&mut request, command, NOW);
        request
    }

    fn elapsed(request: &SpotRequestState, now: Millis) -> SpotRequestState {
        match elapse(request, now) {
            Next::Become(next) => next,
            _ => panic!("something is due"),
        }
    }

    fn fulfilled(request: SpotRequestState) -> SpotRequestState {
        let (zone, zone_id, product) = ("us-east-1a".to_owned(), "use1-az1".to_owned(), "Linux/UNIX".to_owned());
        after(request, Command::Fulfilled(Fulfilment { instance: Id::new("i-1"), zone, zone_id, product }))
    }

    #[test]
    fn a_price_that_rises_above_the_maximum_takes_the_instance_after_two_minutes() {
        let evaluated = elapsed(&open(false, "0.03"), NOW);
        assert_eq!(evaluated.private.intent(), SpotIntent::Evaluate);
        let info = instance_types::find("m5.large").unwrap().info();
        let price = Quote::new("use1-az1", &info, Product::Linux).at(NOW);
        let active = fulfilled(open(false, &price.to_string()));
        let then = due(&active).expect("the price rises again");
        let marked = elapsed(&active, then);
        assert_eq!((marked.status_code(), due(&marked)), ("marked-for-termination", Some(then + NOTICE)));
        let interrupting = elapsed(&marked, then + NOTICE);
        assert_eq!(interrupting.private.intent(), SpotIntent::Interrupt);
        let gone = after(interrupting, Command::InstanceTerminated);
        assert_eq!((gone.state(), gone.status_code()), ("closed", "instance-terminated-by-price"));
    }

    #[test]
    fn a_persistent_request_opens_again_and_a_cancelled_one_does_not() {
        let active = fulfilled(open(true, "1"));
        assert_eq!(due(&active), None, "it pays more than on demand");
        let again = after(active.clone(), Command::InstanceTerminated);
        assert_eq!((again.state(), due(&again)), ("open", Some(NOW)));
        let cancelled = after(active, Command::Cancel);
        assert_eq!(
            (cancelled.state(), cancelled.status_code()),
            ("cancelled", "request-canceled-and-instance-running")
        );
        let ended = after(cancelled, Command::InstanceTerminated);
        assert_eq!((ended.state(), ended.status_code()), ("cancelled", "instance-terminated-by-user"));
        assert!(matches!(elapse(&ended, NOW + VISIBLE), Next::Gone(_)));
    }

    #[test]
    fn an_open_request_is_looked_at_less_and_less_often_until_it_expires() {
        let mut request = open(false, "1");
        request.public.valid_until = Some(NOW + 10 * RETRY);
        let waiting = after(request, Command::NotNow("capacity-not-available", String::new()));
        assert_eq!((waiting.status_code(), due(&waiting)), ("capacity-not-available", Some(NOW + RETRY)));
        let again = after(waiting, Command::NotNow("capacity-not-available", String::new()));
        assert_eq!(due(&again), Some(NOW + 2 * RETRY));
        let expired = elapsed(&again, NOW + 10 * RETRY);
        assert_eq!((expired.state(), expired.status_code()), ("closed", "schedule-expired"));
    }
}
