//! Who is told of an endpoint's or a service's connections. Nothing is sent: there are no topics here.

use archipelago_proto::ec2::v1::{
    ConnectionNotification, CreateVpcEndpointConnectionNotificationRequest,
    CreateVpcEndpointConnectionNotificationResult, DeleteVpcEndpointConnectionNotificationsRequest,
    DeleteVpcEndpointConnectionNotificationsResult, DescribeVpcEndpointConnectionNotificationsRequest,
    DescribeVpcEndpointConnectionNotificationsResult, ModifyVpcEndpointConnectionNotificationRequest,
    ModifyVpcEndpointConnectionNotificationResult, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind};
use crate::request::{Column, Context, Describe, FilterTable, one_of, unsuccessful};

#[derive(Clone, PartialEq, Message)]
pub struct NotificationState {
    #[prost(message, required, tag = "1")]
    pub public: ConnectionNotification,
    /// Notifications show none, but may be given some.
    #[prost(message, repeated, tag = "2")]
    tags: Vec<Tag>,
}

pub enum NotificationCommand {
    Delete,
    Modify { topic: Option<String>, events: Vec<String> },
}

impl Entity for NotificationState {
    const KIND: Kind = Kind {
        resource_type: "vpc-endpoint-connection-notification",
        prefix: "vpce-nfn",
        not_found: "InvalidConnectionNotification",
        malformed: "InvalidConnectionNotification",
        noun: "connection notification ID",
    };
    type Command = NotificationCommand;
    type Reply = ();

    fn decide(&self, command: NotificationCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            NotificationCommand::Delete => return Ok(Decision::gone(next)),
            NotificationCommand::Modify { topic, events } => {
                if topic.is_some() {
                    next.public.connection_notification_arn = topic;
                }
                if !events.is_empty() {
                    next.public.connection_events = events;
                }
            }
        }
        Ok(Decision::become_(next))
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }

    fn links(&self) -> Vec<Id> {
        let public = &self.public;
        public.service_id.iter().chain(&public.vpc_endpoint_id).map(|id| Id::new(id)).collect()
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}

/// AWS: DescribeVpcEndpointConnectionNotifications.
const FILTERS: FilterTable<NotificationState> = &[
    (
        "connection-notification-arn",
        Column::Of(|row, probe| probe.text(row.state.public.connection_notification_arn())),
    ),
    ("connection-notification-id", Column::Id),
    (
        "connection-notification-state",
        Column::Of(|row, probe| probe.text(row.state.public.connection_notification_state())),
    ),
    (
        "connection-notification-type",
        Column::Of(|row, probe| probe.text(row.state.public.connection_notification_type())),
    ),
    ("service-id", Column::Link(|row, probe| probe.maybe(row.state.public.service_id.as_deref()))),
    ("vpc-endpoint-id", Column::Link(|row, probe| probe.maybe(row.state.public.vpc_endpoint_id.as_deref()))),
];

fn check(topic: Option<&str>, events: &[String]) -> Ec2Result<()> {
    if let Some(topic) = topic.filter(|topic| !(topic.starts_with("arn:") && topic.split(':').nth(2) == Some("sns"))) {
        return Err(Ec2Error::invalid_value("connectionNotificationArn", topic));
    }
    let unknown = events.iter().find(|event| !matches!(event.as_str(), "Accept" | "Connect" | "Delete" | "Reject"));
    match unknown {
        Some(event) => Err(Ec2Error::invalid_value("connectionEvents", event)),
        None => Ok(()),
    }
}

pub(super) async fn create_vpc_endpoint_connection_notification(
    cx: Context,
    input: CreateVpcEndpointConnectionNotificationRequest,
) -> Ec2Result<CreateVpcEndpointConnectionNotificationResult> {
    one_of(("ServiceId", input.service_id.as_deref()), ("VpcEndpointId", input.vpc_endpoint_id.as_deref()))?;
    check(input.connection_notification_arn.as_deref(), &input.connection_events)?;
    if let Some(service) = &input.service_id {
        cx.vpc_endpoint_services.find(&cx.account, service)?;
    }
    if let Some(endpoint) = &input.vpc_endpoint_id {
        let endpoint = cx.vpc_endpoints.find(&cx.account, endpoint)?;
        if endpoint.state.is_gateway() {
            return Err(Ec2Error::invalid_parameter("Notifications are for interface endpoints only."));
        }
    }
    let id = cx.vpc_endpoint_notifications.fresh_id();
    let public = ConnectionNotification {
        connection_notification_id: Some(id.to_string()),
        service_id: input.service_id,
        vpc_endpoint_id: input.vpc_endpoint_id,
        connection_notification_type: Some("Topic".into()),
        connection_notification_arn: input.connection_notification_arn,
        connection_events: input.connection_events,
        connection_notification_state: Some("Enabled".into()),
        service_region: Some(cx.facts.name.to_owned()),
    };
    let mut batch = cx.batch();
    let state = NotificationState { public: public.clone(), tags: Vec::new() };
    batch.create(&cx.vpc_endpoint_notifications, &id, state)?;
    let response = CreateVpcEndpointConnectionNotificationResult {
        connection_notification: Some(public),
        client_token: input.client_token,
    };
    cx.commit(batch, response).await
}

pub(super) async fn modify_vpc_endpoint_connection_notification(
    cx: Context,
    input: ModifyVpcEndpointConnectionNotificationRequest,
) -> Ec2Result<ModifyVpcEndpointConnectionNotificationResult> {
    check(input.connection_notification_arn.as_deref(), &input.connection_events)?;
    let known = cx.vpc_endpoint_notifications.find(&cx.account, input.connection_notification_id())?;
    let modify =
        NotificationCommand::Modify { topic: input.connection_notification_arn, events: input.connection_events };
    cx.vpc_endpoint_notifications.ask(&known.id, modify).await?;
    Ok(ModifyVpcEndpointConnectionNotificationResult { return_value: Some(true) })
}

pub(super) async fn delete_vpc_endpoint_connection_notifications(
    cx: Context,
    input: DeleteVpcEndpointConnectionNotificationsRequest,
) -> Ec2Result<DeleteVpcEndpointConnectionNotificationsResult> {
    let mut failed = Vec::new();
    for id in &input.connection_notification_ids {
        let outcome = match cx.vpc_endpoint_notifications.find(&cx.account, id) {
            Ok(known) => cx.vpc_endpoint_notifications.ask(&known.id, NotificationCommand::Delete).await.map(drop),
            Err(error) => Err(error),
        };
        failed.extend(unsuccessful(id, outcome));
    }
    Ok(DeleteVpcEndpointConnectionNotificationsResult { unsuccessful: failed })
}

pub(super) async fn describe_vpc_endpoint_connection_notifications(
    cx: Context,
    input: DescribeVpcEndpointConnectionNotificationsRequest,
) -> Ec2Result<DescribeVpcEndpointConnectionNotificationsResult> {
    let ids: Vec<_> = input.connection_notification_id.into_iter().collect();
    let describe = Describe {
        ids: &ids,
        filters: &input.filters,
        max_results: input.max_results.filter(|_| ids.is_empty()),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpc_endpoint_notifications, FILTERS)?;
    let connection_notification_set = page.map(|known| known.state.public.clone());
    Ok(DescribeVpcEndpointConnectionNotificationsResult { connection_notification_set, next_token: page.next_token })
}
