//! The life of a request, top-down in [`Pipeline::life`].

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use archipelago_proto::cluster::v1::Caller;
use archipelago_proto::{Call, Ec2Error};
use futures::FutureExt as _;
use http::StatusCode;
use hyper::body::Body;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span, record_all};

use crate::access::{self, Asked, Guard, Surroundings};
use crate::clock::{Clock, Stopwatch};
use crate::decode::{boolean, decode};
use crate::encode::encode;
use crate::faults::{Connection, Faults, Involved, Strike, Target};
use crate::forward::Forwarder;
use crate::keyring::Keyring;
use crate::limits::{Limits, busy, shown};
use crate::meter::{Labels, Meter};
use crate::query::{Form, Parameters};
use crate::record::{self, Record};
use crate::reply::{self, Reply};
use crate::request::Received;
use crate::scenario::Scenario;
use crate::schema::Schema;
use crate::service::Service;
use crate::signature::{AuthMode, Identity, authenticate, presented};
use crate::throttle::Throttle;
use crate::uuids::Uuids;
use crate::{cloudtrail, region, sts, trace, version};

/// What a client says of itself goes no further than this.
const LONGEST_USER_AGENT: usize = 256;

pub(crate) struct Pipeline {
    pub(crate) schema: Schema,
    pub(crate) keyring: Keyring,
    pub(crate) guard: Guard,
    pub(crate) auth: AuthMode,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) forwarder: Forwarder,
    pub(crate) meter: Meter,
    pub(crate) uuids: Uuids,
    pub(crate) slots: Semaphore,
    /// For bodies, in bytes.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) throttle: Throttle,
    pub(crate) record: Record,
    pub(crate) faults: Faults,
    pub(crate) scenario: Scenario,
}

/// What has become known of a request on its way, for the answer's shape, the span and the metrics.
struct Exchange {
    id: String,
    service: Service,
    action: String,
    account: String,
    region: String,
    /// Whether the span knows.
    told: bool,
    /// For the record of calls, where there is one.
    told_of: Option<Box<Told>>,
    /// What a fault has in store for the answer.
    status: Option<StatusCode>,
    connection: Option<Connection>,
}

/// What the record of calls tells beside.
#[derive(Default)]
struct Told {
    identity: Option<Identity>,
    user_agent: String,
    parameters: Value,
    elements: Value,
}

impl Pipeline {
    /// What is to be done every few seconds.
    pub(crate) fn upkeep(&self) {
        self.meter.upkeep();
        self.throttle.upkeep(self.clock.now_ms());
    }

    /// Answers every request, whatever it is.
    pub(crate) async fn answer<B>(&self, request: http::Request<B>, source: IpAddr) -> Reply
    where
        B: Body + Unpin,
    {
        let stopwatch = Stopwatch::start();
        let _in_flight = self.meter.enter();
        let mut exchange = Exchange::new(self.uuids.fresh());
        let span = info_span!("request", request_id = exchange.id, action = Empty, account = Empty, region = Empty);
        trace::adopt(&span, request.headers());
        let life = AssertUnwindSafe(self.life(request, source, &mut exchange)).catch_unwind();
        let answered = Box::pin(life).instrument(span.clone()).await;
        let answered = answered.unwrap_or_else(|_| Err(Ec2Error::internal()));
        exchange.tell(&span);
        self.tell(&mut exchange, source, answered.as_ref().err()).await;
        let code = answered.as_ref().err().map(|error| error.code.as_str());
        self.meter.record(exchange.labels(), code, stopwatch.elapsed());
        span.in_scope(|| tracing::debug!(code, "answered"));
        let mut reply = match answered {
            Ok(body) => reply::success(body, exchange.service, &exchange.id),
            Err(error) => reply::failure(&error, exchange.service, &exchange.id),
        };
        if let Some(status) = exchange.status {
            *reply.status_mut() = status;
        }
        if let Some(connection) = exchange.connection {
            reply.extensions_mut().insert(connection);
        }
        reply
    }

