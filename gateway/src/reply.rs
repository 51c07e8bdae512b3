//! What goes back over HTTP: XML, whatever happened; JSON where the service speaks it.

use archipelago_proto::Ec2Error;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

use crate::encode::escape;
use crate::service::{STS_VERSION, Service};

const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.1";

pub(crate) type Reply = Response<Full<Bytes>>;

pub(crate) fn success(body: Vec<u8>, service: Service, request_id: &str) -> Reply {
    answer(StatusCode::OK, if service == Service::CloudTrail { JSON } else { XML }, body, request_id)
}

pub(crate) fn failure(error: &Ec2Error, service: Service, request_id: &str) -> Reply {
    let mut reply = match service {
        Service::Ec2 => xml(error.http_status(), ec2_error(error, request_id), request_id),
        Service::Sts => xml(sts_status(error), sts_error(error, request_id), request_id),
        Service::CloudTrail => {
            let body = json!({ "__type": error.code, "message": error.message }).to_string().into_bytes();
            answer(sts_status(error), JSON, body, request_id)
        }
    };
    if matches!(error.code.as_str(), "RequestTimeout" | "RequestEntityTooLarge") {
        // What remains of the body must not be read as another request.
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

fn xml(status: StatusCode, body: Vec<u8>, request_id: &str) -> Reply {
    answer(status, XML, body, request_id)
}

fn answer(status: StatusCode, kind: &'static str, body: Vec<u8>, request_id: &str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    reply
}

fn ec2_error(error: &Ec2Error, request_id: &str) -> Vec<u8> {
    let mut out = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>".to_vec();
    element("Code", &error.code, &mut out);
    element("Message", &error.message, &mut out);
    out.extend_from_slice(b"</Error></Errors>");
    element("RequestID", request_id, &mut out);
    out.extend_from_slice(b"</Response>");
    out
}

fn sts_error(error: &Ec2Error, request_id: &str) -> Vec<u8> {
    let mut out = format!("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{STS_VERSION}/\"><Error>").into_bytes();
    element("Type", if error.http_status().is_server_error() { "Receiver" } else { "Sender" }, &mut out);
    element("Code", &error.code, &mut out);
    element("Message", &error.message, &mut out);
    out.extend_from_slice(b"</Error>");
    element("RequestId", request_id, &mut out);
    out.extend_from_slice(b"</ErrorResponse>");
    out
}

/// STS forbids where EC2 says unauthorized.
fn sts_status(error: &Ec2Error) -> StatusCode {
    match error.code.as_str() {
        "ExpiredToken" => StatusCode::FORBIDDEN,
        _ if error.http_status() == StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        _ => error.http_status(),
    }
}

pub(crate) fn element(name: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("<{name}>").as_bytes());
    escape(text, out);
    out.extend_from_slice(format!("</{name}>").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ec2_error_has_ec2s_shape() {
        let error = ec2_error(&Ec2Error::new("A.B", "<x> & y"), "r-1");
        let expected = "<Response><Errors><Error><Code>A.B</Code><Message>&lt;x&gt; &amp; y</Message></Error></Errors>\
                        <RequestID>r-1</RequestID></Response>";
        assert!(String::from_utf8(error).unwrap().ends_with(expected));
    }

    #[test]
    fn an_sts_error_has_the_status_of_sts() {
        let reply = failure(&Ec2Error::new("SignatureDoesNotMatch", ""), Service::Sts, "r-1");
        assert_eq!(reply.status(), StatusCode::FORBIDDEN);
        let reply = failure(&Ec2Error::new("AuthFailure", ""), Service::Ec2, "r-1");
        assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    }
}
