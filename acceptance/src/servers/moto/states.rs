// SPDX-License-Identifier: MPL-2.0
//! The buckets of S3, which keep states.

use serde_json::Value;

use super::Moto;

// === impl Moto ===

impl Moto {
    /// Makes a bucket.
    pub fn make_bucket(&self, bucket: &str) {
        self.s3("PUT", bucket);
    }

    /// A state as a bucket has it; null where there is none.
    pub fn state(&self, bucket: &str, key: &str) -> Value {
        serde_json::from_str(&self.s3("GET", &format!("{bucket}/{key}"))).unwrap_or_default()
    }

    /// Sends a request without a body and answers the body, that of an error too.
    fn s3(&self, method: &str, path: &str) -> String {
        let credential = "testing/20260101/us-east-1/s3/aws4_request";
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}/{path}", self.port))
            .header(
                "Authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
                ),
            )
            .body(())
            .expect("a request");
        let mut response = self.agent.run(request).expect("the server answers");
        response.body_mut().read_to_string().expect("the server answers")
    }
}
