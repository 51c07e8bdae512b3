//! Restricted callers at the door. What their requests are about is the node's to say, and is tested with real nodes.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use archipelago_gateway::{Config, FixedClock, Gateway, Identities, Key, Keyring, StaticNodes, check_policy};
use archipelago_proto::token::ClusterToken;
use archipelago_proto::topology::Topology;
use serde_json::json;
use tokio::net::TcpListener;

use support::NOW;
use support::http::{Answer, send, signed};
use support::node::Node;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

/// A gateway at some time, in front of a node, for alice, who may describe tags and assume a role that may as much.
async fn door(node: &Node, now_ms: i64) -> SocketAddr {
    let mut topology = Topology::default();
    topology.insert("us-east-1", node.address.to_string());
    let allow = json!([{ "Effect": "Allow", "Action": ["ec2:DescribeTags", "sts:AssumeRole"], "Resource": "*" }]);
    let policy = json!({ "Version": "2012-10-17", "Statement": allow });
    let trust = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "123456789012" } });
    let identities: Identities = serde_json::from_value(json!({
        "users": [{ "account": "123456789012", "name": "alice", "inline": [policy] }],
        "roles": [{ "account": "123456789012", "name": "deploy", "inline": [policy],
                    "trust": { "Version": "2012-10-17", "Statement": [trust] } }],
    }))
    .unwrap();
    let keyring = Keyring::new(b"cluster");
    keyring.add(Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: "secret".into(),
        account: "123456789012".into(),
        principal: Some("arn:aws:iam::123456789012:user/alice".into()),
        session_token: None,
    });
    let config = Config { identities, cluster_token: ClusterToken::new("cluster"), ..Config::default() };
    let nodes = Arc::new(StaticNodes::new(&topology, None).unwrap());
    let gateway = Gateway::new(config, keyring, nodes, Arc::new(FixedClock(now_ms))).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    address
}

async fn get(door: SocketAddr, target: &str) -> Answer {
    send(door, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

#[tokio::test]
async fn where_no_policy_looks_at_resources_the_node_is_asked_only_for_the_answer() {
    let node = Node::start().await;
    let door = door(&node, NOW).await;
    let describe = signed("AKIDEXAMPLE", "secret", None, &[("Action", "DescribeTags"), ("Version", "2016-11-15")]);
    assert_eq!(get(door, &describe).await.status, 200);
    assert_eq!(node.seen.callers.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_is_refused_once_it_has_ended() {
    let node = Node::start().await;
    let query = [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "run7"),
        ("DurationSeconds", "900"),
    ];
    let answer = get(door(&node, NOW).await, &signed("AKIDEXAMPLE", "secret", None, &query)).await;
    let (key, secret) = (answer.text("AccessKeyId").to_owned(), answer.text("SecretAccessKey").to_owned());
    let token = answer.text("SessionToken").to_owned();
    let ask = |query: &[(&str, &str)]| signed(&key, &secret, Some(&token), query);
    let describe = ask(&[("Action", "DescribeTags"), ("Version", "2016-11-15")]);
    let who = ask(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);

    let before = door(&node, NOW + 899_000).await;
    assert_eq!(get(before, &describe).await.status, 200);
    assert_eq!(get(before, &who).await.text("Arn"), "arn:aws:sts::123456789012:assumed-role/deploy/run7");
    let after = door(&node, NOW + 900_000).await;
    assert_eq!(get(after, &describe).await.error(), (400, "RequestExpired"));
    let refused = get(after, &who).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "ExpiredToken"));
}

#[test]
fn any_text_is_a_policy_or_a_reason() {
    assert_eq!(check_policy(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#), Ok(()));
    let endless = "[".repeat(1 << 20);
    for text in ["", "null", "{\"Statement\":", &endless, &"x".repeat(10_240), "{\"Statement\":{\"Effect\":1}}"] {
        assert!(check_policy(text).is_err());
    }
}
