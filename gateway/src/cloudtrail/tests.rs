use crate::record::{Call, RecordConfig};
use crate::signature::Identity;

use super::*;

const ACCOUNT: &str = "123456789012";

async fn record(calls: &[(&str, &str, &str)]) -> Record {
    let record = Record::new(&toml::from_str::<RecordConfig>("keep = 100").unwrap()).unwrap();
    for (place, (account, action, volume)) in calls.iter().enumerate() {
        let identity = Identity {
            account: (*account).to_owned(),
            principal: format!("arn:aws:iam::{account}:user/alice"),
            access_key: "AKIDEXAMPLE".to_owned(),
            session: None,
        };
        let call = Call {
            request_id: "r",
            event_id: format!("event-{place}"),
            source: "ec2.amazonaws.com",
            action,
            region: "us-east-1",
            identity: Some(&identity),
            address: "192.0.2.64".to_owned(),
            user_agent: "tests".to_owned(),
            parameters: json!({ "volumeId": volume }),
            elements: Value::Null,
            error: None,
            now_ms: 1_000_000 + 1000 * i64::try_from(place).unwrap(),
        };
        record.add(call).await;
    }
    record
}

fn ask(record: &Record, question: &Value) -> Result<Value, String> {
    let answer = answer(record, "LookupEvents", question.to_string().as_bytes(), ACCOUNT, "us-east-1");
    answer.map(|bytes| serde_json::from_slice(&bytes).unwrap()).map_err(|error| error.code)
}

fn names(answer: &Value) -> Vec<&str> {
    answer["Events"].as_array().unwrap().iter().map(|event| event["EventName"].as_str().unwrap()).collect()
}

const VOLUME: &str = "vol-0123456789abcdef0";

#[tokio::test]
async fn calls_are_found_by_each_attribute_newest_first() {
    let other = "210987654321";
    let calls = [(ACCOUNT, "A", ""), (other, "B", ""), (ACCOUNT, "DescribeX", VOLUME), (ACCOUNT, "A", VOLUME)];
    let record = record(&calls).await;
    assert_eq!(names(&ask(&record, &json!({})).unwrap()), ["A", "DescribeX", "A"]);
    for (key, value, found) in [
        ("EventName", "A", 2),
        ("EventName", "B", 0),
        ("ReadOnly", "true", 1),
        ("Username", "alice", 3),
        ("ResourceName", VOLUME, 2),
        ("ResourceType", "AWS::EC2::Volume", 2),
        ("ResourceType", "AWS::EC2::VPC", 0),
        ("EventSource", "ec2.amazonaws.com", 3),
        ("AccessKeyId", "AKIDEXAMPLE", 3),
        ("EventId", "none", 0),
    ] {
        let question = json!({ "LookupAttributes": [{ "AttributeKey": key, "AttributeValue": value }] });
        assert_eq!(names(&ask(&record, &question).unwrap()).len(), found, "{key}={value}");
    }
    assert_eq!(names(&ask(&record, &json!({ "StartTime": 1002.0, "EndTime": 1002.5 })).unwrap()), ["DescribeX"]);
}

#[tokio::test]
async fn pages_hold_together_while_calls_go_on() {
    let record = record(&[(ACCOUNT, "A", ""), (ACCOUNT, "B", ""), (ACCOUNT, "C", "")]).await;
    let first = ask(&record, &json!({ "MaxResults": 2 })).unwrap();
    assert_eq!(names(&first), ["C", "B"]);
    let second = ask(&record, &json!({ "MaxResults": 2, "NextToken": first["NextToken"] })).unwrap();
    assert_eq!(names(&second), ["A"]);
    assert_eq!(second.get("NextToken"), None);
    let other = json!({ "StartTime": 0, "NextToken": first["NextToken"] });
    assert_eq!(ask(&record, &other).unwrap_err(), "InvalidNextTokenException");
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let record = record(&[]).await;
    let attribute = json!({ "AttributeKey": "Mood", "AttributeValue": "x" });
    for (question, code) in [
        (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
        (json!({ "StartTime": 2, "EndTime": 1 }), "InvalidTimeRangeException"),
        (json!({ "LookupAttributes": [attribute] }), "InvalidLookupAttributesException"),
        (json!({ "LookupAttributes": [attribute, attribute] }), "InvalidLookupAttributesException"),
        (json!({ "EventCategory": "x" }), "InvalidEventCategoryException"),
        (json!({ "MaxResults": "many" }), "SerializationException"),
        (json!({ "NextToken": "x" }), "InvalidNextTokenException"),
    ] {
        assert_eq!(ask(&record, &question).unwrap_err(), code);
    }
    record.keep(0);
    assert_eq!(ask(&record, &json!({})).unwrap_err(), "UnsupportedOperationException");
}

#[tokio::test]
async fn the_oldest_calls_are_forgotten_first() {
    let record = record(&[(ACCOUNT, "A", ""), (ACCOUNT, "B", ""), (ACCOUNT, "C", "")]).await;
    record.keep(2);
    assert_eq!(names(&ask(&record, &json!({})).unwrap()), ["C", "B"]);
    assert_eq!(record.len(), 2);
}
