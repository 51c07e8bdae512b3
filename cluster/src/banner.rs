//! What `up` says when it is ready.

/// Tells how to point a client at the gateway.
pub(crate) fn print(address: &str) {
    println!(
        "\
Archipelago serves EC2 at http://{address}. In another shell:

  export AWS_ENDPOINT_URL=http://{address}
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_DEFAULT_REGION=us-east-1
  aws ec2 describe-vpcs

Any 12 digits as the access key are an account of their own (secret: test). Ctrl-C stops."
    );
}
