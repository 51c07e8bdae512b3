//! Requests over a real socket to a fake node and back.

mod support;

use support::http::{recorded, signed};
use support::{Door, Line, Sandbox};

use archipelago_gateway::{AuthMode, Limits};

const DESCRIBE: &str = "Action=DescribeTags&Version=2014-10-01";

#[tokio::test]
async fn a_signed_request_reaches_its_regions_node_and_returns_as_xml() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.send(&recorded("v4-header")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml;charset=UTF-8")));
    let id = answer.header("x-amzn-requestid").unwrap();
    let start = "<DescribeTagsResponse xmlns=\"http://ec2.amazonaws.com/doc/2014-10-01/\">";
    let items =
        "<item><key>a&lt;b</key><value>000000000000</value></item><item><key>c</key><value>000000000000</value></item>";
    let expected = format!("{start}<requestId>{id}</requestId><tagSet>{items}</tagSet></DescribeTagsResponse>");
    assert_eq!(answer.body.split_once('\n').unwrap().1, expected);

    let caller = sandbox.node.seen.callers.lock().unwrap().pop().unwrap();
    assert_eq!((caller.account.as_str(), caller.access_key.as_str()), ("000000000000", "test"));
    assert_eq!((caller.request_id.as_str(), caller.version.as_str()), (id, "2014-10-01"));
    assert_eq!((caller.source_address.as_str(), caller.dry_run), ("127.0.0.1", false));
    let filter = sandbox.node.seen.filters.lock().unwrap().pop().unwrap();
    assert_eq!((filter.name.as_deref(), filter.values), (Some("tag:a b+c"), vec!["~é*/".to_owned()]));
}

#[tokio::test]
async fn every_kind_of_signature_is_accepted() {
    let sandbox = Sandbox::start().await;
    for name in ["v4-header-token", "v4-presigned-token", "v2-get", "v2-post-token", "v2-sha1-expires"] {
        let answer = sandbox.send(&recorded(name)).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    }
    let principals: Vec<_> = sandbox.node.seen.callers.lock().unwrap().iter().map(|c| c.principal.clone()).collect();
    assert_eq!(principals[0], "arn:aws:iam::123456789012:user/alice");
    assert_eq!(principals[2], "arn:aws:iam::000000000000:root");
}

#[tokio::test]
async fn a_changed_request_is_an_auth_failure() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.send(&recorded("v4-header").replace("tag%3Aa", "tag%3Ab")).await;
    assert_eq!(answer.error(), (401, "AuthFailure"));
    assert_eq!(answer.text("Message"), "AWS was not able to validate the provided access credentials");
}

#[tokio::test]
async fn errors_of_the_node_arrive_as_they_are() {
    let sandbox = Sandbox::permissive().await;
    let query = "/?Action=CreateTags&Version=2016-11-15&Tag.1.Key=a&ResourceId.1=";
    let answer = sandbox.get(&format!("{query}i-2")).await;
    assert_eq!(answer.error(), (400, "InvalidInstanceID.NotFound"));
    assert_eq!(answer.text("Message"), "The instance ID 'i-2' does not exist");
    let answer = sandbox.get(&format!("{query}i-2&DryRun=true")).await;
    assert_eq!(answer.error(), (412, "DryRunOperation"));
    let answer = sandbox.get(&format!("{query}i-1")).await;
    assert_eq!((answer.status, answer.text("return")), (200, "true"));
}

#[tokio::test]
async fn a_region_without_a_node_is_unavailable() {
    let sandbox = Sandbox::permissive().await;
    for (region, message) in [
        ("us-west-2", "The region us-west-2 cannot be reached at the moment. Please try again."),
        ("ap-south-1", "No node serves the region ap-south-1 here."),
    ] {
        let credential = format!("X-Amz-Credential=test/20141001/{region}/ec2/aws4_request");
        let answer = sandbox.get(&format!("/?{DESCRIBE}&{credential}")).await;
        assert_eq!(answer.error(), (503, "Unavailable"));
        assert_eq!(answer.text("Message"), message);
    }
}

