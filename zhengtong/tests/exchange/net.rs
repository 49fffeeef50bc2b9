//! HTTP as a client sees it.

use reqwest::Client;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The reason of a refusal, which must be a problem (RFC 9457) with the same status, and release nothing.
    pub fn reason(&self) -> String {
        let problem = self.json();
        assert!(self.status >= 400, "{}", self.text);
        assert_eq!(problem["status"], self.status, "{}", self.text);
        assert!(
            problem["type"]
                .as_str()
                .unwrap_or_default()
                .starts_with("urn:zhengtong:"),
            "{}",
            self.text
        );
        assert!(!self.text.contains("sealed\":"), "{}", self.text);
        let kind = problem["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }
}

pub async fn send(method: &str, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Answer {
    let mut request = Client::new().request(method.parse().unwrap(), url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    Answer {
        status,
        text: response.text().await.unwrap(),
    }
}

pub async fn post(url: &str, headers: &[(String, String)], body: &Value) -> Answer {
    send("POST", url, headers, body.to_string().into_bytes()).await
}
