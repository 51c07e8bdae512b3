//! DescribeImages: which images, of all that the caller may launch.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{DescribeImagesRequest, DescribeImagesResult};

use super::create::iso;
use super::filters::{FILTERS, ImageRow};
use super::find::{check, not_found};
use super::state::{DEREGISTERED, DISABLED};
use super::{ImageState, visible};
use crate::entity::{Published, Shelf};
use crate::request::{Context, Describe, check_account};

/// The owners that have a name beside their accounts.
const ALIASES: [&str; 4] = ["amazon", "aws-marketplace", "aws-backup-vault", "microsoft"];

pub(super) fn describe(cx: &Context, input: &DescribeImagesRequest) -> Ec2Result<DescribeImagesResult> {
    let words = [&["self"][..], &ALIASES].concat();
    input.owners.iter().try_for_each(|owner| check_account(owner, &words))?;
    input.executable_users.iter().try_for_each(|user| check_account(user, &["self", "all"]))?;
    check_ids(cx, &input.image_ids)?;

    let describe = Describe {
        ids: &input.image_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&input.owners, &input.executable_users],
        sizes: 1..=1000,
    };
    let shelves = [Shelf::Owner(cx.account.clone()), Shelf::SharedWith(cx.account.clone()), Shelf::Everyone];
    let scope = Scope { cx, input, now: iso(cx.shell.clock.now()) };
    let by_id = !input.image_ids.is_empty();
    let seen = |image: &Published<ImageState>| by_id || scope.contains(image);
    let row = |image: Arc<Published<ImageState>>| {
        let mut public = image.state.public.clone();
        if *image.account != *cx.account {
            public.tags.clear();
        }
        ImageRow { wanted: !by_id || scope.contains(&image), public }
    };
    let page = describe.find_where(&cx.images, FILTERS, &shelves, seen, row)?;
    let images = page.items.into_iter().filter(|row| row.wanted).map(|row| row.public).collect();
    Ok(DescribeImagesResult { next_token: page.next_token, images })
}

/// Every image that is asked for by its id must be there for the caller.
fn check_ids(cx: &Context, ids: &[String]) -> Ec2Result<()> {
    ids.iter().try_for_each(|id| check(id))?;
    let mut missing = Vec::new();
    for id in ids {
        let image = cx.images.index().get(id).filter(|image| visible(&cx.account, image));
        // Terraform takes a deregistered image for deleted only if it is not found.
        if image.is_none_or(|image| image.state.is_deregistered()) {
            missing.push(id.as_str());
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(not_found(&missing)) }
}

struct Scope<'a> {
    cx: &'a Context,
    input: &'a DescribeImagesRequest,
    now: String,
}

impl Scope<'_> {
    fn contains(&self, image: &Published<ImageState>) -> bool {
        let (state, input) = (&image.state.public, self.input);
        let own = *image.account == *self.cx.account;
        let by_id = !input.image_ids.is_empty();
        let deprecated = state.deprecation_time.as_ref().is_some_and(|time| *time <= self.now);
        visible(&self.cx.account, image)
            && state.state() != DEREGISTERED
            && (state.state() != DISABLED || input.include_disabled() || by_id)
            && (!deprecated || own || input.include_deprecated() || by_id)
            && (input.owners.is_empty() || input.owners.iter().any(|owner| self.is_owner(image, owner)))
            && (input.executable_users.is_empty()
                || input.executable_users.iter().any(|user| self.may_launch(image, user)))
    }

    fn is_owner(&self, image: &Published<ImageState>, owner: &str) -> bool {
        match owner {
            "self" => *image.account == *self.cx.account,
            alias if ALIASES.contains(&alias) => image.state.public.image_owner_alias() == alias,
            account => *image.account == *account,
        }
    }

    /// By a permission of its own: the owner needs none, and everybody's is asked for as `all`.
    fn may_launch(&self, image: &Published<ImageState>, user: &str) -> bool {
        let account = match user {
            "all" => return image.state.public.public(),
            "self" => &*self.cx.account,
            account => account,
        };
        image.state.users.iter().any(|user| user == account)
    }
}
