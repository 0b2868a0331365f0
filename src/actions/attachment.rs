//! Attachments: decoded or downloaded, and measured, before an action is written down.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, LOCATION};
use url::Url;

use super::request::{AttachmentInput, Content};
use super::{Actions, Limits};
use crate::connectors::action::Attachment;
use crate::domain::{ErrorCode, Refusal};
use crate::net;

const REDIRECTS: usize = 5;
/// For one download.
const PATIENCE: Duration = Duration::from_secs(60);

impl Actions {
    /// The bytes of each attachment, and what is kept of it. `at`: where they stand in the input; `name`s are checked
    /// already.
    pub(super) async fn attachments(
        &self,
        inputs: &[AttachmentInput],
        at: impl Fn(usize) -> Vec<String>,
    ) -> Result<(Vec<Attachment>, Vec<Bytes>), Vec<Refusal>> {
        let limits = self.0.options.limits;
        let (mut kept, mut files, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let mut total = 0;
        for (position, input) in inputs.iter().enumerate() {
            match self.attachment(input, &at(position)).await {
                Ok((content_type, bytes)) => {
                    total += bytes.len();
                    kept.push(Attachment {
                        name: input.name.trim().to_owned(),
                        r#type: input.r#type,
                        content_type,
                        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                        hash: blake3::hash(&bytes).to_hex().to_string(),
                    });
                    files.push(bytes);
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        if total > limits.attachments {
            let message = format!("all attachments together are larger than {} bytes", limits.attachments);
            refusals.push(Refusal::new(ErrorCode::AttachmentTooLarge, message).at(&["input", "attachments"]));
        }
        if refusals.is_empty() { Ok((kept, files)) } else { Err(refusals) }
    }

    async fn attachment(&self, input: &AttachmentInput, at: &[String]) -> Result<(String, Bytes), Refusal> {
        let limits = self.0.options.limits;
        let refuse = |code, name: &str, message: String| {
            let mut refusal = Refusal::new(code, message);
            refusal.field = at.iter().cloned().chain([name.to_owned()]).collect();
            Err(refusal)
        };
        match &input.content {
            Content::Unclear => {
                let mut refusal = Refusal::new(ErrorCode::InputInvalid, "needs exactly one of data and dataUrl");
                refusal.field = at.to_vec();
                Err(refusal)
            }
            Content::Data(data) => {
                let Some(content_type) = &input.content_type else {
                    return refuse(ErrorCode::InputInvalid, "contentType", "is required with data".to_owned());
                };
                // Four characters of base64 are three bytes.
                if data.len() / 4 > limits.attachment / 3 + 1 {
                    return refuse(ErrorCode::AttachmentTooLarge, "data", too_large(limits));
                }
                let text: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                match STANDARD.decode(text) {
                    Ok(bytes) if bytes.is_empty() => {
                        refuse(ErrorCode::InputInvalid, "data", "must not be empty".to_owned())
                    }
                    Ok(bytes) if bytes.len() > limits.attachment => {
                        refuse(ErrorCode::AttachmentTooLarge, "data", too_large(limits))
                    }
                    Ok(bytes) => Ok((content_type.clone(), bytes.into())),
                    Err(_) => refuse(ErrorCode::InputInvalid, "data", "must be base64".to_owned()),
                }
            }
            Content::Url(url) => match self.download(url).await {
                Ok((answered, bytes)) => {
                    let guessed = || mime_guess::from_path(&input.name).first_or_octet_stream().to_string();
                    let content_type = input.content_type.clone().or(answered).unwrap_or_else(guessed);
                    Ok((content_type, bytes))
                }
                Err((code, message)) => refuse(code, "dataUrl", message),
            },
        }
    }

    /// What lies at the address, and its media type when the server says a useful one.
    async fn download(&self, url: &str) -> Result<(Option<String>, Bytes), (ErrorCode, String)> {
        let refused = |message: &str| (ErrorCode::AttachmentUrlRefused, message.to_owned());
        let unreachable = |message: String| (ErrorCode::AttachmentUrlUnreachable, message);
        let mut url = Url::parse(url).map_err(|_| refused("must be an https URL"))?;
        for _ in 0..=REDIRECTS {
            let request = net::Request { timeout: Some(PATIENCE), ..net::Request::new(Method::GET, url.clone()) };
            let response = self.0.options.downloads.send(request).await.map_err(|error| match error {
                net::Error::Refused(_) => refused(&error.to_string()),
                net::Error::TooLarge(_) => (ErrorCode::AttachmentTooLarge, too_large(self.0.options.limits)),
                _ => unreachable(error.to_string()),
            })?;
            if response.status.is_redirection() {
                let to = response.headers.get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
                url = to.ok_or_else(|| unreachable("the address redirects to nowhere".to_owned()))?;
                continue;
            }
            if !response.status.is_success() {
                return Err(unreachable(format!("the address answers with status {}", response.status.as_u16())));
            }
            if response.body.is_empty() {
                return Err(unreachable("the address answers without content".to_owned()));
            }
            let content_type = response.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let useful = content_type.filter(|text| !text.starts_with("application/octet-stream") && !text.is_empty());
            return Ok((useful.map(str::to_owned), response.body));
        }
        Err(unreachable("the address redirects too often".to_owned()))
    }
}

fn too_large(limits: Limits) -> String {
    format!("an attachment may have {} bytes at most", limits.attachment)
}
