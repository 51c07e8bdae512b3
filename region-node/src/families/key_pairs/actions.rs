//! The actions on key pairs (reference: "Key Pairs").

use archipelago_proto::ec2::v1::{
    CreateKeyPairRequest, DeleteKeyPairRequest, DeleteKeyPairResult, DescribeKeyPairsRequest, DescribeKeyPairsResult,
    ImportKeyPairRequest, ImportKeyPairResult, KeyPair, KeyPairInfo, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::KeyPairState;
use super::filters::FILTERS;
use super::generate::{Format, generate};
use super::import;
use super::names::{claim, disclaim, named};
use super::public::Public;
use super::state::KeyPairCommand;
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::request::{Action, Context, Describe, one_of, required, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_key_pair),
        Action::new(import_key_pair),
        Action::new(describe_key_pairs),
        Action::new(delete_key_pair),
    ]
}

async fn create_key_pair(cx: Context, input: CreateKeyPairRequest) -> Ec2Result<KeyPair> {
    let kind = &KeyPairState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let name = key_name(input.key_name.as_deref())?;
    let format = if input.key_format.as_deref() == Some("ppk") { Format::Ppk } else { Format::Pem };
    let id = cx.key_pairs.fresh_id();
    // The name first: making a key only to find its name taken is a waste.
    let undo = reserve(&cx, name, &id).await?;
    let outcome = async {
        let made = generate(input.key_type.as_deref().unwrap_or("rsa"), format, name).await?;
        let public = info(&cx, &id, name, &made.public, made.fingerprint, tags)?;
        let response = KeyPair {
            key_pair_id: public.key_pair_id.clone(),
            tags: public.tags.clone(),
            key_name: public.key_name.clone(),
            key_fingerprint: public.key_fingerprint.clone(),
            key_material: Some(made.material),
        };
        let mut batch = cx.batch();
        batch.create(&cx.key_pairs, &id, KeyPairState { public })?;
        cx.commit(batch, response).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

async fn import_key_pair(cx: Context, input: ImportKeyPairRequest) -> Ec2Result<ImportKeyPairResult> {
    let kind = &KeyPairState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let name = key_name(input.key_name.as_deref())?;
    let key = import::read(input.public_key_material())?;
    let fingerprint = key.imported_fingerprint().ok_or_else(Ec2Error::internal)?;
    let id = cx.key_pairs.fresh_id();
    let public = info(&cx, &id, name, &key, fingerprint, tags)?;
    let undo = reserve(&cx, name, &id).await?;
    let outcome = async {
        let response = ImportKeyPairResult {
            key_fingerprint: public.key_fingerprint.clone(),
            key_name: public.key_name.clone(),
            key_pair_id: public.key_pair_id.clone(),
            tags: public.tags.clone(),
        };
        let mut batch = cx.batch();
        batch.create(&cx.key_pairs, &id, KeyPairState { public })?;
        cx.commit(batch, response).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

/// AWS: up to 255 ASCII characters, without spaces at the ends.
fn key_name(name: Option<&str>) -> Ec2Result<&str> {
    let name = required("KeyName", name.filter(|name| !name.is_empty()))?;
    if name.len() > 255 || !name.is_ascii() || name.trim() != name || name.contains(|c: char| c.is_ascii_control()) {
        return Err(Ec2Error::invalid_value("KeyName", name));
    }
    Ok(name)
}

async fn reserve(cx: &Context, name: &str, id: &Id) -> Ec2Result<Undo> {
    claim(&cx.region, &cx.account, name, id).await?;
    let mut undo = Undo::default();
    let (cx, name, id) = (cx.clone(), name.to_owned(), id.clone());
    undo.push(async move { disclaim(&cx.region, &cx.account, &name, &id).await });
    Ok(undo)
}

fn info(
    cx: &Context,
    id: &Id,
    name: &str,
    key: &Public,
    fingerprint: String,
    tags: Vec<Tag>,
) -> Ec2Result<KeyPairInfo> {
    Ok(KeyPairInfo {
        key_pair_id: Some(id.to_string()),
        key_type: Some(key.key_type().to_owned()),
        tags,
        public_key: Some(key.openssh(name).ok_or_else(Ec2Error::internal)?),
        create_time: Some(cx.shell.clock.now()),
        key_name: Some(name.to_owned()),
        key_fingerprint: Some(fingerprint),
    })
}

async fn describe_key_pairs(cx: Context, input: DescribeKeyPairsRequest) -> Ec2Result<DescribeKeyPairsResult> {
    let mut ids = input.key_pair_ids.clone();
    for name in &input.key_names {
        ids.push(named(&cx, name)?.id.to_string());
    }
    let describe = Describe { ids: &ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.key_pairs, FILTERS)?;
    let key_pairs = page.map(|pair| {
        let mut public = pair.state.public.clone();
        if !input.include_public_key() {
            public.public_key = None;
        }
        public
    });
    Ok(DescribeKeyPairsResult { key_pairs })
}

/// Deleting what is not there succeeds too; then there is no id to tell.
async fn delete_key_pair(cx: Context, input: DeleteKeyPairRequest) -> Ec2Result<DeleteKeyPairResult> {
    let (name, id) = (input.key_name.as_deref(), input.key_pair_id.as_deref());
    one_of(("KeyName", name), ("KeyPairId", id))?;
    let found = match (name, id) {
        (Some(name), _) => named(&cx, name).ok(),
        (None, Some(id)) => {
            KeyPairState::KIND.check(id)?;
            cx.key_pairs.find(&cx.account, id).ok()
        }
        (None, None) => None,
    };
    let mut key_pair_id = None;
    if let Some(pair) = found
        && cx.key_pairs.ask(&pair.id, KeyPairCommand::Delete).await.is_ok()
    {
        disclaim(&cx.region, &cx.account, pair.state.public.key_name(), &pair.id).await;
        key_pair_id = Some(pair.id.to_string());
    }
    Ok(DeleteKeyPairResult { r#return: Some(true), key_pair_id })
}
