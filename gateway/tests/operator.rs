//! The pages beside the API.

mod support;

use support::Sandbox;

#[tokio::test]
async fn a_gateway_is_alive_and_ready() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/livez").await.status, 200);
    assert_eq!(sandbox.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn health_tells_each_regions_state() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.get("/_archipelago/health").await;
    let expected = "{\"gateway\":\"serving\",\"regions\":\
        {\"eu-west-1\":\"serving\",\"us-east-1\":\"serving\",\"us-west-2\":\"unreachable\"}}";
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
}

#[tokio::test]
async fn a_reset_reaches_every_node() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.post("/_archipelago/reset?account=123456789012", "", "").await;
    // Two regions did it; the third has no node.
    assert_eq!(answer.status, 503);
    assert_eq!(*sandbox.node.seen.resets.lock().unwrap(), ["123456789012", "123456789012"]);
    let answer = sandbox.post("/_archipelago/reset?region=us-east-1", "", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"regions\":{\"us-east-1\":\"reset\"}}"));
    assert_eq!(sandbox.post("/_archipelago/reset?account=bob", "", "").await.status, 400);
}

#[tokio::test]
async fn the_clock_is_read_and_set() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.get("/_archipelago/clock?region=us-east-1").await;
    let expected =
        "{\"regions\":{\"us-east-1\":{\"now\":\"2014-10-01T12:00:00Z\",\"now_ms\":1412164800000,\"scale\":1.0}}}";
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    let answer = sandbox.post("/_archipelago/clock?region=us-east-1", "", "advance=1.5&scale=0").await;
    assert_eq!(answer.status, 200);
    let change = sandbox.node.seen.clocks.lock().unwrap().pop().unwrap();
    assert_eq!((change.advance_ms, change.scale), (1500, Some(0.0)));
    assert_eq!(sandbox.get("/_archipelago/clock?region=moon").await.status, 400);
    for wrong in ["", "advance=-1", "scale=fast", "advance=1e300"] {
        assert_eq!(sandbox.post("/_archipelago/clock", "", wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn capacity_is_read_and_bounded() {
    let sandbox = Sandbox::start().await;
    let form = "zone=us-east-1a&instance_type=t3.*&market=spot&limit=3";
    let answer = sandbox.post("/_archipelago/capacity?region=us-east-1", "", form).await;
    let expected = "{\"regions\":{\"us-east-1\":{\"bounds\":[{\"instance_type\":\"t3.*\",\"limit\":3,\"market\":\"spot\",\
        \"zone\":\"us-east-1a\"}],\"pools\":[]}}}";
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    sandbox.post("/_archipelago/capacity?region=us-east-1", "", "limit=none").await;
    let asked = sandbox.node.seen.capacities.lock().unwrap().pop().unwrap();
    let bound = &asked.bounds[0];
    assert_eq!((bound.zone.as_str(), bound.instance_type.as_str(), bound.limit), ("*", "*", None));
    sandbox.post("/_archipelago/capacity?region=us-east-1", "", "unbound=true").await;
    assert!(sandbox.node.seen.capacities.lock().unwrap().pop().unwrap().unbound);
    for wrong in ["", "limit=-1", "limit=many", "limit=1&market=futures", "unbound=maybe"] {
        assert_eq!(sandbox.post("/_archipelago/capacity", "", wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn spot_instances_are_interrupted_by_region_and_id() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.post("/_archipelago/spot/interrupt?region=us-east-1", "", "instance_id=i-1,i-2").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"regions\":{\"us-east-1\":\"interrupting\"}}"));
    assert_eq!(*sandbox.node.seen.interruptions.lock().unwrap(), ["i-1", "i-2"]);
    assert_eq!(sandbox.post("/_archipelago/spot/interrupt?region=us-east-1", "", "").await.status, 400);
    assert_eq!(sandbox.post("/_archipelago/spot/interrupt", "", "instance_id=i-1").await.status, 400);
}

#[tokio::test]
async fn requests_are_counted_by_action_account_and_region() {
    let sandbox = Sandbox::permissive().await;
    sandbox.get("/?Action=DescribeTags&Version=2014-10-01").await;
    sandbox.get("/?Action=Nonsense&Version=2014-10-01").await;
    let text = sandbox.get("/metrics").await.body;
    let labels = "action=\"DescribeTags\",account=\"000000000000\",region=\"us-east-1\"";
    assert!(text.contains(&format!("archipelago_requests_total{{{labels}}} 1")), "{text}");
    assert!(text.contains("archipelago_errors_total{action=\"\",code=\"InvalidAction\"} 1"), "{text}");
    assert!(text.contains("archipelago_requests_in_flight 0"), "{text}");
    assert!(!text.contains("Nonsense"));
}

#[tokio::test]
async fn other_pages_do_not_exist() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/_archipelago/secrets").await.status, 404);
    assert_eq!(sandbox.get("/_archipelago/reset").await.status, 405);
}