#[tokio::test]
async fn the_host_names_the_region_where_no_credential_does() {
    let sandbox = Sandbox::permissive().await;
    let request = |host: &str| format!("GET /?{DESCRIBE} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert_eq!(sandbox.send(&request("ec2.eu-west-1.amazonaws.com")).await.status, 200);
    assert_eq!(sandbox.send(&request("us-west-2.localhost:4566")).await.error(), (503, "Unavailable"));
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_an_ec2_error() {
    let sandbox = Sandbox::permissive().await;
    for (target, code) in [
        ("/", "MissingAction"),
        ("/some/where?x=y", "MissingAction"),
        ("/?Action=DescribeTags", "MissingParameter"),
        ("/?Action=DescribeTags&Version=2014-10-02", "NoSuchVersion"),
        ("/?Action=FlyToTheMoon&Version=2014-10-01", "InvalidAction"),
        ("/?Action=DescribeTags&Version=2014-10-01&Foo=1", "UnknownParameter"),
        ("/?Action=DescribeTags&Version=2014-10-01&Filter.999999999.Nme=x", "UnknownParameter"),
        ("/?Action=DescribeTags&Version=2014-10-01&MaxResults=x", "InvalidParameterValue"),
        ("/?Action=DescribeTags&Version=2014-10-01&DryRun=maybe", "InvalidParameterValue"),
        ("/?Action=DescribeTags&Version=2014-10-01&NextToken=%zz", "MalformedQueryString"),
        ("/?Action=DescribeTags&Version=2014-10-01&NextToken=%ff", "MalformedQueryString"),
        ("/?Action=DescribeTags&Version=2014-10-01&NextToken=a&NextToken=b", "MalformedQueryString"),
        ("/?Action=DescribeTags&Version=2014-10-01&=", "MalformedQueryString"),
        ("/?Action=CreateTags&Version=2014-10-01&ResourceId.1=i-1", "MissingParameter"),
        ("/?Action=DescribeTags&Version=2014-10-01&X-Amz-Credential=test/1/moon/ec2/aws4_request", "AuthFailure"),
    ] {
        assert_eq!(sandbox.get(target).await.error().1, code, "{target}");
    }
    let soap = sandbox.post("/", "Content-Type: text/xml\r\nSOAPAction: \"x\"\r\n", "<Envelope/>").await;
    assert_eq!(soap.error(), (400, "UnsupportedProtocol"));
    assert!(sandbox.node.seen.callers.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_without_credentials_is_told_so() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get(&format!("/?{DESCRIBE}")).await.error(), (403, "MissingAuthenticationToken"));
    assert_eq!(sandbox.get(&format!("/?{DESCRIBE}&AWSAccessKeyId=test")).await.error().1, "IncompleteSignature");
}

#[tokio::test]
async fn too_much_of_anything_is_refused() {
    let limits = Limits { body: 1000, parameters: 10, headers: 1000, ..Limits::default() };
    let sandbox = Sandbox::with(limits, AuthMode::Permissive).await;
    let answer = sandbox.post("/", "", &"a=b&".repeat(11)).await;
    assert_eq!(answer.error(), (400, "MalformedQueryString"));
    let answer = sandbox.post("/", "", &"a".repeat(1001)).await;
    assert_eq!(answer.error(), (413, "RequestEntityTooLarge"));
    let answer = sandbox.post("/", &format!("X-Long: {}\r\n", "x".repeat(1000)), "").await;
    assert_eq!(answer.error(), (400, "InvalidRequest"));
}

#[tokio::test]
async fn url_and_body_make_one_request() {
    let sandbox = Sandbox::permissive().await;
    let answer = sandbox.post("/?Action=DescribeTags", "", "Version=2014-10-01&Filter.1.Name=key").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn more_requests_than_allowed_at_once_are_refused() {
    let sandbox = Sandbox::with(Limits { requests: 1, ..Limits::default() }, AuthMode::Permissive).await;
    let delete = "/?Action=DeleteTags&Version=2014-10-01&ResourceId.1=i-1";
    let (first, second) = tokio::join!(sandbox.get(delete), async {
        sandbox.node.seen.arrived.acquire().await.unwrap().forget();
        let second = sandbox.get(&format!("/?{DESCRIBE}")).await;
        sandbox.node.seen.released.add_permits(1);
        second
    });
    assert_eq!(second.error(), (503, "RequestLimitExceeded"));
    assert_eq!(first.status, 200);
}

#[tokio::test]
async fn a_request_under_way_is_answered_although_the_gateway_stops() {
    let sandbox = Sandbox::permissive().await;
    let (address, seen) = (sandbox.address, sandbox.node.seen.clone());
    let request = "GET /?Action=DeleteTags&Version=2014-10-01&ResourceId.1=i-1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (answer, ()) = tokio::join!(support::http::send(address, request), async {
        seen.arrived.acquire().await.unwrap().forget();
        let stopped = sandbox.door.stop();
        seen.released.add_permits(1);
        stopped.await.unwrap().unwrap();
    });
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn an_assumed_role_acts_in_its_own_account() {
    let sandbox = Sandbox::start().await;
    let assume = [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::210987654321:role/deploy"),
        ("RoleSessionName", "run7"),
    ];
    let answer = sandbox.get(&signed("123456789012", "test", None, &assume)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (key, secret, token) =
        (answer.text("AccessKeyId"), answer.text("SecretAccessKey"), answer.text("SessionToken"));
    let describe = [("Action", "DescribeTags"), ("Version", "2014-10-01")];
    assert_eq!(sandbox.get(&signed(key, secret, Some(token), &describe)).await.status, 200);
    let caller = sandbox.node.seen.callers.lock().unwrap().pop().unwrap();
    assert_eq!(caller.account, "210987654321");
    assert_eq!(caller.principal, "arn:aws:sts::210987654321:assumed-role/deploy/run7");
    assert_eq!(sandbox.get(&signed(key, secret, None, &describe)).await.error(), (401, "AuthFailure"));
}

#[tokio::test]
async fn sts_refuses_in_its_own_shape() {
    let sandbox = Sandbox::start().await;
    let query = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
    let answer = sandbox.get(&signed("test", "wrong", None, &query)).await;
    assert_eq!((answer.status, answer.text("Code")), (403, "SignatureDoesNotMatch"));
    assert!(
        answer
            .body
            .starts_with("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender")
    );
    let answer = sandbox.get(&signed("nobody", "test", None, &query)).await;
    assert_eq!((answer.status, answer.text("Code")), (403, "InvalidClientTokenId"));
    let answer = sandbox.get(&signed("test", "test", None, &query)).await;
    assert_eq!((answer.status, answer.text("Account")), (200, "000000000000"));
}

#[tokio::test]
async fn a_node_that_dies_under_a_request_is_unavailable_and_the_next_one_is_found() {
    let sandbox = Sandbox::permissive().await;
    let line = Line::to(sandbox.node.address).await;
    let gateway = Door::open(line.address, Limits::default(), AuthMode::Permissive).await;
    let delete = "/?Action=DeleteTags&Version=2014-10-01&ResourceId.1=i-1";
    let (answer, ()) = tokio::join!(gateway.get(delete), async {
        sandbox.node.seen.arrived.acquire().await.unwrap().forget();
        line.cut().await;
    });
    assert_eq!(answer.error(), (503, "Unavailable"));
    assert_eq!(gateway.get(&format!("/?{DESCRIBE}")).await.status, 200);
}