    /// Writes the call down, where calls are recorded.
    async fn tell(&self, exchange: &mut Exchange, source: IpAddr, error: Option<&Ec2Error>) {
        let Some(told) = exchange.told_of.take() else { return };
        let call = record::Call {
            request_id: &exchange.id,
            event_id: self.uuids.fresh(),
            source: exchange.service.source(),
            action: &exchange.action,
            region: &exchange.region,
            identity: told.identity.as_ref(),
            address: source.to_string(),
            user_agent: told.user_agent,
            parameters: told.parameters,
            elements: told.elements,
            error,
            now_ms: self.clock.now_ms(),
        };
        self.record.add(call).await;
    }

    async fn life<B>(
        &self,
        request: http::Request<B>,
        source: IpAddr,
        exchange: &mut Exchange,
    ) -> Result<Vec<u8>, Ec2Error>
    where
        B: Body + Unpin,
    {
        // Read.
        let _slot = self.slots.try_acquire().map_err(|_| busy())?;
        let request = Received::read(request, source, &self.limits, &self.room).await?;
        request.check_protocol()?;

        // Parse the Query.
        let form = request.form(&self.limits)?;
        let target = request.header("x-amz-target");
        if self.record.is_on() {
            exchange.told_of = Some(Box::new(Told {
                user_agent: user_agent(&request),
                parameters: record::parameters(&form),
                ..Told::default()
            }));
        }

        // Authenticate.
        let signable = request.signable(&form);
        let scope = presented(&signable).map(|(_, scope)| scope);
        exchange.service = Service::of(scope.map(|scope| scope.service), target, &form);
        let now_ms = self.clock.now_ms();
        let identity = authenticate(&signable, &self.keyring, self.auth, now_ms);
        let identity = identity.map_err(|refusal| refusal.into_error(exchange.service))?;
        exchange.is_of(&identity);
        if exchange.service == Service::Sts {
            let region = scope.map_or(sts::REGION, |scope| scope.region);
            let surroundings = Surroundings { request: &request, region, now_ms };
            let desk = sts::Desk { keyring: &self.keyring, guard: &self.guard, surroundings, request_id: &exchange.id };
            let answer = desk.answer(&form, &identity)?;
            exchange.asks(form.get("Action").unwrap_or_default());
            return Ok(answer);
        }

        // Resolve the region.
        let region = region::resolve(scope.map(|scope| scope.region), request.host())?;
        exchange.is_for(&region);
        if exchange.service == Service::CloudTrail {
            let action = target.and_then(|target| target.strip_prefix(cloudtrail::TARGET)).unwrap_or_default();
            exchange.asks(action);
            let surroundings = Surroundings { request: &request, region: &region, now_ms };
            let may = self.guard.allow(&identity, surroundings, &format!("cloudtrail:{action}"), "*", &[]);
            may.map_err(|denied| Ec2Error::new("AccessDeniedException", denied.message))?;
            return cloudtrail::answer(&self.record, action, &request.body, &identity.account, &region);
        }

        // Decode to protobuf.
        let name = form.get("Action").filter(|name| !name.is_empty()).ok_or_else(missing_action)?;
        let version = version::check(form.get("Version"))?;
        let action = self.schema.action(name)?;
        exchange.asks(&action.name);

        // Throttle.
        self.throttle.take(&identity.account, &region, &action.name, &form, now_ms)?;

        // Fail, where that is asked for.
        let mut target = Target {
            action: &action.name,
            account: &identity.account,
            principal: &identity.principal,
            region: &region,
            form: &form,
            involved: None,
        };
        let call = call(&form, &request, &identity, version, &exchange.id);
        let message =
            Parameters::of(&form).and_then(|parameters| decode(&self.schema, action.input, parameters.root()));
        let involved = if self.faults.asks(&target, now_ms) {
            let message = message.as_ref().map_err(Clone::clone)?.clone();
            let call = call.as_ref().map_err(Clone::clone)?;
            Some(Box::pin(Involved::ask(&self.forwarder, &region, &action.name, call, message)).await?)
        } else {
            None
        };
        target.involved = involved.as_ref();
        if let Some(strike) = self.faults.strike(&target, now_ms) {
            exchange.suffer(strike).await?;
        }

        let (message, call) = (message?, call?);

        // Authorize.
        if let Some(restrictions) = self.guard.restrictions(&identity) {
            let surroundings = Surroundings { request: &request, region: &region, now_ms };
            let asked = Asked { caller: &identity, surroundings, action, call: &call, message: &message };
            Box::pin(access::admit(&self.guard, &self.forwarder, &restrictions, &asked)).await?;
        }

        // Forward.
        exchange.tell(&Span::current());
        let answer = self.forwarder.call(&region, action.path.clone(), &call, message).await?;

        // Encode to XML.
        if let Some(told) = &mut exchange.told_of {
            told.elements = record::elements(&self.schema, action, &exchange.id, &answer);
        }
        encode(&self.schema, action, version, &exchange.id, &answer)
    }
}

