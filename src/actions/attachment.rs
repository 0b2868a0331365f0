//! Attachments: decoded or downloaded, and measured, before an action is written down.

use std::time::Duration;

use http::Method;
use http::header::{CONTENT_TYPE, LOCATION};
use url::Url;

use super::request::{AttachmentInput, Content};
use super::spool::{NotSpooled, Spool, Spooled};
use super::{Actions, Error, Limits, kind};
use crate::connectors::action::Attachment;
use crate::domain::{ErrorCode, Refusal};
use crate::net;

const REDIRECTS: usize = 5;
/// For one download.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no file.
enum Unread {
    /// In the words for the caller, at this field of the attachment; none: at the attachment.
    Refused(ErrorCode, Option<&'static str>, String),
    Ours(std::io::Error),
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Self::Ours(error)
    }
}

impl Actions {
    /// Each attachment as a file, and what is kept of it. `at`: where they stand in the input; `name`s are checked
    /// already.
    pub(super) async fn attachments(
        &self,
        inputs: &[AttachmentInput],
        at: impl Fn(usize) -> Vec<String>,
    ) -> Result<Result<(Vec<Attachment>, Vec<Spooled>), Vec<Refusal>>, Error> {
        let limits = self.0.options.limits;
        let (mut kept, mut files, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let mut left = limits.attachments;
        for (position, input) in inputs.iter().enumerate() {
            match self.attachment(input).await {
                Ok((_, file)) if file.size > left => {
                    let message = format!("all attachments together are larger than {} bytes", limits.attachments);
                    refusals.push(Refusal::new(ErrorCode::AttachmentTooLarge, message).at(&["input", "attachments"]));
                    break;
                }
                Ok((content_type, file)) => {
                    left -= file.size;
                    kept.push(Attachment {
                        name: input.name.trim().to_owned(),
                        r#type: input.r#type,
                        content_type,
                        size: file.size,
                        hash: file.hash.clone(),
                    });
                    files.push(file);
                }
                Err(Unread::Refused(code, field, message)) => {
                    let field = at(position).into_iter().chain(field.map(str::to_owned)).collect();
                    refusals.push(Refusal { field, ..Refusal::new(code, message) });
                }
                Err(Unread::Ours(failure)) => return Err(Error::Spool(failure)),
            }
        }
        Ok(if refusals.is_empty() { Ok((kept, files)) } else { Err(refusals) })
    }

    async fn attachment(&self, input: &AttachmentInput) -> Result<(String, Spooled), Unread> {
        let limits = self.0.options.limits;
        let refused = |field, message: &str| Unread::Refused(ErrorCode::InputInvalid, field, message.to_owned());
        match &input.content {
            Content::Unclear => Err(refused(None, "needs exactly one of data and dataUrl")),
            Content::Data(data) => {
                let content_type = input.content_type.clone();
                let content_type = content_type.ok_or_else(|| refused(Some("contentType"), "is required with data"))?;
                let mut spool = Spool::new(limits.attachment)?;
                spool.write_base64(data).await.map_err(|failure| unspooled(failure, "data", limits))?;
                match spool.end().await? {
                    file if file.size == 0 => Err(refused(Some("data"), "must not be empty")),
                    file => Ok((content_type, file)),
                }
            }
            Content::Url(url) => {
                let (answered, file) = self.download(url).await?;
                let told = || kind::of(answered.as_deref(), &file.head, &input.name);
                Ok((input.content_type.clone().unwrap_or_else(told), file))
            }
        }
    }

    /// What lies at the address, and the media type that the server says.
    async fn download(&self, url: &str) -> Result<(Option<String>, Spooled), Unread> {
        let limits = self.0.options.limits;
        let at_url = |code, message: String| Unread::Refused(code, Some("dataUrl"), message);
        let unreachable = |message: &str| at_url(ErrorCode::AttachmentUrlUnreachable, message.to_owned());
        let failed = |error: net::Error| match error {
            net::Error::Refused(_) => at_url(ErrorCode::AttachmentUrlRefused, error.to_string()),
            net::Error::TooLarge(_) => at_url(ErrorCode::AttachmentTooLarge, too_large(limits)),
            _ => unreachable(&error.to_string()),
        };
        let invalid = || at_url(ErrorCode::AttachmentUrlRefused, "must be an https URL".to_owned());
        let mut url = Url::parse(url).map_err(|_| invalid())?;
        for _ in 0..=REDIRECTS {
            let request = net::Request { timeout: Some(PATIENCE), ..net::Request::new(Method::GET, url.clone()) };
            let mut incoming = self.0.options.downloads.open(request).await.map_err(failed)?;
            if incoming.status.is_redirection() {
                let to = incoming.headers.get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
                url = to.ok_or_else(|| unreachable("the address redirects to nowhere"))?;
                continue;
            }
            if !incoming.status.is_success() {
                return Err(unreachable(&format!("the address answers with status {}", incoming.status.as_u16())));
            }
            if incoming.length().is_some_and(|length| length > limits.attachment) {
                return Err(at_url(ErrorCode::AttachmentTooLarge, too_large(limits)));
            }
            let mut spool = Spool::new(limits.attachment)?;
            while let Some(piece) = incoming.piece().await.map_err(failed)? {
                spool.write(&piece).await.map_err(|failure| unspooled(failure, "dataUrl", limits))?;
            }
            let file = spool.end().await?;
            if file.size == 0 {
                return Err(unreachable("the address answers without content"));
            }
            let content_type = incoming.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            return Ok((content_type.map(str::to_owned), file));
        }
        Err(unreachable("the address redirects too often"))
    }
}

fn unspooled(failure: NotSpooled, field: &'static str, limits: Limits) -> Unread {
    match failure {
        NotSpooled::TooLarge => Unread::Refused(ErrorCode::AttachmentTooLarge, Some(field), too_large(limits)),
        NotSpooled::NotBase64 => Unread::Refused(ErrorCode::InputInvalid, Some(field), "must be base64".to_owned()),
        NotSpooled::Failed(failure) => Unread::Ours(failure),
    }
}

fn too_large(limits: Limits) -> String {
    format!("an attachment may have {} bytes at most", limits.attachment)
}
