//! What `up` says when it is ready.

use std::path::Path;

use crate::cli::TlsOptions;

/// Tells how to point a client at the gateway.
pub(crate) fn print(address: &str, tls: &TlsOptions) {
    let secure = tls.tls_cert.is_some() || tls.tls_self_signed.is_some();
    let endpoint = format!("{}://{address}", if secure { "https" } else { "http" });
    let trust = tls.tls_self_signed.as_deref().map(trusting).unwrap_or_default();
    println!(
        "\
Archipelago serves EC2 at {endpoint}. In another shell:

  export AWS_ENDPOINT_URL={endpoint}
{trust}  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_DEFAULT_REGION=us-east-1
  aws ec2 describe-vpcs

Any 12 digits as the access key are an account of their own (secret: test). Ctrl-C stops."
    );
}

fn trusting(file: &Path) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    format!("  export AWS_CA_BUNDLE={}\n", file.display())
}