/// The caller as the node gets to know it.
fn call(
    form: &Form<'_>,
    request: &Received,
    identity: &Identity,
    version: &str,
    request_id: &str,
) -> Result<Call, Ec2Error> {
    let dry_run = form.get("DryRun").map_or(Some(false), boolean);
    let wrong = || {
        let value = shown(form.get("DryRun").unwrap_or_default());
        Ec2Error::invalid_parameter(format!("Invalid value '{value}' for DryRun. It must be true or false."))
    };
    let caller = Caller {
        account: identity.account.clone(),
        principal: identity.principal.clone(),
        access_key: identity.access_key.clone(),
        request_id: request_id.to_owned(),
        source_address: request.source.to_string(),
        user_agent: user_agent(request),
        version: version.to_owned(),
        dry_run: dry_run.ok_or_else(wrong)?,
    };
    Ok(Call { caller })
}

fn user_agent(request: &Received) -> String {
    request.header("user-agent").unwrap_or_default().chars().take(LONGEST_USER_AGENT).collect()
}

fn missing_action() -> Ec2Error {
    Ec2Error::new("MissingAction", "The request must contain the parameter Action")
}

impl Exchange {
    fn new(id: String) -> Self {
        Self {
            id,
            service: Service::Ec2,
            action: String::new(),
            account: String::new(),
            region: String::new(),
            told: false,
            told_of: None,
            status: None,
            connection: None,
        }
    }

    /// What a fault does before anything else happens, and what it has in store for the answer.
    async fn suffer(&mut self, strike: Strike) -> Result<(), Ec2Error> {
        tokio::time::sleep(Duration::from_millis(strike.latency_ms)).await;
        (self.status, self.connection) = (strike.status, strike.connection);
        if strike.connection == Some(Connection::Drop) {
            return Err(Ec2Error::unavailable("The connection was closed."));
        }
        strike.error.map_or(Ok(()), Err)
    }

    fn is_of(&mut self, identity: &Identity) {
        self.account.clone_from(&identity.account);
        if let Some(told) = &mut self.told_of {
            told.identity = Some(identity.clone());
        }
    }

    fn is_for(&mut self, region: &str) {
        region.clone_into(&mut self.region);
    }

    fn asks(&mut self, action: &str) {
        action.clone_into(&mut self.action);
    }

    /// Once for all fields, since the log writes a span's fields anew each time it is told one.
    fn tell(&mut self, span: &Span) {
        if !std::mem::replace(&mut self.told, true) {
            record_all!(span, action = &*self.action, account = &*self.account, region = &*self.region);
        }
    }

    fn labels(&self) -> Labels<'_> {
        Labels { action: &self.action, account: &self.account, region: &self.region }
    }
}
